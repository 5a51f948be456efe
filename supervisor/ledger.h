// ledger -- what a masterd has started, on file, for its successor should it be killed: one line a
// spawn, one an end, one system call each.
//
//   (off) --open(): the sections of killed ones are kept--> on --forget_earlier()--> on
//                                                           |
//     removed when nothing lives and nothing is kept <--(end)
//
// Written without fsync: after a loss of power nothing lives that it could tell of. It is never
// believed by itself: boot, pid namespace, owner and mode must be right, then each pid and its
// start (supervisor/survivors.h). When it cannot be written that is told once, supervision goes on,
// and each further line tries again. REQUIRES: nobody else has the same path (the lock of the
// endpoint). Owner: Daemon; launchers borrow it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "supervisor/ledger_text.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class Ledger {
 public:
  using Trouble = std::function<void(const std::string&)>;
  /// A ledger of more bytes than that is not believed.
  static constexpr std::size_t kMaxSize = std::size_t{16} * 1024 * 1024;
  /// So many lines about what is gone are kept, and as many as there are about what lives.
  static constexpr std::size_t kSlack = 1000;

  /// Off. Throws std::system_error (getrandom).
  Ledger();
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  /// In all ids of trees that this masterd makes.
  [[nodiscard]] const std::string& instance() const { return own_.instance; }

  /// Reads the file, if it is there and to be believed, and begins a section of our own. `cgroup`:
  /// the folder of our subtree; empty: none. Returns what earlier ones of this boot and pid
  /// namespace have left. `trouble` outlives the ledger.
  std::vector<Section> open(const std::string& path, const std::string& cgroup, Trouble trouble);
  /// Nothing of what open() returned lives any more.
  void forget_earlier();

  /// An unreaped child, or a process that is watched.
  void born(const std::string& id, pid_t pid, bool guard, const std::string& name);
  /// Nothing of the tree lives, or it has got SIGKILL.
  void gone(const std::string& id);

 private:
  [[nodiscard]] std::vector<Section> read() const;
  void append(const std::string& line);
  void rewrite();
  void fail(const std::string& what);

  Section own_;  // without its births
  std::map<std::string, std::vector<Birth>> live_;
  std::vector<Section> earlier_;
  std::string path_;  // empty: off
  Trouble trouble_;
  OwnedFd fd_;  // invalid: the file must be written anew
  std::size_t lines_ = 0;
  bool in_trouble_ = false;
};

}  // namespace masterd::supervisor
