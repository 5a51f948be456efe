// subscriber -- reads the events that a daemon publishes, and sees what it missed.
//
//   Subscriber events{endpoint, {"coprocess."}};
//   events.confirm(deadline);              // from here on nothing is missed
//   while (auto event = events.next(deadline)) ...
//
// A subscription travels on its own connection, so an answer on the control endpoint says nothing
// about it. confirm() subscribes to "heartbeat." last: the daemon publishes one at once for each
// new subscription, and one connection keeps its order, so the first heartbeat proves that the
// other topics are in force.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/failures.h"

namespace masterd::proto {

struct Event {
  std::string topic;
  boost::json::object params;
  std::uint64_t seq = 0;
  /// Events of this topic lost since the one before: the daemon never waits for a slow reader.
  std::uint64_t missed = 0;
};

class Subscriber {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;  // nullopt: none

  /// Topics are prefixes; none means all. Throws std::invalid_argument for an endpoint that ZeroMQ
  /// refuses.
  Subscriber(std::string endpoint, std::vector<std::string> topics);
  ~Subscriber();
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Waits until the daemon has the subscriptions. Throws NoDaemon or TimedOut as Client::call
  /// does. Waits for the heartbeat at most half a second: a publisher that sends none is taken as
  /// subscribed then.
  void confirm(Deadline deadline);

  /// The next event; nullopt when `deadline` passes or `stop_fd` (-1: none) becomes readable.
  /// Throws NoDaemon when the publisher is not reached within a second or goes away, since a new
  /// daemon counts anew; BadAnswer for what is no event.
  std::optional<Event> next(Deadline deadline, int stop_fd = -1);

  /// Drops events whose seq is not above `seq`.
  void skip_until(std::uint64_t seq);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace masterd::proto
