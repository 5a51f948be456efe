// Exceptions of tasks, handlers and timers: to on_error(), or out of the turn without loss.
#include <sys/epoll.h>

#include <stdexcept>

#include "tests/fsm/descriptors.h"
#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class EventLoopErrorTest : public LoopFixture {
 protected:
  auto note(const std::string& what) {
    return [this, what](auto...) { log.push_back(what); };
  }
  static auto fault(const std::string& what) {
    return [what](auto...) { throw std::runtime_error{what}; };
  }
  void log_errors() {
    loop.on_error([this](const std::exception& error) { log.emplace_back(error.what()); });
  }
};

TEST_F(EventLoopErrorTest, OnErrorGetsWhatATaskThrewAndTheTurnGoesOn) {
  log_errors();
  loop.post(fault("error"));
  loop.post(note("behind"));
  turn();
  EXPECT_THAT(log, ElementsAre("error", "behind"));
}

TEST_F(EventLoopErrorTest, OnErrorGetsWhatAHandlerThrewAndTheOtherHandlersRun) {
  log_errors();
  const Descriptor a = readable_fd();
  const Descriptor b = readable_fd();
  const Watch of_a = loop.watch_fd(a.get(), EPOLLIN, fault("error of a"));
  const Watch of_b = loop.watch_fd(b.get(), EPOLLIN, note("b"));
  turn();
  EXPECT_THAT(log, UnorderedElementsAre("error of a", "b"));
}

TEST_F(EventLoopErrorTest, OnErrorGetsWhatATimerThrewAndThoseBehindRunInTheNextTurn) {
  log_errors();
  loop.arm(clock.now(), fault("error"));
  loop.arm(clock.now(), note("behind"));
  turn(2);
  EXPECT_THAT(log, ElementsAre("error", "behind"));
}

TEST_F(EventLoopErrorTest, WithoutOnErrorATasksExceptionLeavesTheTurnAndTheRestKeepsItsPlace) {
  loop.post([this] {
    log.emplace_back("before");
    loop.post(note("posted by it"));
  });
  loop.post(fault("error"));
  loop.post(note("behind"));
  EXPECT_THROW(turn(), std::runtime_error);
  loop.post(note("posted after"));
  turn();
  EXPECT_THAT(log, ElementsAre("before", "behind", "posted by it", "posted after"));
}

TEST_F(EventLoopErrorTest, WithoutOnErrorAHandlersExceptionLosesNoOtherSource) {
  const Descriptor a = readable_fd();
  const Descriptor b = readable_fd();
  Watch of_a;
  of_a = loop.watch_fd(a.get(), EPOLLIN, [&](std::uint32_t) {
    of_a.reset();
    throw std::runtime_error{"error"};
  });
  const Watch of_b = loop.watch_fd(b.get(), EPOLLIN, note("b"));
  const Watch timer = loop.at(clock.now(), note("timer"));
  EXPECT_THROW(turn(), std::runtime_error);
  log.clear();  // b may have been named first
  turn();
  EXPECT_EQ(log.front(), "b");
}

TEST_F(EventLoopErrorTest, WithoutOnErrorATimersExceptionLosesNoOtherTimer) {
  loop.arm(clock.now(), fault("error"));
  loop.arm(clock.now(), note("behind"));
  EXPECT_THROW(turn(), std::runtime_error);
  turn();
  EXPECT_THAT(log, ElementsAre("behind"));
}

TEST_F(EventLoopErrorTest, WhatIsNoStdExceptionLeavesTheTurnInAnyCase) {
  log_errors();
  loop.post([] { throw 42; });
  loop.post(note("behind"));
  EXPECT_THROW(turn(), int);
  turn();
  EXPECT_THAT(log, ElementsAre("behind"));
}

}  // namespace
}  // namespace masterd::fsm
