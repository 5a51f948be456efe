// watchdog -- a process must be heard of (WATCHDOG=1) at least once in each interval.
//
//   off --arm--> armed --ping--> armed (anew)     armed, off --trigger--> expired
//   armed --interval without a ping--> expired    armed --arm(0)--> off
//
// Expired is final. Owner: the life of the coprocess, which arms it when the process is ready (as
// systemd does) and hands it the messages.
#pragma once

#include <string>

#include "fsm/event.h"
#include "fsm/event_loop.h"

namespace masterd::supervisor {

class Watchdog {
 public:
  /// Off. `loop` must outlive it.
  explicit Watchdog(fsm::EventLoop& loop) : loop_{loop} {}
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// The interval begins now; a later call changes it (WATCHDOG_USEC). 0: off.
  void arm(fsm::Duration interval);
  /// No-op while off.
  void ping();
  /// WATCHDOG=trigger: the process itself asks to be treated as hung.
  void trigger();

  [[nodiscard]] fsm::Event& expired() { return expired_; }
  /// Why it expired; empty until then.
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  void expire(std::string reason);

  fsm::EventLoop& loop_;
  fsm::Duration interval_{0};
  fsm::Event expired_;
  std::string reason_;
  fsm::Watch timer_;
};

}  // namespace masterd::supervisor
