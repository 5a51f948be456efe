// growing_timer -- asks again and again, soon at first and then ever more rarely: for what tells
// nobody when it changes.
//
//   stopped --start--> armed --tick after first, 2 x first, ... longest--> armed --stop--> stopped
#pragma once

#include <algorithm>
#include <functional>
#include <utility>

#include "fsm/event_loop.h"

namespace masterd::supervisor {

class GrowingTimer {
 public:
  /// `tick` runs from the loop; it may call stop(), but must not destroy the timer.
  GrowingTimer(fsm::EventLoop& loop, std::function<void()> tick)
      : loop_{loop}, tick_{std::move(tick)} {}
  GrowingTimer(const GrowingTimer&) = delete;
  GrowingTimer& operator=(const GrowingTimer&) = delete;

  void start(fsm::Duration first, fsm::Duration longest) {
    wait_ = first;
    longest_ = longest;
    arm();
  }
  void stop() { timer_.reset(); }

 private:
  void arm() {
    timer_ = loop_.at(loop_.now() + wait_, [this] {
      wait_ = std::min(2 * wait_, longest_);
      arm();
      tick_();
    });
  }

  fsm::EventLoop& loop_;
  const std::function<void()> tick_;
  fsm::Duration wait_{0};
  fsm::Duration longest_{0};
  fsm::Watch timer_;
};

}  // namespace masterd::supervisor
