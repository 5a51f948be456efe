// wire_client -- a client's socket on the test's own thread: libzmq's I/O threads carry the bytes,
// the test turns the daemon's loop until an answer is there.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "fsm/event_loop.h"
#include "tests/support/run_until.h"

namespace masterd::test {

class WireClient {
 public:
  WireClient(zmq::context_t& context, zmq::socket_type type, const std::string& endpoint)
      : socket_{context, type} {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.connect(endpoint);
  }

  void send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool last = i + 1 == frames.size();
      socket_.send(zmq::buffer(frames[i]), last ? zmq::send_flags::none : zmq::send_flags::sndmore);
    }
  }
  bool readable() { return (socket_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; }

  /// The next message, while the loop turns; empty when none came.
  std::vector<std::string> receive(fsm::EventLoop& loop) {
    std::vector<std::string> frames;
    // The client's socket is one more thing that the loop waits for.
    const auto watch = loop.watch_socket(socket_.handle(), ZMQ_POLLIN, [](short) {});
    if (!run_until(loop, [this] { return readable(); })) return frames;
    for (bool more = true; more;) {
      zmq::message_t frame;
      if (!socket_.recv(frame)) break;
      frames.push_back(frame.to_string());
      more = frame.more();
    }
    return frames;
  }
  /// Sends one text and reads the answer of one frame, with what the socket type adds stripped.
  boost::json::value ask(fsm::EventLoop& loop, const std::string& text) {
    send({text});
    const auto frames = receive(loop);
    if (frames.empty()) return nullptr;
    return boost::json::parse(frames.back());
  }
  zmq::socket_t& socket() { return socket_; }

 private:
  zmq::socket_t socket_;
};

inline std::int64_t error_code(const boost::json::value& answer) {
  return answer.at("error").at("code").as_int64();
}
inline std::string error_reason(const boost::json::value& answer) {
  return answer.at("error").at("data").at("reason").as_string().c_str();
}

}  // namespace masterd::test
