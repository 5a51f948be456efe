// manual_clock -- time that only a test moves.
#pragma once

#include "fsm/clock.h"

namespace masterd::test {

class ManualClock final : public fsm::Clock {
 public:
  [[nodiscard]] fsm::TimePoint now() const override { return now_; }
  void advance(fsm::Duration d) { now_ += d; }

 private:
  fsm::TimePoint now_{std::chrono::seconds{1000}};
};

}  // namespace masterd::test
