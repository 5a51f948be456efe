#include "fsm/signal_source.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

namespace masterd::fsm {

struct SignalSource::Impl {
  Impl(EventLoop& loop, std::initializer_list<int> signals, std::function<void(int)> h)
      : handler{std::move(h)} {
    sigset_t mask;
    sigemptyset(&mask);
    for (const int signo : signals) sigaddset(&mask, signo);
    if (const int error = pthread_sigmask(SIG_BLOCK, &mask, &old_mask)) {
      throw std::system_error{error, std::generic_category(), "pthread_sigmask"};
    }
    fd = ::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
      const int error = errno;
      pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
      throw std::system_error{error, std::generic_category(), "signalfd"};
    }
    watch = loop.watch_fd(fd, EPOLLIN, [this](std::uint32_t) { read_one(); });
  }
  ~Impl() {
    watch.reset();
    ::close(fd);
    pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
  }

  // One signal a turn: the handler may destroy this source, and the descriptor stays readable.
  void read_one() const {
    signalfd_siginfo info;
    if (::read(fd, &info, sizeof info) != sizeof info) return;
    const auto alive = handler;
    alive(static_cast<int>(info.ssi_signo));
  }

  std::function<void(int)> handler;
  sigset_t old_mask{};
  int fd = -1;
  Watch watch;
};

SignalSource::SignalSource(EventLoop& loop, std::initializer_list<int> signals,
                           std::function<void(int)> handler)
    : impl_{std::make_unique<Impl>(loop, signals, std::move(handler))} {}
SignalSource::~SignalSource() = default;

}  // namespace masterd::fsm
