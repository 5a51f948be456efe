// The watchdog over a clock that only the test moves.
#include "supervisor/watchdog.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public ::testing::Test {
 protected:
  void advance(fsm::Duration d) {
    clock.advance(d);
    loop.run_once(fsm::Duration::zero());
  }
  bool expired() { return watchdog.expired().is_set(); }

  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  Watchdog watchdog{loop};
};

TEST_F(WatchdogTest, OffItNeverExpires) {
  watchdog.ping();
  advance(1000h);
  EXPECT_FALSE(expired());
}

TEST_F(WatchdogTest, ItExpiresAnIntervalAfterTheLastPing) {
  watchdog.arm(5s);
  advance(4s);
  watchdog.ping();
  advance(4999ms);
  EXPECT_FALSE(expired());
  advance(1ms);
  EXPECT_TRUE(expired());
  EXPECT_EQ(watchdog.reason(), "no WATCHDOG=1 within 5000 ms");
}

TEST_F(WatchdogTest, AProcessThatNeverPingsExpiresToo) {
  watchdog.arm(5s);
  advance(5s);
  EXPECT_TRUE(expired());
}

TEST_F(WatchdogTest, ATriggerExpiresAtOnceAlsoWhenOff) {
  watchdog.trigger();
  EXPECT_TRUE(expired());
  EXPECT_EQ(watchdog.reason(), "WATCHDOG=trigger");
}

TEST_F(WatchdogTest, ExpiredIsFinal) {
  watchdog.arm(5s);
  watchdog.trigger();
  watchdog.ping();
  watchdog.arm(1s);
  advance(10s);
  EXPECT_EQ(watchdog.reason(), "WATCHDOG=trigger") << "the first reason stays";
}

TEST_F(WatchdogTest, AChangedIntervalBeginsAnew) {
  watchdog.arm(5s);
  advance(4s);
  watchdog.arm(2s);
  advance(1999ms);
  EXPECT_FALSE(expired());
  advance(1ms);
  EXPECT_TRUE(expired());
}

TEST_F(WatchdogTest, AnIntervalOfNothingSwitchesItOff) {
  watchdog.arm(5s);
  watchdog.arm(0s);
  watchdog.ping();
  advance(1000h);
  EXPECT_FALSE(expired());
}

TEST_F(WatchdogTest, TheLongestIntervalIsForEver) {
  watchdog.arm(fsm::Duration::max());
  advance(1000h);
  EXPECT_FALSE(expired());
}

TEST_F(WatchdogTest, DestroyedItLeavesNoTimerBehind) {
  {
    Watchdog other{loop};
    other.arm(1s);
  }
  advance(2s);  // a timer left behind would call into what is gone
  EXPECT_FALSE(expired());
}

}  // namespace
}  // namespace masterd::supervisor
