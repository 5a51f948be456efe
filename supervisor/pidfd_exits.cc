#include <poll.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "supervisor/exit_source.h"
#include "supervisor/owned_fd.h"
#include "supervisor/proc_fs.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 20ms;           // how often what nobody tells is looked at
constexpr auto kLongestFarewell = 1s;  // of the destructor, for the abandoned

OwnedFd open_pidfd(pid_t pid) {
  OwnedFd fd{::pidfd_open(pid, 0)};  // close-on-exec by itself (pidfd_open(2))
  if (!fd) throw std::system_error{errno, std::generic_category(), "pidfd_open"};
  return fd;
}

/// True when it no longer needs to be waited for. By pid: as an unreaped child it keeps it.
bool reap(pid_t child) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG) != 0 ||
         info.si_pid == child;
}

class PidfdExits final : public ExitSource, private fsm::WatchOwner {
 public:
  explicit PidfdExits(fsm::EventLoop& loop) : loop_{loop} {
    struct sigaction action {};
    ::sigaction(SIGCHLD, nullptr, &action);
    if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) {
      throw std::system_error{EINVAL, std::generic_category(),
                              "SIGCHLD is ignored: how children end would be lost"};
    }
    open_pidfd(::getpid());  // ENOSYS is better known now
  }
  ~PidfdExits() override {
    assert(watched_.empty() && "a watch outlives its source");
    wait_for_abandoned();
  }

  fsm::Watch watch(pid_t leader, ExitListener& listener) override {
    Watched watched{&listener, open_pidfd(leader), {}, false};
    watched.readable = loop_.watch_fd(watched.pidfd.get(), EPOLLIN,
                                      [this, leader](std::uint32_t) { tell(leader); });
    watched_.emplace(leader, std::move(watched));
    return fsm::Watch{*this, static_cast<std::uint64_t>(leader)};
  }

  // The host is no subreaper: orphans of the group are not its children, and only /proc knows them.
  bool group_alive(pid_t leader) const override { return group_alive_in_proc(leader); }

  void abandon(pid_t child) override {
    OwnedFd pidfd;
    if (const auto found = watched_.find(child); found != watched_.end()) {
      found->second.readable.reset();
      pidfd = std::move(found->second.pidfd);
      watched_.erase(found);
    } else {
      pidfd = OwnedFd{::pidfd_open(child, 0)};
    }
    Abandoned& abandoned = abandoned_[child];
    abandoned.pidfd = std::move(pidfd);
    try {
      abandoned.readable =
          loop_.watch_fd(abandoned.pidfd.get(), EPOLLIN, [this, child](std::uint32_t) {
            if (reap(child)) abandoned_.erase(child);
          });
    } catch (const std::system_error&) {
      arm_tick();
    }
  }

 private:
  // In both: the watch ends before its descriptor is closed.
  struct Watched {
    ExitListener* listener;
    OwnedFd pidfd;
    fsm::Watch readable;
    bool told;  // and a zombie ever since: pinned
  };
  struct Abandoned {
    OwnedFd pidfd;
    fsm::Watch readable;  // none: no descriptor was left; the tick looks
  };

  void end_watch(std::uint64_t id) override { watched_.erase(static_cast<pid_t>(id)); }

  void tell(pid_t leader) {
    Watched& watched = watched_.at(leader);
    watched.readable.reset();  // a zombie's pidfd stays readable
    watched.told = true;
    watched.listener->leader_exited();
    if (watched_.count(leader) != 0) arm_tick();
  }

  void arm_tick() {
    if (!tick_) tick_ = loop_.at(loop_.now() + kTick, [this] { tick(); });
  }

  void tick() {
    tick_.reset();
    std::vector<pid_t> pinned;
    for (const auto& [leader, watched] : watched_) {
      if (watched.told) pinned.push_back(leader);
    }
    for (const pid_t leader : pinned) {
      const auto found = watched_.find(leader);  // a listener may have ended this watch
      if (found != watched_.end()) found->second.listener->member_exited();
    }
    std::size_t unwatched = 0;
    for (auto it = abandoned_.begin(); it != abandoned_.end();) {
      const bool done = !it->second.readable && reap(it->first);
      if (!done && !it->second.readable) ++unwatched;
      it = done ? abandoned_.erase(it) : std::next(it);
    }
    const bool any_pinned = std::any_of(watched_.begin(), watched_.end(),
                                        [](const auto& entry) { return entry.second.told; });
    if (any_pinned || unwatched != 0) arm_tick();
  }

  // By the steady clock, not the loop's: poll waits in real time, the loop does not run here.
  void wait_for_abandoned() {
    const auto deadline = std::chrono::steady_clock::now() + kLongestFarewell;
    for (auto& [child, abandoned] : abandoned_) {
      pollfd ready{abandoned.pidfd.get(), POLLIN, 0};
      while (!reap(child) && abandoned.pidfd) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left <= 0ms) break;
        ::poll(&ready, 1, static_cast<int>(left.count()));
      }
    }
  }

  fsm::EventLoop& loop_;
  std::unordered_map<pid_t, Watched> watched_;
  std::unordered_map<pid_t, Abandoned> abandoned_;
  fsm::Watch tick_;
};

}  // namespace

std::unique_ptr<ExitSource> make_pidfd_exits(fsm::EventLoop& loop) {
  return std::make_unique<PidfdExits>(loop);
}

}  // namespace masterd::supervisor
