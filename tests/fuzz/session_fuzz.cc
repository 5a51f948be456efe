// libFuzzer harness: any bytes are a spec that keeps its promises or diagnostics that can be
// printed. Those before a line "#ini" are also a profile, and what follows is the file that it
// maps.
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
#include "config/profile.h"

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
    const bool own = diagnostic.file == "fuzz.toml";
    require(own || diagnostic.file == "fuzz.ini");
    require(!diagnostic.message.empty());
    require(!own || (diagnostic.line == 0) == (diagnostic.column == 0));
    for (const char c : diagnostic.to_string()) require(static_cast<unsigned char>(c) >= 0x20);
  }
}

void map(std::string_view text) {
  using namespace masterd::config;
  constexpr std::string_view kMark = "\n#ini\n";
  const std::size_t mark = text.find(kMark);
  const auto profile = Profile::parse(text.substr(0, mark), "fuzz.toml");
  if (const auto* wrong = std::get_if<Diagnostics>(&profile)) return check(*wrong);
  const auto ini = IniFile::parse(
      mark == std::string_view::npos ? "" : text.substr(mark + kMark.size()), "fuzz.ini",
      {[](const std::string&) { return std::nullopt; },
       [](const std::string& name) { return name; },
       [](const std::string&, Report& report) -> std::optional<std::string> {
         report.error({}, "is not there");
         return std::nullopt;
       }});
  if (!std::holds_alternative<IniFile>(ini)) return;
  const auto& file = std::get<IniFile>(ini);
  const auto& one = std::get<Profile>(profile);
  const auto result = one.load(file, {"1000"});
  std::visit([](const auto& outcome) { check(outcome); }, result);
  one.missing_in(file);
  if (const auto* spec = std::get_if<SessionSpec>(&result)) {
    require(one.title(file).name == spec->name);
    require(one.title(file).description == spec->description);
    for (const auto& coprocess : spec->coprocesses) {
      require(!one.run_as_owner() || coprocess.user == "1000");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto result = masterd::config::load_text(text, "fuzz.toml", "/etc/masterd");
  std::visit([](const auto& outcome) { check(outcome); }, result);
  map(text);
  return 0;
}
