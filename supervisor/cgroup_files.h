// cgroup_files -- what is read from and written to the folder of a cgroup v2, with all that was
// made below it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace masterd::supervisor {

/// The content of a file that may be in /proc or /sys; nullopt: errno says why.
std::optional<std::string> file_content(const std::string& path);

/// Whether a process lives in it; true also when it cannot be told just now (no descriptor left).
/// nullopt: there is no such cgroup.
std::optional<bool> cgroup_populated(const std::string& folder);
/// The live processes, less those of another pid namespace.
std::vector<pid_t> cgroup_members(const std::string& folder);
/// SIGKILL to all, in one step (cgroup.kill, Linux 5.14). False: the kernel cannot.
bool kill_cgroup(const std::string& folder);
/// Lets frozen processes go on.
void thaw_cgroup(const std::string& folder);
/// True when it is no longer there; false while something lives in it.
bool remove_cgroup(const std::string& folder);

}  // namespace masterd::supervisor
