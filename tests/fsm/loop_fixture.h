// loop_fixture -- a loop under a manual clock, turned by hand.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fsm/event_loop.h"
#include "tests/support/manual_clock.h"

namespace masterd::fsm {

class LoopFixture : public ::testing::Test {
 protected:
  void turn(int count = 1) {
    for (int i = 0; i < count; ++i) loop.run_once(Duration::zero());
  }
  /// Moves the time; two turns: one in which timers fire, one in which what they resumed runs.
  void advance(Duration d) {
    clock.advance(d);
    turn(2);
  }

  test::ManualClock clock;
  EventLoop loop{clock};
  std::vector<std::string> log;
};

}  // namespace masterd::fsm
