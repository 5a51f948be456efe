// cgroup -- a cgroup for each process tree, where a cgroup v2 hierarchy is writable: the kernel
// itself knows then what is of a tree, and kills all of it at once.
//
//   <our own cgroup>/masterd-PID/NAME.N      one leaf for each launch
//
// Found by the mount table and /proc/self/cgroup, never by a fixed path; needs no controller. A
// leaf's cgroup.events is watched by inotify, ONE descriptor for all of them. (The kernel holds
// notifications of one file 10 ms apart: cgroup_file_notify(), kernel/cgroup/cgroup.c. Who knows of
// an end by other ways looks at once.) A leaf costs a mkdir, a watch and a rmdir, some 80 us in
// all; to be born in it costs as much as a vfork.
//
//   leaf: made --its CgroupLeaf goes--> leaving --nothing lives in it--> removed
//
// Owner: whoever owns the loop; it outlives every leaf, and what is still leaving at its end is
// killed and waited for, a second at most.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "fsm/event_loop.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class Cgroups;

class CgroupLeaf {
 public:
  enum class State { Populated, Empty, Vanished };

  /// Its folder is removed, at once or when nothing lives in it any more. Kills nobody.
  ~CgroupLeaf();
  CgroupLeaf(const CgroupLeaf&) = delete;
  CgroupLeaf& operator=(const CgroupLeaf&) = delete;

  /// Zombies do not count. Populated also when it cannot be told just now (no descriptor left).
  [[nodiscard]] State state() const;
  /// The live processes, also those in cgroups that were made below it.
  [[nodiscard]] std::vector<pid_t> members() const;
  /// By /proc/PID/cgroup: true also of a zombie that was one.
  [[nodiscard]] bool contains(pid_t pid) const;
  /// SIGKILL to all, in one step (cgroup.kill, Linux 5.14). False: the kernel cannot.
  bool kill();  // NOLINT(readability-make-member-function-const): it is no look
  /// Lets frozen processes go on, so that a signal can end them.
  void thaw();
  /// For spawn(): the folder, closed by whoever gets it. Invalid (errno) when it has vanished.
  [[nodiscard]] OwnedFd open() const;
  /// `handler()` from the loop when the state may have changed. May destroy this leaf, or any.
  void on_change(std::function<void()> handler) { on_change_ = std::move(handler); }

 private:
  friend class Cgroups;
  CgroupLeaf(Cgroups& cgroups, std::string name, int watch)
      : cgroups_{cgroups}, name_{std::move(name)}, watch_{watch} {}
  [[nodiscard]] std::string folder() const;

  Cgroups& cgroups_;
  const std::string name_;
  const int watch_;
  std::function<void()> on_change_;
};

/// What find_cgroups() found: `cgroups`, or why there are none.
struct CgroupSearch {
  std::unique_ptr<Cgroups> cgroups;
  std::string why_not;  // "/sys/fs/cgroup: mkdir: Permission denied (EACCES)"
};
/// Makes our subtree. Throws std::system_error only when the loop cannot watch.
CgroupSearch find_cgroups(fsm::EventLoop& loop);

class Cgroups {
 public:
  /// REQUIRES: no leaf is left. Removes the subtree.
  ~Cgroups();
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;

  /// `name` of a coprocess; may be in use any number of times. A subtree that has been removed by
  /// somebody else is made again. Throws SpawnError{Cgroup}.
  [[nodiscard]] std::unique_ptr<CgroupLeaf> make_leaf(const std::string& name);
  /// The folder of the subtree.
  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  friend class CgroupLeaf;
  friend CgroupSearch find_cgroups(fsm::EventLoop& loop);
  /// `path`: the subtree as /proc/PID/cgroup shows it.
  Cgroups(fsm::EventLoop& loop, OwnedFd inotify, std::string folder, std::string path);

  void leave(CgroupLeaf& leaf);
  void read_events();
  void remove_left(int watch);
  void tell(int watch);
  void look_at_all();

  const OwnedFd inotify_;
  const std::string folder_;
  const std::string path_;
  fsm::Watch readable_;
  std::uint64_t next_ = 1;
  std::unordered_map<int, CgroupLeaf*> leaves_;   // by inotify watch
  std::unordered_map<int, std::string> leaving_;  // the folder
};

}  // namespace masterd::supervisor
