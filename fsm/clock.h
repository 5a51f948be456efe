// clock -- where time comes from. Nobody else in the project reads the time of waits.
#pragma once

#include <chrono>

namespace masterd::fsm {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::steady_clock::time_point;
/// An absolute point; a Duration becomes one once, at the call that starts a wait.
using Deadline = TimePoint;

/// `now` + `d`; at most the last point there is, so that Duration::max() is "for ever".
[[nodiscard]] constexpr Deadline deadline_after(TimePoint now, Duration d) {
  return d > TimePoint::max() - now ? TimePoint::max() : now + d;
}

/// Monotonic time. Abstract so that tests can step it (tests/support/manual_clock.h).
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const = 0;
};

/// CLOCK_MONOTONIC.
class SteadyClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace masterd::fsm
