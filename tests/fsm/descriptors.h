// descriptors -- plain kernel objects for tests of the loop, closed at the end.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

namespace masterd::fsm {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_{fd} { EXPECT_GE(fd_, 0); }
  Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

/// Readable while its count is not 0.
inline Descriptor readable_fd() { return Descriptor{::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK)}; }
inline Descriptor idle_fd() { return Descriptor{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}; }

inline void make_readable(const Descriptor& eventfd) {
  EXPECT_EQ(::eventfd_write(eventfd.get(), 1), 0);
}
inline void make_idle(const Descriptor& eventfd) {
  std::uint64_t count;
  EXPECT_EQ(::read(eventfd.get(), &count, sizeof count), static_cast<ssize_t>(sizeof count));
}

/// Waits until `fd` is readable; false after `milliseconds`.
inline bool readable_within(int fd, int milliseconds) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, milliseconds) == 1;
}
inline bool readable_now(int fd) { return readable_within(fd, 0); }

}  // namespace masterd::fsm
