// fake_daemon -- a thread that speaks the protocol on real sockets: a ROUTER that answers by a
// handler, an XPUB that publishes. It knows no process; what it answers is the test's business.
//
// The handler runs on the daemon's thread. publish(), lose() and die() may be called from any
// thread but not concurrently; inside the handler use emit().
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>
#include <zmq.hpp>

#include "proto/rpc.h"

namespace masterd::test {

/// A result, an error, or silence.
using Answer = std::variant<std::monostate, boost::json::value, proto::Error>;

class FakeDaemon {
 public:
  using Handler = std::function<Answer(FakeDaemon&, const proto::Request&)>;

  /// Listens when the constructor returns. `heartbeat`: publish one for each new subscription to
  /// it.
  FakeDaemon(std::string control, std::string events, Handler handler, bool heartbeat = true);
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  [[nodiscard]] const std::string& control() const { return control_endpoint_; }
  [[nodiscard]] const std::string& events() const { return events_endpoint_; }
  /// The requests so far, in order.
  [[nodiscard]] std::vector<proto::Request> requests() const;
  /// The last request to `method`; fails the test when there is none.
  [[nodiscard]] proto::Request request(const std::string& method) const;

  void publish(const std::string& topic, const boost::json::object& event);
  /// Counts an event of `topic` without sending it, as when a slow reader's queue was full.
  void lose(const std::string& topic);
  /// Closes both sockets, as a killed daemon's kernel would.
  void die();

  /// Handler only.
  void emit(const std::string& topic, const boost::json::object& event);
  [[nodiscard]] std::uint64_t seq() const { return seq_; }

 private:
  void run();
  void serve();
  void greet();
  void command(const std::vector<std::string>& words);
  void tell(std::vector<std::string> words);
  std::string next_event(const std::string& topic, const boost::json::object& event);

  const std::string control_endpoint_;
  const std::string events_endpoint_;
  const Handler handler_;
  const bool heartbeat_;
  zmq::context_t context_;
  zmq::socket_t orders_;  // the test's end
  zmq::socket_t inbox_;   // the thread's end
  zmq::socket_t router_;
  zmq::socket_t xpub_;
  bool alive_ = true;
  std::uint64_t seq_ = 0;
  std::map<std::string, std::uint64_t> topic_seq_;
  mutable std::mutex mutex_;
  std::vector<proto::Request> requests_;
  std::thread thread_;
};

/// A handler that gives one answer to every request.
FakeDaemon::Handler always(Answer answer);

}  // namespace masterd::test
