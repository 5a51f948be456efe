#include "fsm/timer_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TimePoint at(int seconds) { return TimePoint{std::chrono::seconds{seconds}}; }

class TimerQueueTest : public ::testing::Test {
 protected:
  TimerId arm(int seconds, const std::string& name) {
    return queue.arm(at(seconds), [this, name] { fired.push_back(name); });
  }

  TimerQueue queue;
  std::vector<std::string> fired;
};

TEST_F(TimerQueueTest, FiresInOrderOfDeadlines) {
  arm(3, "c");
  arm(1, "a");
  arm(2, "b");
  EXPECT_EQ(queue.fire(at(3)), 3U);
  EXPECT_THAT(fired, ElementsAre("a", "b", "c"));
}

TEST_F(TimerQueueTest, FiresEqualDeadlinesInOrderOfArming) {
  for (const char* name : {"a", "b", "c", "d", "e"}) arm(1, name);
  queue.fire(at(1));
  EXPECT_THAT(fired, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(TimerQueueTest, FiresWhatIsDueAndKeepsTheRest) {
  arm(1, "a");
  arm(2, "b");
  EXPECT_EQ(queue.fire(at(1)), 1U);
  EXPECT_THAT(fired, ElementsAre("a"));
  EXPECT_EQ(queue.next(), at(2));
  EXPECT_EQ(queue.size(), 1U);
}

TEST_F(TimerQueueTest, TellsTheNearestDeadline) {
  EXPECT_EQ(queue.next(), std::nullopt);
  arm(2, "b");
  const TimerId nearest = arm(1, "a");
  EXPECT_EQ(queue.next(), at(1));
  queue.cancel(nearest);
  EXPECT_EQ(queue.next(), at(2));
}

TEST_F(TimerQueueTest, DoesNotFireACancelledTimer) {
  arm(1, "a");
  const TimerId b = arm(2, "b");
  arm(3, "c");
  queue.cancel(b);
  queue.fire(at(3));
  EXPECT_THAT(fired, ElementsAre("a", "c"));
}

TEST_F(TimerQueueTest, LetsGoOfACancelledFunctionAtOnce) {
  const auto held = std::make_shared<int>();
  const TimerId id = queue.arm(at(1), [held] {});
  queue.cancel(id);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TimerQueueTest, IgnoresACancelThatComesTwice) {
  const TimerId a = arm(1, "a");
  queue.cancel(a);
  arm(1, "b");  // has the slot of the first
  queue.cancel(a);
  queue.fire(at(1));
  EXPECT_THAT(fired, ElementsAre("b"));
}

TEST_F(TimerQueueTest, IgnoresACancelOfAFiredTimerWhoseSlotIsUsedAgain) {
  const TimerId a = arm(1, "a");
  queue.fire(at(1));
  arm(2, "b");
  queue.cancel(a);
  queue.fire(at(2));
  EXPECT_THAT(fired, ElementsAre("a", "b"));
}

TEST_F(TimerQueueTest, IgnoresACancelOfAnIdThatItNeverGave) {
  arm(1, "a");
  queue.cancel(TimerId{~std::uint64_t{0}});
  queue.cancel(TimerId{4711});
  queue.cancel(TimerId{std::uint64_t{99} << 32});
  EXPECT_EQ(queue.fire(at(1)), 1U);
}

TEST_F(TimerQueueTest, LetsACallbackCancelAnotherThatIsDue) {
  TimerId b{};
  queue.arm(at(1), [&] { queue.cancel(b); });
  b = arm(1, "b");
  EXPECT_EQ(queue.fire(at(1)), 1U);
  EXPECT_THAT(fired, IsEmpty());
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(TimerQueueTest, LetsACallbackCancelItself) {
  TimerId own{};
  own = queue.arm(at(1), [&] {
    queue.cancel(own);
    fired.emplace_back("own");
  });
  arm(1, "b");
  queue.fire(at(1));
  EXPECT_THAT(fired, ElementsAre("own", "b"));
}

TEST_F(TimerQueueTest, LetsACallbackCancelWhatItArmed) {
  queue.arm(at(1), [&] { queue.cancel(arm(1, "never")); });
  queue.fire(at(1));
  queue.fire(at(1));
  EXPECT_THAT(fired, IsEmpty());
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(TimerQueueTest, KeepsATimerArmedWhileFiringForTheNextFire) {
  queue.arm(at(2), [&] {
    fired.emplace_back("arms");
    arm(1, "armed, due, earlier than the one behind");
  });
  arm(3, "behind");
  EXPECT_EQ(queue.fire(at(3)), 2U);
  EXPECT_THAT(fired, ElementsAre("arms", "behind"));
  EXPECT_EQ(queue.next(), at(1));
  EXPECT_EQ(queue.fire(at(3)), 1U);
  EXPECT_EQ(fired.back(), "armed, due, earlier than the one behind");
}

TEST_F(TimerQueueTest, FiresOnceWhatWasCancelledAndArmedAnewWhileFiring) {
  queue.arm(at(1), [&] {
    queue.cancel(arm(1, "first"));
    arm(1, "second");  // has the slot of the first
  });
  queue.fire(at(1));
  queue.fire(at(1));
  queue.fire(at(1));
  EXPECT_THAT(fired, ElementsAre("second"));
}

TEST_F(TimerQueueTest, APeriodicCallbackRunsOnceAFire) {
  std::function<void()> tick = [&] {
    fired.emplace_back("tick");
    queue.arm(at(0), tick);
  };
  tick();
  EXPECT_EQ(queue.fire(at(1)), 1U);
  EXPECT_EQ(queue.fire(at(1)), 1U);
  EXPECT_EQ(fired.size(), 3U);
}

TEST_F(TimerQueueTest, KeepsTheTimersBehindACallbackThatThrows) {
  arm(1, "before");
  queue.arm(at(1), [&] {
    arm(1, "armed by it");
    throw std::runtime_error{"from a callback"};
  });
  arm(1, "behind");
  EXPECT_THROW(queue.fire(at(1)), std::runtime_error);
  EXPECT_THAT(fired, ElementsAre("before"));
  EXPECT_EQ(queue.fire(at(1)), 2U);
  EXPECT_THAT(fired, ElementsAre("before", "behind", "armed by it"));
}

}  // namespace
}  // namespace masterd::fsm
