// axis_view -- where the axis of a machine is, whoever of LinuxCNC still lives.
//
// milltask tells positions, but it is what the tests kill. So the signal "x-loop" of mini.hal is
// read out of the memory of the realtime process, through /proc/PID/mem: no HAL component is made
// for it, no lock is taken, no segment attached, and nothing can be left behind. Root may do that.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "supervisor/owned_fd.h"

namespace masterd::test {

class AxisView {
 public:
  /// Throws std::runtime_error when `rtapi_app` holds no HAL with that signal.
  explicit AxisView(pid_t rtapi_app);

  /// nullopt: the realtime process is gone, so nobody moves anything.
  [[nodiscard]] std::optional<double> position() const;
  /// Waits until the axis moves; false after the limit.
  [[nodiscard]] bool await_motion() const;

 private:
  supervisor::OwnedFd memory_;
  std::uint64_t address_ = 0;
};

/// Looks at an axis every millisecond from its construction on, in a thread of its own.
class AxisWatch {
 public:
  using Clock = std::chrono::system_clock;  // that of the daemon's events

  /// `axis` outlives it.
  explicit AxisWatch(const AxisView& axis);
  ~AxisWatch();
  AxisWatch(const AxisWatch&) = delete;
  AxisWatch& operator=(const AxisWatch&) = delete;

  struct Stop {
    Clock::time_point moved;  // the last look that saw another position than the look before
    double at = 0;            // the last position
  };
  /// Waits until it has stood still for `still`, or its realtime process has gone; nullopt when it
  /// still moves after the limit. REQUIRES: it moved when the watch began.
  std::optional<Stop> await_still(std::chrono::milliseconds still);

 private:
  void watch();

  const AxisView& axis_;
  std::atomic<bool> enough_ = false;
  std::atomic<Clock::rep> moved_ = 0;
  std::atomic<Clock::rep> looked_ = 0;
  std::atomic<bool> gone_ = false;
  std::atomic<double> at_ = 0;
  std::thread thread_;  // last: it uses the others
};

}  // namespace masterd::test
