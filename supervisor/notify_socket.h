// notify_socket -- where one coprocess's sd_notify(3) messages arrive: an abstract unix datagram
// socket of its own, so that a message needs no search for whom it is about.
//
//   open: datagram --sender trusted--> parsed --> Handlers::message
//                  --not trusted-----> counted; the first one is told
//
// Abstract: no file to clean up, no folder that the user of the coprocess must reach. It belongs to
// the network namespace of this process; a coprocess in another one cannot reach it.
//
// Descriptors that come along are never installed here: there is room for the credentials only, and
// the kernel releases the others while it hands over the message (unix(7), MSG_CTRUNC). That is all
// that BARRIER=1 asks for: sd_notify_barrier(3) waits until its descriptor is closed, and the order
// of datagrams says that what was sent before has been handled. A flood of them cannot use up our
// descriptors.
//
// Owner: the life of the coprocess; from before the spawn until it has ended.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "fsm/event_loop.h"
#include "supervisor/notify_message.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class NotifySocket {
 public:
  /// Called from the loop. None may destroy the socket.
  struct Handlers {
    /// Whether the sender is one of the coprocess's own. The kernel vouches for pid and user, as of
    /// the time of sending: the process may have gone since (usual with systemd-notify(1) in a
    /// shell script), and its pid may even be another's by now.
    std::function<bool(pid_t, uid_t)> trusted;
    std::function<void(const NotifyMessage&)> message;
    /// The first untrusted sender; 0 when its pid cannot be seen from here. May be empty.
    std::function<void(pid_t)> untrusted;
  };
  /// The longest message; longer ones are told as a problem (systemd's NOTIFY_BUFFER_MAX).
  static constexpr std::size_t kMaxDatagram = 4096;
  /// A turn's share of one socket, so that a flood starves nobody.
  static constexpr int kPerTurn = 32;

  /// `loop` must outlive it. Throws std::system_error that names the call.
  NotifySocket(fsm::EventLoop& loop, Handlers handlers);
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  /// What the child's NOTIFY_SOCKET is to be: "@masterd-notify-" and 32 random hexadecimal digits.
  [[nodiscard]] const std::string& address() const { return address_; }
  /// Messages refused for their sender.
  [[nodiscard]] std::uint64_t untrusted() const { return untrusted_; }

 private:
  void receive_some();
  bool receive_one();
  void refuse(pid_t sender);

  const Handlers handlers_;
  const std::string address_;
  OwnedFd fd_;
  std::uint64_t untrusted_ = 0;
  fsm::Watch readable_;
};

}  // namespace masterd::supervisor
