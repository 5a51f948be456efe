// proc_fs -- the questions about processes that only /proc answers.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace masterd::supervisor {

/// From /proc/PID/stat (proc_pid_stat(5)).
struct ProcStat {
  char state = 0;
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  int threads = 0;
  std::uint64_t start = 0;  // with the pid it names one process for ever
  bool kernel_thread = false;
  bool exiting = false;  // on its way to be a zombie
  /// Its environment lies between these; both 0 where this process may not know, while an exec is
  /// under way, and when the memory has been given up.
  std::uint64_t env_start = 0;
  std::uint64_t env_end = 0;

  /// Neither a zombie nor less. A first thread that has ended while others run is shown as Z, too.
  [[nodiscard]] bool alive() const { return (state != 'Z' && state != 'X') || threads > 1; }
};

/// Unknown: /proc cannot be read just now (no descriptor left), or not by this process.
enum class Look { Found, Missing, Unknown };

/// Found: `stat` is filled in.
Look read_stat(pid_t pid, ProcStat& stat);
/// Whose it is: its effective user, or root where it is not to be traced (PR_SET_DUMPABLE).
/// nullopt: there is no such process.
std::optional<uid_t> user_of(pid_t pid);
/// Found: `entry` ("NAME=value") is in its environment, as it was at its exec.
Look find_in_environment(pid_t pid, std::string_view entry);
/// The value of a variable in its environment, likewise; nullopt: there is none, or it cannot be
/// read.
std::optional<std::string> environment_value(pid_t pid, const std::string& name);
/// Its name for people, of 15 bytes at most; empty: it is gone.
std::string command_name(pid_t pid);
/// The path after "0::", its cgroup in the version 2 hierarchy; also of a zombie.
std::optional<std::string> cgroup_of(pid_t pid);

/// The children of `pid` (of all its threads), zombies too. Complete for this process: none of its
/// children leaves the list but by its own wait. Of another one it may miss some that come or go
/// meanwhile. nullopt: cannot be read, or the kernel has no such file (CONFIG_PROC_CHILDREN;
/// Debian's has).
std::optional<std::vector<pid_t>> children_of(pid_t pid);
/// All processes. nullopt: cannot be read just now.
std::optional<std::vector<pid_t>> all_processes();

/// True while a process of this group is alive; also when /proc cannot be read just now. Costs a
/// look at every process of the system. Under a /proc mounted with hidepid, processes of other
/// users are not seen.
bool group_alive_in_proc(pid_t group);

}  // namespace masterd::supervisor
