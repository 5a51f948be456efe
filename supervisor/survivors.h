// survivors -- who lives of what a killed masterd had started.
//
// A ledger names the main processes. A process is a survivor when
//   - it is one of them (pid and start),
//   - its session is led by one: that one lives, or nothing older than it is in the session now
//     (while a session has members, the kernel gives its id to no new process),
//   - it is in the subtree of cgroups of that masterd (told by its inode, which no other one gets),
//   - its environment holds an id that begins with the instance of that masterd,
//   - it has been found before, or is a descendant of a survivor.
// Not found without a cgroup: who has left the session, lost its parent, and has an environment
// that cannot be read (a set-user-ID program, for an ordinary user) or holds no mark.
//
// This process and those that it came of are never among them, nor is process 1. Passive: looks
// when it is asked. Costs a look at every process.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "supervisor/ledger_text.h"
#include "supervisor/proc_fs.h"

namespace masterd::supervisor {

struct Survivor {
  pid_t pid = 0;
  std::uint64_t start = 0;
  std::string name;    // of the coprocess or of the command; empty: not known
  pid_t masterd = 0;   // who had started it
  bool guard = false;  // it, or what it came of, outlives masterd on purpose
};

class SurvivorSearch {
 public:
  explicit SurvivorSearch(std::vector<Section> dead);
  SurvivorSearch(const SurvivorSearch&) = delete;
  SurvivorSearch& operator=(const SurvivorSearch&) = delete;

  /// nullopt: /proc cannot be read just now.
  std::optional<std::vector<Survivor>> look();
  /// Their subtrees that are the same ones still.
  [[nodiscard]] std::vector<std::string> cgroups() const;

 private:
  /// Whose it is.
  struct Kin {
    const Section* section = nullptr;
    const Birth* birth = nullptr;  // nullptr: which launch is not known
  };
  struct Seen {
    std::uint64_t start = 0;
    Kin kin;
  };
  using Table = std::unordered_map<pid_t, ProcStat>;

  [[nodiscard]] std::optional<Kin> judge(pid_t pid, const ProcStat& stat, const Table& all) const;
  [[nodiscard]] std::optional<Kin> by_session(const ProcStat& stat, const Table& all) const;
  [[nodiscard]] std::optional<Kin> by_mark(pid_t pid, const ProcStat& stat) const;

  const std::vector<Section> dead_;
  std::unordered_map<pid_t, std::vector<Kin>> births_;
  std::unordered_map<pid_t, Seen> seen_;
  std::unordered_map<pid_t, Kin> in_cgroup_;  // at the last look
};

}  // namespace masterd::supervisor
