// wire_client -- a plain ZeroMQ socket at a control endpoint: frames as they are.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "tests/integration/program.h"

namespace masterd::test {

class WireClient {
 public:
  WireClient(zmq::socket_type type, const std::string& endpoint) : socket_{context_, type} {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvtimeo,
                static_cast<int>(std::chrono::milliseconds{kLimit}.count()));
    socket_.set(zmq::sockopt::sndtimeo,
                static_cast<int>(std::chrono::milliseconds{kLimit}.count()));
    socket_.set(zmq::sockopt::rcvhwm, 1);
    socket_.connect(endpoint);
  }

  void send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto more = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      (void)socket_.send(zmq::buffer(frames[i]), more);
    }
  }
  /// The frames of the next message; none after the limit.
  std::vector<std::string> receive() {
    std::vector<std::string> frames;
    zmq::message_t frame;
    do {
      if (!socket_.recv(frame)) return {};
      frames.push_back(frame.to_string());
    } while (frame.more());
    return frames;
  }
  std::vector<std::string> ask(const std::vector<std::string>& frames) {
    send(frames);
    return receive();
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

/// The code of an answer that is an error; 0 for a result; nullopt for anything else.
inline std::optional<std::int64_t> code_of(const std::string& answer) {
  boost::system::error_code failure;
  const boost::json::value value = boost::json::parse(answer, failure);
  if (failure || !value.is_object()) return std::nullopt;
  const auto* error = value.as_object().if_contains("error");
  if (error != nullptr) return error->at("code").as_int64();
  return value.as_object().contains("result") ? std::optional<std::int64_t>{0} : std::nullopt;
}

}  // namespace masterd::test
