// tree -- what lives of one launch: its group, and the descendants that have left it.
//
// With a cgroup the kernel knows. Without one, or when the cgroup has vanished, three things tell a
// member, and they are looked for only when somebody asks:
//   - it is in the group or session of the main process, while that pins the id,
//   - its environment holds the mark of this launch (kTreeIdVariable), also after setsid and a
//     double fork,
//   - it has been seen as a member before, or is a descendant of one: so also one that has cleared
//     its environment, unless it got away unseen and its parents have died.
// In a daemon orphans become our children, and the list of those is exact. In a host it is the list
// of all processes: a storm of forks may outrun it, and be taken for ended.
//
// After SIGKILL the tree is doomed: whatever is found of it later is killed, so a storm of forks
// ends. Owner: Child.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "supervisor/cgroup.h"
#include "supervisor/exit_source.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

/// A number that no other launch has, in hexadecimal digits. `prefix`: how it begins.
std::string new_tree_id(const std::string& prefix = {});

class Tree {
 public:
  /// `exits` is borrowed; `leaf` may be null.
  Tree(const ExitSource& exits, const std::string& id, std::unique_ptr<CgroupLeaf> leaf);

  /// The process that pins its pid, which may be the id of a group: our unreaped child; 0: none.
  void pin(pid_t main) { pinned_ = main; }
  [[nodiscard]] CgroupLeaf* leaf() const { return leaf_.get(); }

  /// The live ones.
  [[nodiscard]] std::vector<pid_t> members();
  /// True when nothing of it lives, for certain. Kills what lives of a doomed one.
  [[nodiscard]] bool empty();
  /// See Process::owns().
  [[nodiscard]] bool contains(pid_t pid) const;
  /// See Process::signal_group().
  int signal(int signo);
  /// REQUIRES: empty(). Gives its cgroup back.
  void end() { leaf_.reset(); }

 private:
  struct Scan;

  enum class Verdict { Member, Stranger, Moving };

  bool in_cgroup();
  [[nodiscard]] Verdict judge(pid_t pid, const struct ProcStat& stat) const;
  bool look(Scan& scan);
  Scan scan();
  int send(pid_t pid, int signo) const;
  int send_to_all(const std::vector<pid_t>& members, int signo) const;
  int kill_all();

  const ExitSource& exits_;
  const std::string mark_;
  std::unique_ptr<CgroupLeaf> leaf_;
  pid_t pinned_ = 0;
  bool doomed_ = false;
  /// Members that were alive at the last look, with their start time.
  std::unordered_map<pid_t, std::uint64_t> seen_;
  std::uint64_t born_ = 0;  // start time of the first main process; nothing of it is older
};

}  // namespace masterd::supervisor
