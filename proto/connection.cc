#include "proto/connection.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "proto/failures.h"

namespace masterd::proto {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kReach{1000};
constexpr const char* kMonitor = "inproc://monitor";

/// What the file system knows about the socket of an ipc endpoint; empty when it knows nothing.
std::string ipc_hint(std::string_view endpoint) {
  constexpr std::string_view kScheme = "ipc://";
  if (endpoint.substr(0, kScheme.size()) != kScheme) return {};
  const std::string path{endpoint.substr(kScheme.size())};
  if (path.empty() || path.front() == '@') return {};  // abstract: no file
  if (access(path.c_str(), W_OK) == 0) return " (the socket is there, but nobody listens)";
  return fmt::format(" ({})", std::strerror(errno));
}

}  // namespace

Connection::Connection(zmq::socket_type type, const std::string& endpoint)
    : endpoint_{endpoint}, socket_{context_, type}, monitor_{context_, zmq::socket_type::pair} {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::reconnect_ivl, 50);
  // Without a limit on the reader's side libzmq never blocks its I/O thread on a monitor that isn't
  // read.
  monitor_.set(zmq::sockopt::rcvhwm, 0);
  monitor_.set(zmq::sockopt::linger, 0);
  const int events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                     ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;
  if (zmq_socket_monitor(socket_.handle(), kMonitor, events) != 0) throw zmq::error_t{};
  monitor_.connect(kMonitor);
  try {
    socket_.connect(endpoint_);
  } catch (const zmq::error_t& e) {
    throw std::invalid_argument{
        fmt::format("\"{}\" is not an endpoint: {}", sanitize_utf8(endpoint_), e.what())};
  }
}

void Connection::read_monitor() {
  zmq::message_t event;
  zmq::message_t address;
  while (monitor_.recv(event, zmq::recv_flags::dontwait)) {
    if (event.more()) (void)monitor_.recv(address, zmq::recv_flags::dontwait);
    std::uint16_t number = 0;  // zmq_socket_monitor(3): 16 bits of event, 32 bits of value
    if (event.size() < sizeof number) continue;
    std::memcpy(&number, event.data(), sizeof number);
    switch (number) {
      case ZMQ_EVENT_CONNECTED:
        peer_ = Peer::Connected;
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        peer_ = Peer::Ready;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        foreign_ = true;
        [[fallthrough]];
      default:
        lost_ = lost_ || peer_ == Peer::Ready;
        peer_ = Peer::Absent;
    }
  }
}

bool Connection::poll(ClientDeadline deadline, int stop_fd) {
  std::array<zmq::pollitem_t, 3> items{{{socket_.handle(), 0, ZMQ_POLLIN, 0},
                                        {monitor_.handle(), 0, ZMQ_POLLIN, 0},
                                        {nullptr, stop_fd, ZMQ_POLLIN, 0}}};
  const int count = stop_fd < 0 ? 2 : 3;
  for (;;) {
    milliseconds timeout{-1};
    if (deadline) {
      const auto left = *deadline - steady_clock::now();
      // zmq_poll counts whole milliseconds in an int: round up, or the last one is spun away.
      timeout = std::clamp(std::chrono::ceil<milliseconds>(left), milliseconds{0},
                           milliseconds{std::chrono::hours{1}});
    }
    const int ready = zmq_poll(items.data(), count, timeout.count());
    if (ready < 0) {
      if (zmq_errno() == EINTR) continue;
      throw zmq::error_t{};
    }
    if (ready == 0) {
      if (deadline && steady_clock::now() >= *deadline) return false;
      continue;
    }
    if ((items[1].revents & ZMQ_POLLIN) != 0) read_monitor();
    message_ = (items[0].revents & ZMQ_POLLIN) != 0;
    stopped_ = count == 3 && items[2].revents != 0;
    return true;
  }
}

void Connection::fail_absent() const {
  throw NoDaemon{fmt::format("no daemon at {}{}", endpoint_,
                             foreign_ ? " (something else listens there)" : ipc_hint(endpoint_))};
}

void Connection::await_ready(ClientDeadline deadline) {
  const auto reach = steady_clock::now() + kReach;
  read_monitor();
  lost_ = false;
  while (peer_ != Peer::Ready) {
    // A daemon that is stopped or overloaded accepts (its kernel does) and says nothing: it may
    // have until the deadline.
    ClientDeadline limit = deadline;
    if (peer_ == Peer::Absent) limit = deadline ? std::min(*deadline, reach) : reach;
    if (poll(limit, -1)) {
      if (message_) return;  // what a daemon said before it went away can still be read
      continue;
    }
    if (peer_ == Peer::Absent) fail_absent();
    throw TimedOut{
        fmt::format("the daemon at {} accepts connections but does not respond", endpoint_)};
  }
}

Connection::Wake Connection::wait(ClientDeadline deadline, int stop_fd) {
  for (;;) {
    // Known since an earlier look, perhaps: nothing wakes zmq_poll for it again. What had arrived
    // before it comes first.
    if (lost_) {
      const bool readable = (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0;
      return readable ? Wake::Message : Wake::Lost;
    }
    if (!poll(deadline, stop_fd)) return Wake::Timeout;
    if (message_) return Wake::Message;
    if (stopped_ && !lost_) return Wake::Stopped;
  }
}

}  // namespace masterd::proto
