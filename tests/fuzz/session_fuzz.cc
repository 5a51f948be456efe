// libFuzzer harness: any bytes are a spec that keeps its promises or diagnostics that can be
// printed.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/load.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

using masterd::config::milliseconds;

void check_argv(const std::vector<std::string>& argv) {
  require(!argv.empty() && !argv.front().empty());
  for (const auto& argument : argv) require(argument.find('\0') == std::string::npos);
}

void check(const std::vector<masterd::config::CommandSpec>& commands) {
  for (const auto& command : commands) {
    check_argv(command.argv);
    require(command.timeout > milliseconds{0});
  }
}

void check(const masterd::config::ReadySpec& ready) {
  using namespace masterd::config;
  require(ready.timeout > milliseconds{0});
  if (const auto* probe = std::get_if<ReadyExec>(&ready.how)) {
    check_argv(probe->argv);
    require(probe->interval > milliseconds{0} && probe->timeout > milliseconds{0});
  } else if (const auto* listen = std::get_if<ReadyListen>(&ready.how)) {
    require((listen->port > 0) == (listen->family == ReadyListen::Family::Tcp));
  } else if (const auto* output = std::get_if<ReadyOutput>(&ready.how)) {
    const std::regex compiles{output->pattern};
  } else if (const auto* delay = std::get_if<ReadyDelay>(&ready.how)) {
    require(delay->delay < ready.timeout);
  }
}

void check_kind(const masterd::config::CoprocessSpec& coprocess) {
  using masterd::config::Kind;
  if (coprocess.kind == Kind::Oneshot) require(!coprocess.health && !coprocess.watchdog);
  require(!coprocess.undo || coprocess.kind == Kind::Oneshot);
  require(coprocess.pid_file.empty() || coprocess.kind == Kind::Forking);
  require(coprocess.restart.jitter >= 0 && coprocess.restart.jitter <= 1);
  for (const auto& limit : coprocess.limits) {
    require(!limit.hard || (limit.soft && *limit.soft <= *limit.hard));
  }
}

void check(const masterd::config::SessionSpec& spec) {
  require(masterd::config::valid_name(spec.name));
  require(!spec.coprocesses.empty());
  std::set<std::string> known;
  for (const auto& group : spec.groups) require(known.insert(group.name).second);
  for (const auto& coprocess : spec.coprocesses) require(known.insert(coprocess.name).second);
  for (const auto& coprocess : spec.coprocesses) {
    require(masterd::config::valid_name(coprocess.name));
    for (const auto& name : coprocess.requires_) require(known.count(name) > 0);
    check_argv(coprocess.command);
    check(coprocess.before);
    check(coprocess.after);
    check(coprocess.ready);
    check_kind(coprocess);
    require(!coprocess.cwd.empty() && coprocess.cwd.front() == '/');
    require(!coprocess.stop.empty() && coprocess.stop.back().signal == SIGKILL);
  }
}

void check(const masterd::config::Diagnostics& diagnostics) {
  require(!diagnostics.empty());
  require(diagnostics.size() <= masterd::config::kMaxDiagnostics + 1);
  for (const auto& diagnostic : diagnostics) {
    require(diagnostic.file == "fuzz.toml");
    require(!diagnostic.message.empty());
    require((diagnostic.line == 0) == (diagnostic.column == 0));
    for (const char c : diagnostic.to_string()) require(static_cast<unsigned char>(c) >= 0x20);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto result = masterd::config::load_text(text, "fuzz.toml", "/etc/masterd");
  std::visit([](const auto& outcome) { check(outcome); }, result);
  return 0;
}
