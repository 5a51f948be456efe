#include "supervisor/folder_watch.h"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace masterd::supervisor {
namespace {

constexpr std::uint32_t kChanges = IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB;
constexpr std::uint32_t kLost = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;

}  // namespace

FolderWatch::FolderWatch(fsm::EventLoop& loop, const std::string& folder,
                         std::function<void()> changed)
    : changed_{std::move(changed)}, fd_{::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)} {
  if (!fd_) return;
  if (::inotify_add_watch(fd_.get(), folder.c_str(),
                          kChanges | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR) < 0) {
    fd_.reset();
    return;
  }
  try {
    readable_ = loop.watch_fd(fd_.get(), EPOLLIN, [this](std::uint32_t) { read_events(); });
  } catch (const std::system_error&) {
    fd_.reset();
  }
}

void FolderWatch::stop() {
  readable_.reset();
  fd_.reset();
}

// One buffer a turn. Names do not matter: whoever is told looks for himself, and that costs less
// than a lost event.
void FolderWatch::read_events() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  const ssize_t size = ::read(fd_.get(), buffer.data(), buffer.size());
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
  bool lost = size <= 0;
  std::size_t at = 0;
  while (size > 0 && at < static_cast<std::size_t>(size)) {
    inotify_event event{};
    std::memcpy(&event, buffer.data() + at, sizeof event);
    lost = lost || (event.mask & kLost) != 0;
    at += sizeof event + event.len;
  }
  if (lost) stop();
  changed_();
}

}  // namespace masterd::supervisor
