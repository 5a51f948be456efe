#include <poll.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "supervisor/exit_source.h"
#include "supervisor/leader_watches.h"
#include "supervisor/owned_fd.h"
#include "supervisor/proc_fs.h"

// glibc 2.36 declares it without C linkage (put right in 2.37).
extern "C" {
#include <sys/pidfd.h>
}

namespace masterd::supervisor {
namespace {

constexpr std::chrono::seconds kLongestFarewell{1};  // of the destructor, for the abandoned

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

class PidfdExits final : public ExitSource {
 public:
  explicit PidfdExits(fsm::EventLoop& loop)
      : loop_{loop}, watches_{loop, [this](pid_t leader) { leaders_.erase(leader); }} {
    struct sigaction action {};
    ::sigaction(SIGCHLD, nullptr, &action);
    if (action.sa_handler == SIG_IGN || (action.sa_flags & SA_NOCLDWAIT) != 0) {
      throw std::system_error{EINVAL, std::generic_category(),
                              "SIGCHLD is ignored: how children end would be lost"};
    }
    open_pidfd(::getpid());  // ENOSYS is better known now
  }
  ~PidfdExits() override { wait_for_abandoned(); }

  fsm::Watch watch(pid_t leader, ExitListener& listener) override {
    Descriptor descriptor{open_pidfd(leader), {}};
    descriptor.readable = on_end_of(descriptor.fd, [this, leader] {
      leaders_.erase(leader);  // a zombie's pidfd stays readable
      watches_.tell_exited(leader);
    });
    leaders_.emplace(leader, std::move(descriptor));
    return watches_.add(leader, listener);
  }

  fsm::Watch watch_rest(ExitListener& listener) override { return watches_.add_rest(listener); }

  // The host is no subreaper: orphans of the group are not its children, and only /proc knows them.
  bool group_alive(pid_t leader) const override { return group_alive_in_proc(leader); }

  // The same: a descendant whose parent has died may be anybody's child.
  std::optional<Strays> strays() const override { return strays_in_proc(); }

  void abandon(pid_t child) override {
    watches_.forget(child);
    Descriptor& descriptor = abandoned_[child];
    descriptor.fd = OwnedFd{::pidfd_open(child, 0)};
    try {
      descriptor.readable = on_end_of(descriptor.fd, [this, child] {
        if (reap(child)) abandoned_.erase(child);
      });
    } catch (const std::system_error&) {  // the loop's, also for want of the pidfd
      arm_retry();
    }
  }

 private:
  // The watch ends before its descriptor is closed.
  struct Descriptor {
    OwnedFd fd;
    fsm::Watch readable;
  };

  template <class Handler>
  fsm::Watch on_end_of(const OwnedFd& pidfd, Handler handler) {
    return loop_.watch_fd(pidfd.get(), EPOLLIN, [handler](std::uint32_t) { handler(); });
  }

  // For abandoned children without a descriptor to tell of their end.
  void arm_retry() {
    if (retry_) return;
    retry_ = loop_.at(loop_.now() + LeaderWatches::kTick, [this] {
      retry_.reset();
      bool again = false;
      for (auto it = abandoned_.begin(); it != abandoned_.end();) {
        const bool unwatched = !it->second.readable;
        const bool done = unwatched && reap(it->first);
        again = again || (unwatched && !done);
        it = done ? abandoned_.erase(it) : std::next(it);
      }
      if (again) arm_retry();
    });
  }

  // By the steady clock, not the loop's: poll waits in real time, the loop does not run here.
  void wait_for_abandoned() {
    const auto deadline = std::chrono::steady_clock::now() + kLongestFarewell;
    for (auto& [child, descriptor] : abandoned_) {
      pollfd ready{descriptor.fd.get(), POLLIN, 0};
      while (!reap(child) && descriptor.fd) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (left <= std::chrono::milliseconds::zero()) break;
        ::poll(&ready, 1, static_cast<int>(left.count()));
      }
    }
  }

  fsm::EventLoop& loop_;
  std::unordered_map<pid_t, Descriptor> leaders_;  // alive, as far as is known
  std::unordered_map<pid_t, Descriptor> abandoned_;
  LeaderWatches watches_;
  fsm::Watch retry_;
};

}  // namespace

std::unique_ptr<ExitSource> make_pidfd_exits(fsm::EventLoop& loop) {
  return std::make_unique<PidfdExits>(loop);
}

}  // namespace masterd::supervisor
