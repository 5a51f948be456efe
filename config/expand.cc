#include "config/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "config/report.h"

namespace masterd::config {

namespace {

constexpr std::string_view kPid = "${pid}";
constexpr std::string_view kInstance = "${instance}";

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

}  // namespace

std::variant<std::string, ExpandError> expand(std::string_view text, const Expansion& with) {
  std::string out;
  while (!text.empty()) {
    const std::size_t plain = std::min(text.find('$'), text.size());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (begins(text, "$${")) {
      if (with.pid == Pid::Known && begins(text.substr(1), kPid)) {
        return ExpandError{"'$${pid}' cannot be kept: '${pid}' is the process here"};
      }
      out += "${";
      text.remove_prefix(3);
    } else if (begins(text, kPid)) {
      if (with.pid == Pid::Unknown) {
        return ExpandError{"'${pid}' is not known here; write $${pid} for a literal ${pid}"};
      }
      out += kPid;
      text.remove_prefix(kPid.size());
    } else if (begins(text, kInstance)) {
      if (with.instance == 0) {
        return ExpandError{
            "'${instance}' is known only where 'instances' is given; write $${instance} for a "
            "literal ${instance}"};
      }
      out += std::to_string(with.instance);
      text.remove_prefix(kInstance.size());
    } else if (begins(text, "${config.") || begins(text, "${ini:")) {
      const std::size_t end = text.find('}');
      const std::string_view whole = text.substr(0, end == std::string_view::npos ? end : end + 1);
      if (whole != "${config.dir}") {
        return ExpandError{fmt::format(
            "'{}' is reserved: known are ${{config.dir}}, ${{instance}} and ${{pid}}; write $${{ "
            "for a literal ${{",
            shown(whole))};
      }
      out += with.config_dir;
      text.remove_prefix(whole.size());
    } else if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace masterd::config
