// connection -- one ZeroMQ socket to one endpoint, and what its monitor says about the other side.
//
//     connecting --> connected --> ready --+
//         ^              |           |     | the peer went away
//         +--------------+-----------+-----+     (libzmq reconnects by itself)
//
// In ZeroMQ connect and send to nothing succeed, so only the monitor's handshake event tells that a
// daemon is there. Nothing is sent before it: a request that was reported as "no daemon" must not
// be carried out later. Internal to proto/: the clients own one each. Not thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <zmq.hpp>

namespace masterd::proto {

using ClientDeadline = std::optional<std::chrono::steady_clock::time_point>;  // nullopt: none

class Connection {
 public:
  /// Begins to connect. Throws std::invalid_argument for an endpoint that ZeroMQ refuses.
  Connection(zmq::socket_type type, const std::string& endpoint);

  [[nodiscard]] zmq::socket_t& socket() { return socket_; }

  /// Waits for the handshake. Throws NoDaemon when nobody has accepted the connection within one
  /// second (a daemon that comes up within it is found), TimedOut when somebody did but `deadline`
  /// came first.
  void await_ready(ClientDeadline deadline);

  /// In priority order: a message that has arrived is seen before the loss of the one who sent it.
  enum class Wake { Message, Lost, Stopped, Timeout };
  /// Waits for a message, the loss of the peer, `stop_fd` becoming readable (-1: none), or the
  /// deadline. REQUIRES: await_ready() has returned.
  Wake wait(ClientDeadline deadline, int stop_fd = -1);

 private:
  /// One zmq_poll, and the monitor's news. False when `deadline` has passed without any.
  bool poll(ClientDeadline deadline, int stop_fd);
  void read_monitor();
  [[noreturn]] void fail_absent() const;

  const std::string endpoint_;
  zmq::context_t context_;  // own: a fresh socket then has no past, and the monitor's name no rival
  zmq::socket_t socket_;
  zmq::socket_t monitor_;

  enum class Peer { Absent, Connected, Ready } peer_ = Peer::Absent;
  bool lost_ = false;     // a peer was ready since await_ready() and went away, back or not
  bool foreign_ = false;  // somebody accepted and failed the handshake
  bool message_ = false;  // what the last poll saw
  bool stopped_ = false;
};

}  // namespace masterd::proto
