#include "supervisor/stdin_writer.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <system_error>
#include <utility>

namespace masterd::supervisor {
namespace {

// A write to a pipe that nobody reads raises SIGPIPE in the thread that writes, and a pipe has no
// MSG_NOSIGNAL. The handler is the host's, not ours to change: the signal is blocked, and taken
// away if it was this write that raised it.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &old_);
  }
  ~NoSigpipe() {
    const timespec now{0, 0};
    if (!was_pending_) {
      while (::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  bool was_pending_ = false;
  sigset_t pipe_{};
  sigset_t old_{};
};

ssize_t write_quietly(int fd, std::string_view bytes) {
  int error = 0;
  ssize_t count = -1;
  {
    const NoSigpipe quiet;
    do {
      count = ::write(fd, bytes.data(), bytes.size());
    } while (count < 0 && errno == EINTR);
    error = errno;
  }
  errno = error;
  return count;
}

}  // namespace

StdinWriter::StdinWriter(fsm::EventLoop& loop, OwnedFd fd)
    : loop_{loop}, is_pipe_{static_cast<bool>(fd)}, fd_{std::move(fd)} {}

int StdinWriter::write(std::string_view bytes) {
  if (!is_pipe_) return ENOTSUP;
  if (!fd_) return EPIPE;
  if (bytes.size() > kCapacity) return EMSGSIZE;
  if (bytes.size() > kCapacity - queue_.size()) return EAGAIN;
  const bool was_empty = queue_.empty();
  queue_ += bytes;
  if (was_empty && !bytes.empty()) drain();
  return fd_ ? 0 : EPIPE;
}

void StdinWriter::drain() {
  while (!queue_.empty()) {
    const ssize_t count = write_quietly(fd_.get(), queue_);
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) return close();  // EPIPE: what is queued has no reader
    queue_.erase(0, static_cast<std::size_t>(count));
  }
  if (queue_.empty()) {
    writable_.reset();
  } else if (!writable_) {
    try {
      writable_ = loop_.watch_fd(fd_.get(), EPOLLOUT, [this](std::uint32_t) { drain(); });
    } catch (const std::system_error&) {
      close();  // nothing would ever drain it
    }
  }
}

void StdinWriter::close() {
  writable_.reset();
  fd_.reset();
  queue_.clear();
}

}  // namespace masterd::supervisor
