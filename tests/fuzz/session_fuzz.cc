// libFuzzer harness: any bytes are a spec that keeps its promises or diagnostics that can be
// printed.
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <variant>

#include "config/load.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const masterd::config::SessionSpec& spec) {
  require(masterd::config::valid_name(spec.name));
  require(!spec.coprocesses.empty());
  for (const auto& coprocess : spec.coprocesses) {
    require(masterd::config::valid_name(coprocess.name));
    require(!coprocess.command.empty());
    require(!coprocess.command.front().empty());
    for (const auto& argument : coprocess.command) {
      require(argument.find('\0') == std::string_view::npos);
    }
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
