// libFuzzer harness: any bytes are an .ini file whose values keep their promises, or diagnostics
// that can be printed. The file may include itself, as "self".
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "config/ini_file.h"

namespace {

using masterd::config::IniFile;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const IniFile& file, std::string_view section, std::string_view key) {
  const auto all = file.all(section, key);
  const auto* const first = file.find(section, key);
  require((first != nullptr) == !all.empty());
  if (first != nullptr) require(first->text == all.front().text);
  require(all.empty() || file.has_section(section));
  require(file.has_section(section) == (file.line_of_section(section) > 0));
  for (const auto& value : all) {
    require(!value.text.empty() && value.line > 0);
    require(value.file == "fuzz.ini" || (file.has_includes() && value.file == "/m/self"));
    require(value.text.find('\0') == std::string::npos);
    require(value.text.find('\n') == std::string::npos);
    for (const char end : {value.text.front(), value.text.back()}) {
      require(end != ' ' && end != '\t' && end != '\r');
    }
  }
}

/// Asks for what the text itself calls sections and keys.
void check(const IniFile& file, std::string_view text) {
  check(file, "A", "X");
  std::string_view section = "A";
  for (int lines = 0; !text.empty() && lines < 200; ++lines) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto open = line.find('[');
    const auto close = line.find(']', open == std::string_view::npos ? 0 : open);
    if (open != std::string_view::npos && close != std::string_view::npos) {
      section = line.substr(open + 1, close - open - 1);
    }
    check(file, section, line.substr(0, line.find_first_of(" \t=")));
  }
}

void check(const masterd::config::Diagnostics& diagnostics, std::string_view /*text*/) {
  require(!diagnostics.empty());
  require(diagnostics.size() <= masterd::config::kMaxDiagnostics + 1);
  for (const auto& diagnostic : diagnostics) {
    require(diagnostic.file == "fuzz.ini" && !diagnostic.message.empty());
    require((diagnostic.line == 0) == (diagnostic.column == 0));
    for (const char c : diagnostic.to_string()) require(static_cast<unsigned char>(c) >= 0x20);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  masterd::config::IniIncludes includes;
  includes.variable = [](const std::string& name) {
    return name == "HOME" ? std::optional<std::string>{"/m"} : std::nullopt;
  };
  includes.locate = [](const std::string& name) {
    return name.front() == '/' ? name : "/m/" + name;
  };
  includes.read = [&](const std::string& path, masterd::config::Report& report) {
    if (path == "/m/self") return std::optional{std::string{text}};
    report.error({}, "is not there");
    return std::optional<std::string>{};
  };
  const auto result = IniFile::parse(text, "fuzz.ini", includes);
  std::visit([&](const auto& outcome) { check(outcome, text); }, result);
  return 0;
}
