// binding -- a ZeroMQ socket bound to one endpoint, and what must be given back at the end.
//
// libzmq's own bind of an ipc path unlinks whatever is there: a second daemon would steal the
// endpoint of the first without a word (tried on 4.3.4). So for a path in the file system:
//
//   folder (made 0750 if missing) --> PATH.lock, held by flock(2) for life --> stale socket removed
//   --> own socket bound 0660 --> listening --> handed over by ZMQ_USE_FD
//
// The lock file stays behind: removing it would let two daemons each hold a lock on a file of that
// name (one on the removed inode). It holds the pid of the holder, for the message to the second.
// Group `masterd`, if the system has it, owns folder and socket.
//
// A socket that was passed to us (daemon/passed_sockets.h) stays its owner's: it is served under
// the same lock, and its file is not touched.
#pragma once

#include <string>
#include <zmq.hpp>

namespace masterd::daemon {

class Binding {
 public:
  /// Binds `socket`, which must have its options by now. Throws StartError: kExitConfig for a bad
  /// endpoint, kExitSystem when it cannot be bound or another daemon serves it (its files stay
  /// untouched). `passed`: a socket that listens there already, which belongs to the Binding from
  /// here on; -1: none.
  Binding(zmq::socket_t& socket, const std::string& endpoint, int passed = -1);
  /// Removes the socket file, then lets go of the lock. The ZeroMQ socket may be closed before or
  /// after.
  ~Binding();
  Binding(Binding&& other) noexcept;
  Binding& operator=(Binding&&) = delete;

  /// As bound: with the real port where "*" was asked for.
  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  void bind_path(zmq::socket_t& socket, const std::string& path);
  void take_over(zmq::socket_t& socket, const std::string& path, int fd);
  void hand_over(zmq::socket_t& socket, int fd);

  std::string endpoint_;
  std::string path_;  // of the socket file; empty: none
  int lock_fd_ = -1;
};

}  // namespace masterd::daemon
