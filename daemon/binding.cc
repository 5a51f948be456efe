#include "daemon/binding.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include "daemon/address.h"
#include "daemon/start_error.h"

namespace masterd::daemon {
namespace {

constexpr int kBacklog = 100;  // libzmq's default of ZMQ_BACKLOG

[[noreturn]] void fail(const std::string& endpoint, const std::string& what, int error = errno) {
  throw StartError{kExitSystem,
                   fmt::format("cannot serve {}: {}: {}", endpoint, what, std::strerror(error))};
}

/// The group whose members may connect. Absent: the daemon's own group.
std::optional<gid_t> client_group() {
  const group* found = ::getgrnam("masterd");
  if (found == nullptr) return std::nullopt;
  return found->gr_gid;
}

// A daemon that is no member of the group cannot give its files to it; then its user alone may
// connect, which the modes already say.
void give_to_group(const std::string& path) {
  if (const auto gid = client_group()) {
    if (::chown(path.c_str(), static_cast<uid_t>(-1), *gid) != 0) errno = 0;
  }
}

void make_folder(const std::string& endpoint, const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  if (folder.empty()) return;
  // Directly under /tmp it is one user's, without a runtime folder of its own.
  const mode_t mode = folder.substr(0, folder.rfind('/')) == "/tmp" ? 0700 : 0750;
  if (::mkdir(folder.c_str(), mode) == 0) {
    if (mode == 0750) give_to_group(folder);
    return;
  }
  if (errno != EEXIST) fail(endpoint, "mkdir " + folder);
  // Who owns the folder can replace what is in it; under /tmp anybody may have made it before us.
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) fail(endpoint, "stat " + folder);
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    throw StartError{kExitSystem, fmt::format("cannot serve {}: folder {} belongs to uid {}",
                                              endpoint, folder, found.st_uid)};
  }
}

// ---- the lock ----

std::string holder_of(int fd) {
  char text[32] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  const long pid = size > 0 ? std::strtol(text, nullptr, 10) : 0;
  return pid > 0 ? fmt::format(" (pid {})", pid) : "";
}

void note_holder(int fd) {
  const std::string text = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0) {
    errno = 0;  // the number is a courtesy; the lock is what counts
  }
}

int take_lock(const std::string& endpoint, const std::string& path) {
  const std::string lock = path + ".lock";
  const int fd = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd < 0) fail(endpoint, "open " + lock);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = holder_of(fd);
    ::close(fd);
    if (error != EWOULDBLOCK) fail(endpoint, "flock " + lock, error);
    throw StartError{kExitSystem, fmt::format("another masterd{} serves {}", holder, endpoint)};
  }
  note_holder(fd);
  return fd;
}

// ---- the socket ----

/// Only a socket is ours to remove; whatever else has the name stays and the bind fails.
void remove_stale_socket(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
}

int listen_on(const std::string& endpoint, const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail(endpoint, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());  // parse_address() checked the size
  // The mode of a socket file is set by bind() under the umask: no moment at which it is open
  // wider.
  const mode_t old_mask = ::umask(0117);
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int bind_error = errno;
  ::umask(old_mask);
  if (bound != 0) {
    ::close(fd);
    fail(endpoint, "bind", bind_error);
  }
  give_to_group(path);
  if (::listen(fd, kBacklog) != 0) {
    const int error = errno;
    ::close(fd);
    ::unlink(path.c_str());
    fail(endpoint, "listen", error);
  }
  return fd;
}

}  // namespace

Binding::Binding(zmq::socket_t& socket, const std::string& endpoint, int passed)
    : endpoint_{endpoint} {
  const Address address = parse_address(endpoint);
  if (passed >= 0) {
    take_over(socket, address.path, passed);
    return;
  }
  if (!address.path.empty()) {
    bind_path(socket, address.path);
    return;
  }
  try {
    if (address.transport == Transport::Tcp) {
      socket.set(zmq::sockopt::ipv6, endpoint.find("::1") != std::string::npos);
    }
    socket.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw StartError{kExitSystem, fmt::format("cannot serve {}: {}", endpoint, error.what())};
  }
  endpoint_ = socket.get(zmq::sockopt::last_endpoint);
}

void Binding::bind_path(zmq::socket_t& socket, const std::string& path) {
  make_folder(endpoint_, path);
  lock_fd_ = take_lock(endpoint_, path);
  try {
    remove_stale_socket(path);
    const int fd = listen_on(endpoint_, path);
    path_ = path;
    hand_over(socket, fd);
  } catch (...) {  // the constructor throws: no destructor follows
    if (!path_.empty()) ::unlink(path_.c_str());
    ::close(lock_fd_);
    throw;
  }
}

// Its folder and its file are the affair of whoever listens there.
void Binding::take_over(zmq::socket_t& socket, const std::string& path, int fd) {
  try {
    if (!path.empty()) lock_fd_ = take_lock(endpoint_, path);
  } catch (...) {
    ::close(fd);
    throw;
  }
  try {
    hand_over(socket, fd);
  } catch (...) {
    if (lock_fd_ >= 0) ::close(lock_fd_);
    throw;
  }
}

void Binding::hand_over(zmq::socket_t& socket, int fd) {
  try {
    socket.set(zmq::sockopt::use_fd, fd);
    socket.bind(endpoint_);                // from here on libzmq owns and closes the descriptor
    socket.set(zmq::sockopt::use_fd, -1);  // or the next bind takes the same one and aborts
  } catch (const zmq::error_t& error) {
    ::close(fd);
    throw StartError{kExitSystem, fmt::format("cannot serve {}: {}", endpoint_, error.what())};
  }
}

Binding::Binding(Binding&& other) noexcept
    : endpoint_{std::move(other.endpoint_)},
      path_{std::exchange(other.path_, {})},
      lock_fd_{std::exchange(other.lock_fd_, -1)} {}

// libzmq does not unlink the path of a socket that it got by ZMQ_USE_FD (ipc_listener.cpp,
// close()).
Binding::~Binding() {
  if (!path_.empty()) ::unlink(path_.c_str());
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

}  // namespace masterd::daemon
