#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "fsm/signal_source.h"
#include "supervisor/exit_source.h"
#include "supervisor/leader_watches.h"
#include "supervisor/proc_fs.h"

namespace masterd::supervisor {
namespace {

// An ignored SIGCHLD (or SA_NOCLDWAIT), inherited from whoever started us, would reap children by
// itself and lose how they ended (sigaction(2)).
class SigchldDefault {
 public:
  SigchldDefault() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    action.sa_flags = 0;  // no SA_NOCLDSTOP: a child that stops or goes on is told too
    if (::sigaction(SIGCHLD, &action, &old_) != 0) {
      throw std::system_error{errno, std::generic_category(), "sigaction(SIGCHLD)"};
    }
  }
  ~SigchldDefault() { ::sigaction(SIGCHLD, &old_, nullptr); }
  SigchldDefault(const SigchldDefault&) = delete;
  SigchldDefault& operator=(const SigchldDefault&) = delete;

 private:
  struct sigaction old_ {};
};

class Subreaper {
 public:
  Subreaper() {
    if (::prctl(PR_GET_CHILD_SUBREAPER, &old_) != 0 || ::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
      throw std::system_error{errno, std::generic_category(), "prctl(PR_SET_CHILD_SUBREAPER)"};
    }
  }
  ~Subreaper() { ::prctl(PR_SET_CHILD_SUBREAPER, old_); }
  Subreaper(const Subreaper&) = delete;
  Subreaper& operator=(const Subreaper&) = delete;

 private:
  int old_ = 0;
};

/// A child that stopped or went on since it was last asked for; each change is told once.
std::optional<siginfo_t> take_suspension() {
  siginfo_t info{};
  if (::waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0 || info.si_pid == 0) {
    return std::nullopt;
  }
  return info;
}

/// A zombie among those that `type` and `id` name; it stays one.
std::optional<pid_t> find_zombie(idtype_t type, pid_t id) {
  siginfo_t info{};
  if (::waitid(type, static_cast<id_t>(id), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    return std::nullopt;  // ECHILD
  }
  return info.si_pid == 0 ? std::nullopt : std::optional{info.si_pid};
}

class SigchldExits final : public ExitSource {
 public:
  explicit SigchldExits(fsm::EventLoop& loop)
      : loop_{loop},
        watches_{loop, [this](pid_t) { loop_.schedule(scan_task_); }},
        signals_{loop, {SIGCHLD}, [this](int) { scan(); }} {}
  ~SigchldExits() override { scan(); }  // what was abandoned and has ended

  fsm::Watch watch(pid_t leader, ExitListener& listener) override {
    loop_.schedule(scan_task_);  // its SIGCHLD may have been taken for another's
    return watches_.add(leader, listener);
  }

  fsm::Watch watch_rest(ExitListener& listener) override { return watches_.add_rest(listener); }

  // waitid for stopped or continued children only: for a zombie the kernel's wait_consider_task()
  // (kernel/exit.c) then leaves the answer at ECHILD, a live child makes it "nothing yet". A
  // leader's children become ours before it becomes a zombie (exit_notify(), same file), so as a
  // subreaper we see them all, without a look at /proc. Not seen: a live member whose living parent
  // has left the group.
  bool group_alive(pid_t leader) const override {
    siginfo_t info{};
    return ::waitid(P_PGID, static_cast<id_t>(leader), &info,
                    WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) == 0;
  }

  std::optional<Strays> strays() const override {
    auto children = children_of(::getpid());
    if (!children) return strays_in_proc();
    children->erase(std::remove_if(children->begin(), children->end(),
                                   [this](pid_t child) { return watches_.watched(child); }),
                    children->end());
    return Strays{std::move(*children), true};
  }

  void abandon(pid_t child) override {
    watches_.forget(child);
    loop_.schedule(scan_task_);  // it may be a zombie that was pinned
  }

 private:
  class ScanTask final : public fsm::Task {
   public:
    explicit ScanTask(SigchldExits& exits) : exits_{exits} {}
    void run() override { exits_.scan(); }

   private:
    SigchldExits& exits_;
  };

  // SIGCHLDs coalesce: whatever the signal was for, everything that has stopped or ended is found.
  void scan() {
    while (const auto change = take_suspension()) {
      watches_.tell_suspended(change->si_pid,
                              change->si_code == CLD_STOPPED ? change->si_status : 0);
    }
    while (const auto zombie = find_zombie(P_ALL, 0)) {
      if (!handle(*zombie)) {
        scan_past_pinned();
        break;
      }
    }
    watches_.tell_pinned();
  }

  // waitid gives the first zombie among the children, for ever the same one while it is pinned:
  // those after it are asked for one by one. Orphans not found here (no such file in /proc) are
  // found when the pinned one's watch has ended.
  void scan_past_pinned() {
    std::vector<pid_t> children = children_of(::getpid()).value_or(std::vector<pid_t>{});
    for (const pid_t leader : watches_.leaders()) children.push_back(leader);
    for (const pid_t child : children) {
      if (find_zombie(P_PID, child)) handle(child);
    }
  }

  /// Reaps a stranger, tells a leader's listener once. False when it is pinned: nothing to be done.
  bool handle(pid_t zombie) {
    if (watches_.watched(zombie)) return watches_.tell_exited(zombie);
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(zombie), &info, WEXITED | WNOHANG) == 0;
  }

  fsm::EventLoop& loop_;
  ScanTask scan_task_{*this};
  LeaderWatches watches_;
  const SigchldDefault sigchld_default_;
  const Subreaper subreaper_;
  const fsm::SignalSource signals_;
};

}  // namespace

std::unique_ptr<ExitSource> make_sigchld_exits(fsm::EventLoop& loop) {
  return std::make_unique<SigchldExits>(loop);
}

}  // namespace masterd::supervisor
