#include "supervisor/pipe_reader.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <utility>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

// A turn's share of one pipe: the default capacity of one (pipe(7)), so that a flood starves
// nobody.
constexpr std::size_t kBytesPerTurn = 64 * 1024;
constexpr std::size_t kBytesPerRead = 16 * 1024;

void move_above_stderr(OwnedFd& fd) {
  if (fd.get() > 2) return;
  OwnedFd moved{::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3)};
  if (!moved) throw SpawnError{SpawnStage::Pipe, "", errno};
  fd = std::move(moved);
}

}  // namespace

Pipe make_pipe(Pipe::Ours ours) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw SpawnError{SpawnStage::Pipe, "", errno};
  Pipe pipe{OwnedFd{ends[0]}, OwnedFd{ends[1]}};
  move_above_stderr(pipe.read);
  move_above_stderr(pipe.write);
  // Not pipe2's O_NONBLOCK, which would be for both ends.
  const int end = (ours == Pipe::Ours::Read ? pipe.read : pipe.write).get();
  if (::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK) != 0) {
    throw SpawnError{SpawnStage::Pipe, "", errno};
  }
  return pipe;
}

PipeReader::PipeReader(fsm::EventLoop& loop, OwnedFd fd, OnBytes on_bytes)
    : on_bytes_{std::move(on_bytes)}, fd_{std::move(fd)} {
  if (!fd_) return;
  readable_ =
      loop.watch_fd(fd_.get(), EPOLLIN, [this](std::uint32_t) { read_up_to(kBytesPerTurn); });
}

void PipeReader::drain() {
  int pending = 0;
  if (!fd_ || ::ioctl(fd_.get(), FIONREAD, &pending) != 0 || pending <= 0) return;
  read_up_to(static_cast<std::size_t>(pending));
}

void PipeReader::read_up_to(std::size_t limit) {
  std::array<char, kBytesPerRead> buffer;
  while (limit > 0) {
    const ssize_t count = ::read(fd_.get(), buffer.data(), std::min(limit, buffer.size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return close();
    limit -= static_cast<std::size_t>(count);
    on_bytes_({buffer.data(), static_cast<std::size_t>(count)});
  }
}

void PipeReader::close() {
  readable_.reset();
  fd_.reset();
}

}  // namespace masterd::supervisor
