// The loop on the real clock: run, stop, waiting turns, other threads. No test asserts how long
// something took, only what came first and that nothing came early.
#include <sys/epoll.h>

#include <atomic>
#include <latch>
#include <thread>

#include "fsm/event_loop.h"
#include "tests/fsm/descriptors.h"
#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

class EventLoopRunTest : public ::testing::Test {
 protected:
  SteadyClock clock;
  EventLoop loop{clock};
  std::vector<std::string> log;
};

TEST_F(EventLoopRunTest, TimersLessThanAMillisecondApartFireInOrderAndNotEarly) {
  const TimePoint start = clock.now();
  for (const int us : {900, 300, 600}) {
    loop.arm(start + microseconds{us}, [this, start, us] {
      EXPECT_GE(clock.now(), start + microseconds{us});
      log.push_back(std::to_string(us));
      if (us == 900) loop.stop();
    });
  }
  loop.run();
  EXPECT_THAT(log, ElementsAre("300", "600", "900"));
}

TEST_F(EventLoopRunTest, AStopBeforeRunMakesItReturnAfterNoTurn) {
  loop.post([this] { log.emplace_back("never"); });
  loop.stop();
  loop.stop();
  loop.run();
  EXPECT_EQ(loop.turns(), 0U);
}

TEST_F(EventLoopRunTest, AStoppedLoopRunsAgain) {
  loop.stop();
  loop.run();
  loop.post([this] {
    log.emplace_back("ran");
    loop.stop();
  });
  loop.run();
  EXPECT_THAT(log, ElementsAre("ran"));
}

TEST_F(EventLoopRunTest, AStopInATaskEndsRunAfterTheTurn) {
  const Descriptor ready = readable_fd();
  const Watch watch =
      loop.watch_fd(ready.get(), EPOLLIN, [this](std::uint32_t) { log.emplace_back("handler"); });
  loop.post([this] {
    log.emplace_back("task");
    loop.stop();
  });
  loop.run();
  EXPECT_THAT(log, ElementsAre("task", "handler"));
  EXPECT_EQ(loop.turns(), 1U);
}

TEST_F(EventLoopRunTest, AStopInAHandlerEndsRun) {
  const Descriptor ready = readable_fd();
  const Watch watch = loop.watch_fd(ready.get(), EPOLLIN, [this](std::uint32_t) { loop.stop(); });
  loop.run();
  EXPECT_EQ(loop.turns(), 1U);
}

TEST_F(EventLoopRunTest, AnExceptionLeavesRunAndRunGoesOnWithTheRest) {
  loop.post([] { throw std::runtime_error{"error"}; });
  loop.post([this] { loop.stop(); });
  EXPECT_THROW(loop.run(), std::runtime_error);
  loop.run();
}

TEST_F(EventLoopRunTest, AnotherThreadStopsALoopThatHasNothingToDo) {
  std::latch in_turn{1};
  loop.post([&] { in_turn.count_down(); });
  std::thread other{[&] {
    in_turn.wait();
    loop.stop();
  }};
  loop.run();
  other.join();
}

TEST_F(EventLoopRunTest, AnotherThreadsPostWakesALoopThatHasNothingToDo) {
  std::latch in_turn{1};
  loop.post([&] { in_turn.count_down(); });
  std::thread other{[&] {
    in_turn.wait();
    loop.post([&] {
      EXPECT_NE(std::this_thread::get_id(), other.get_id());
      loop.stop();
    });
  }};
  loop.run();
  other.join();
}

TEST_F(EventLoopRunTest, NoneOf10000PostsFromFourThreadsIsLostAndEachThreadsKeepTheirOrder) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2'500;
  std::vector<int> next(kThreads);
  int done = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < kPosts; ++i) {
        loop.post([&, t, i] {
          EXPECT_EQ(next[t]++, i);
          if (++done == kThreads * kPosts) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(done, kThreads * kPosts);
}

TEST_F(EventLoopRunTest, RunOnceReturnsWhenItsTimeoutIsOver) {
  const TimePoint start = clock.now();
  loop.run_once(milliseconds{2});
  EXPECT_GE(clock.now(), start + milliseconds{2});
  EXPECT_EQ(loop.turns(), 1U);
}

TEST_F(EventLoopRunTest, RunOnceWithZeroOrLessDoesNotWait) {
  loop.arm(clock.now() + std::chrono::hours{1}, [] {});
  loop.run_once(Duration::zero());
  loop.run_once(Duration{-1});
  loop.run_once(Duration::min());
  EXPECT_EQ(loop.turns(), 3U);
}

TEST_F(EventLoopRunTest, RunOnceTakesTheLongestTimeoutThereIs) {
  loop.arm(clock.now() + milliseconds{1}, [this] { log.emplace_back("timer"); });
  loop.run_once(Duration::max());
  EXPECT_THAT(log, ElementsAre("timer"));
}

TEST_F(EventLoopRunTest, RunOnceDoesNotWaitWhileATaskIsScheduled) {
  loop.post([this] { loop.post([this] { log.emplace_back("second"); }); });
  loop.run_once();
  loop.run_once(Duration::zero());
  EXPECT_THAT(log, ElementsAre("second"));
}

TEST_F(EventLoopRunTest, RunOnceDoesNotWaitAfterATask) {
  // Else who says "until it is done, turn" would wait for ever after the task that does it.
  bool done = false;
  loop.post([&done] { done = true; });
  while (!done) loop.run_once();
  EXPECT_EQ(loop.turns(), 1U);
}

TEST_F(EventLoopRunTest, AWaitingTurnIsASingleTurnHoweverManyIdleSourcesThereAre) {
  std::vector<Descriptor> fds;
  std::vector<Watch> watches;
  for (int i = 0; i < 600; ++i) {
    fds.push_back(idle_fd());
    watches.push_back(loop.watch_fd(fds.back().get(), EPOLLIN, [](std::uint32_t) {}));
  }
  loop.arm(clock.now() + milliseconds{20}, [this] { loop.stop(); });
  loop.run();
  EXPECT_EQ(loop.turns(), 1U);  // no wake-up "just in case"
}

TEST_F(EventLoopRunTest, ACancelledTimerCausesNoWakeUp) {
  loop.arm(clock.now() + milliseconds{10}, [this] { loop.stop(); });
  Watch early = loop.at(clock.now() + milliseconds{2}, [] {});
  loop.run_once(Duration::zero());
  early.reset();
  const std::uint64_t before = loop.turns();
  loop.run();
  EXPECT_EQ(loop.turns() - before, 1U);
}

#ifndef NDEBUG  // broken contracts assert
TEST(EventLoopDeathTest, AHandlerMayNotRunTheLoop) {
  const auto run_inside = [] {
    const SteadyClock clock;
    EventLoop loop{clock};
    loop.post([&loop] { loop.process(); });
    loop.process();
  };
  EXPECT_DEATH(run_inside(), "a handler must not run the loop");
}

TEST(EventLoopDeathTest, AnotherThreadMayNotRunTheLoop) {
  const auto run_elsewhere = [] {
    const SteadyClock clock;
    EventLoop loop{clock};
    std::thread{[&loop] { loop.process(); }}.join();
  };
  EXPECT_DEATH(run_elsewhere(), "the loop belongs to another thread");
}
#endif

}  // namespace
}  // namespace masterd::fsm
