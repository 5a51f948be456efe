// client -- a blocking C++ client of the control endpoint (DEALER with the empty delimiter, one
// request at a time) and of the events endpoint (see subscriber.h). No daemon is known within a
// second by the socket monitor: connect and send to nothing succeed in ZeroMQ.
//
//   proto::Client client{proto::default_control_endpoint()};
//   const auto status = client.call("status", {});
//
// One thread at a time. A client that failed is as good as new: its next call makes a fresh
// connection.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/failures.h"
#include "proto/rpc.h"

namespace masterd::proto {

class Subscriber;

class Client {
 public:
  /// Begins to connect. Throws std::invalid_argument for an endpoint that ZeroMQ refuses.
  explicit Client(std::string endpoint);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// One request, its result; or NoDaemon (not reached within 1 s, or gone before it answered),
  /// TimedOut, Refused, BadAnswer. After NoDaemon "not reached" the request has not been sent.
  boost::json::value call(std::string_view method, boost::json::object params,
                          std::chrono::milliseconds timeout = std::chrono::seconds{10});

  /// Waits until the daemon that answered the last call closes the connection; false after
  /// `timeout`.
  bool wait_gone(std::chrono::milliseconds timeout);

  /// The events endpoint that belongs to this control endpoint: what `ping` says (of the same
  /// transport if there is one), else events_beside(), else the default. Throws as call() does.
  std::string events_endpoint(std::chrono::milliseconds timeout = std::chrono::seconds{10});

  /// Joins the stream of events: confirms the subscription, asks `status`, and makes `subscriber`
  /// skip what that status already contains. Returns the status. Throws as call() does.
  boost::json::object join(Subscriber& subscriber,
                           std::chrono::milliseconds timeout = std::chrono::seconds{10});

  /// Subscribes to topics at an events endpoint and calls `on_event(topic, params)` until it
  /// returns false or `deadline` (nullopt: never) passes. `ready` runs once when the daemon has the
  /// subscription. Throws NoDaemon when the publisher is not reached or goes away.
  void events(const std::string& endpoint, const std::vector<std::string>& topics,
              const std::function<void()>& ready,
              const std::function<bool(const std::string&, const boost::json::object&)>& on_event,
              std::optional<std::chrono::steady_clock::time_point> deadline = std::nullopt);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace masterd::proto
