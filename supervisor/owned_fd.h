// owned_fd -- a descriptor with one owner, who closes it.
#pragma once

#include <unistd.h>

#include <utility>

namespace masterd::supervisor {

class OwnedFd {
 public:
  OwnedFd() = default;
  explicit OwnedFd(int fd) : fd_{fd} {}
  OwnedFd(OwnedFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~OwnedFd() { reset(); }

  void reset() {
    // No retry on EINTR: Linux has released the descriptor by then (close(2)).
    if (const int fd = std::exchange(fd_, -1); fd >= 0) ::close(fd);
  }
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

}  // namespace masterd::supervisor
