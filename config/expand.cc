#include "config/expand.h"

#include <fmt/format.h>

#include "config/report.h"

namespace masterd::config {

std::variant<std::string, ExpandError> expand(std::string_view text, std::string_view config_dir) {
  std::string out;
  while (!text.empty()) {
    if (text.substr(0, 3) == "$${") {
      out += "${";
      text.remove_prefix(3);
      continue;
    }
    const std::string_view body = text.substr(0, 2) == "${" ? text.substr(2) : std::string_view{};
    if (body.substr(0, 7) != "config." && body.substr(0, 4) != "ini:") {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = body.find('}');
    const std::string_view name = body.substr(0, end);
    if (end == std::string_view::npos || name != "config.dir") {
      return ExpandError{fmt::format(
          "'{}' is reserved: known is ${{config.dir}} alone; write $${{ for a literal ${{",
          shown(end == std::string_view::npos ? text : text.substr(0, end + 3)))};
    }
    out += config_dir;
    text.remove_prefix(2 + end + 1);
  }
  return out;
}

}  // namespace masterd::config
