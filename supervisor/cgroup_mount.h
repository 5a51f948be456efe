// cgroup_mount -- where this process is in the cgroup v2 hierarchy, and where that is mounted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace masterd::supervisor {

/// One mount of the hierarchy (cgroup namespaces and bind mounts show a part of it).
struct CgroupMount {
  std::string root;   // the cgroup that is seen at...
  std::string point;  // ...this folder
};

/// The first mount of the text of /proc/PID/mountinfo that shows the cgroup `path`, as that folder.
/// nullopt: none does.
std::optional<std::string> cgroup_folder(std::string_view mountinfo, const std::string& path);

}  // namespace masterd::supervisor
