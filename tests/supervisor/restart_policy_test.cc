#include "supervisor/restart_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using config::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;

class RestartPolicyTest : public ::testing::Test {
 protected:
  RestartPolicyTest() {
    spec.policy = config::Restart::Always;
    spec.limit = 0;
  }
  std::optional<fsm::Duration> next(fsm::Duration uptime = {}) {
    return next_restart(spec, history, now, uptime);
  }
  std::vector<milliseconds> delays(int count) {
    std::vector<milliseconds> all;
    for (int i = 0; i < count; ++i) {
      all.push_back(std::chrono::duration_cast<milliseconds>(next().value_or(-1ms)));
    }
    return all;
  }

  config::RestartSpec spec;
  RestartHistory history;
  fsm::TimePoint now{1000s};
};

TEST_F(RestartPolicyTest, DelayDoublesUpToTheCap) {
  spec.delay = 100ms;
  spec.max_delay = 1000ms;
  EXPECT_THAT(delays(7), ElementsAre(100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms, 1000ms));
}

TEST_F(RestartPolicyTest, CapBelowTheFirstDelayIsTheFirstDelay) {
  spec.delay = 500ms;
  spec.max_delay = 100ms;
  EXPECT_THAT(delays(3), Each(500ms));
}

TEST_F(RestartPolicyTest, WithoutADelayThreeRestartsAreAtOnceAndThenTheyGrow_C2) {
  spec.delay = 0ms;
  EXPECT_THAT(delays(7), ElementsAre(0ms, 0ms, 0ms, 100ms, 200ms, 400ms, 800ms));
}

TEST_F(RestartPolicyTest, WithoutADelayAndWithoutACapItStillCannotSpin_C2) {
  spec.delay = 0ms;
  spec.max_delay = 0ms;
  EXPECT_THAT(delays(6), ElementsAre(0ms, 0ms, 0ms, 100ms, 100ms, 100ms));
}

TEST_F(RestartPolicyTest, AYearsDelayGrowsToACenturyAndStaysThere) {
  spec.delay = 24h * 365;
  spec.max_delay = 24h * 365 * 100;
  EXPECT_EQ(delays(200).back(), spec.max_delay);
}

TEST_F(RestartPolicyTest, SteadyProcessBeginsANewRow) {
  EXPECT_THAT(delays(3), ElementsAre(100ms, 200ms, 400ms));
  EXPECT_EQ(next(spec.reset_after - 1ns), 800ms) << "a nanosecond less than steady";
  EXPECT_EQ(next(spec.reset_after), 100ms);
  EXPECT_EQ(next(), 200ms);
}

TEST_F(RestartPolicyTest, LimitIsReached) {
  spec.limit = 3;
  EXPECT_TRUE(next());
  EXPECT_TRUE(next());
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  EXPECT_FALSE(next()) << "giving up is not a restart: it does not free a place";
}

TEST_F(RestartPolicyTest, LimitCountsWithinASlidingWindow) {
  spec.limit = 2;
  spec.within = 60s;
  EXPECT_TRUE(next());
  now += 40s;
  EXPECT_TRUE(next());
  now += 20s;  // the first is 60 s old: still counted
  EXPECT_FALSE(next());
  now += 1ns;  // not any more
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  now += 40s;  // the second goes
  EXPECT_TRUE(next());
}

TEST_F(RestartPolicyTest, SteadyUptimeDoesNotLiftTheLimit) {
  spec.limit = 1;
  EXPECT_TRUE(next(spec.reset_after));
  EXPECT_FALSE(next(spec.reset_after));
}

TEST_F(RestartPolicyTest, LimitZeroIsNone) {
  EXPECT_THAT(delays(1000), Each(::testing::Ge(100ms)));
  EXPECT_TRUE(history.restarts.empty()) << "and remembers nothing: it may go on for years";
}

TEST_F(RestartPolicyTest, NewHistoryStartsAfresh) {
  spec.limit = 1;
  EXPECT_TRUE(next());
  EXPECT_FALSE(next());
  history = {};
  EXPECT_EQ(next(), 100ms);
}

TEST_F(RestartPolicyTest, AnHourOfOutageFollowsTheScheduleExactly_S20) {
  spec.delay = 100ms;
  spec.max_delay = 30s;
  const fsm::TimePoint end = now + 1h;
  std::vector<fsm::TimePoint> tries;
  for (;;) {
    const auto delay = next(0s);  // each try fails at once
    ASSERT_TRUE(delay);
    now += *delay;
    if (now > end) break;
    tries.push_back(now);
  }
  // 0.1 + 0.2 + ... + 25.6 = 51.1 s in nine tries, then one each 30 s.
  ASSERT_EQ(tries.size(), 9U + (3600 - 52) / 30);
  fsm::TimePoint expected{1000s};
  for (std::size_t i = 0; i < tries.size(); ++i) {
    expected += i < 9 ? 100ms * (1 << i) : 30000ms;
    EXPECT_EQ(tries[i], expected) << "try " << i;
  }
}

}  // namespace
}  // namespace masterd::supervisor
