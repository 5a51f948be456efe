// failures -- how a client's request can fail, one type for each thing that a caller does
// differently.
#pragma once

#include <stdexcept>

#include "proto/rpc.h"

namespace masterd::proto {

/// Nobody listens at the endpoint, or the daemon went away before it answered.
struct NoDaemon : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The daemon is there but has not answered in time; whether it acted is unknown.
struct TimedOut : std::runtime_error {
  using std::runtime_error::runtime_error;
};
/// The daemon answered with an error. what() is the error's message.
struct Refused : std::runtime_error {
  explicit Refused(Error e) : std::runtime_error{e.message}, error{std::move(e)} {}
  Error error;
};
/// What came back is not this protocol: another program listens at the endpoint.
struct BadAnswer : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace masterd::proto
