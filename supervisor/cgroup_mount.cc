#include "supervisor/cgroup_mount.h"

#include <sstream>

namespace masterd::supervisor {
namespace {

bool is_octal(char c) { return c >= '0' && c <= '7'; }

// proc_pid_mountinfo(5): blank, tab, newline and backslash are written as \040 and the like.
std::string unescape(const std::string& text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(text[i + 1]) && is_octal(text[i + 2]) &&
        is_octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// id parent major:minor root point options [optional...] - type source super-options
std::optional<CgroupMount> cgroup_mount(const std::string& line) {
  std::istringstream fields{line};
  std::string skipped;
  CgroupMount mount;
  fields >> skipped >> skipped >> skipped >> mount.root >> mount.point;
  while (fields >> skipped && skipped != "-") {
  }
  std::string type;
  if (!(fields >> type) || type != "cgroup2") return std::nullopt;
  return CgroupMount{unescape(mount.root), unescape(mount.point)};
}

}  // namespace

std::optional<std::string> cgroup_folder(std::string_view mountinfo, const std::string& path) {
  std::istringstream lines{std::string{mountinfo}};
  for (std::string line; std::getline(lines, line);) {
    const auto mount = cgroup_mount(line);
    if (!mount) continue;
    const std::string root = mount->root == "/" ? "" : mount->root;
    if (path.compare(0, root.size(), root) != 0) continue;
    const std::string below = path.substr(root.size());
    if (below.empty() || below == "/") return mount->point;
    if (below.front() == '/') return mount->point + below;
  }
  return std::nullopt;
}

}  // namespace masterd::supervisor
