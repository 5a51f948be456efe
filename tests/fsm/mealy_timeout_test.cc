// The one timeout: return_after_timeout, clear_timeout, wait_for, wait_until.
#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MealyTimeoutTest : public MachineFixture {};

TEST_F(MealyTimeoutTest, ATimeoutEndsAYield) {
  begin([this](Machine& m) {
    m.return_after_timeout(5s);
    note(m.yield());
  });
  advance(5s - 1ns);
  EXPECT_THAT(log, IsEmpty());
  advance(1ns);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

// The grace loop: a client that repeats its request must not postpone the end of the grace.
TEST_F(MealyTimeoutTest, SeveralYieldsShareOneTimeout) {
  begin([this](Machine& m) {
    m.return_after_timeout(5s);
    while (m.yield() == Wake::Event) note("event");
    note("grace is over");
  });
  for (int i = 0; i < 4; ++i) {
    machine->resume();
    advance(1s);
  }
  EXPECT_THAT(log, ElementsAre("event", "event", "event", "event"));
  advance(1s);
  EXPECT_EQ(log.back(), "grace is over");
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
}

TEST_F(MealyTimeoutTest, ATimeoutFiresOnce) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    for (;;) note(m.yield());
  });
  advance(10s);
  advance(10s);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyTimeoutTest, ALaterTimeoutReplacesAnEarlierOne) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    m.return_after_timeout(5s);
    note(m.yield());
  });
  advance(4s);
  EXPECT_THAT(log, IsEmpty());
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
  advance(10s);
  EXPECT_EQ(log.size(), 1U);
}

TEST_F(MealyTimeoutTest, ATimeoutThatPassedWhileTheMachineRanEndsTheNextYield) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    clock.advance(2s);
    note(m.yield());
  });
  turn(2);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyTimeoutTest, TheEventWinsIfBothCameAndTheTimeoutIsToldNext) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    note(m.yield());
    note(m.yield());
  });
  clock.advance(1s);
  turn();  // the timer fires
  machine->resume();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event", "timeout"));
}

TEST_F(MealyTimeoutTest, ATimeoutThatLostIsForgottenWhenANewOneIsArmed) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    m.return_after_timeout(1s);
    note(m.yield());
  });
  clock.advance(1s);
  turn();
  machine->resume();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
  advance(1s);
  EXPECT_THAT(log, ElementsAre("event", "timeout"));
}

TEST_F(MealyTimeoutTest, ClearTimeoutDisarms) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    m.clear_timeout();
    note(m.yield());
  });
  advance(10s);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyTimeoutTest, ClearTimeoutStopsOneThatIsDueInTheSameTurn) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    m.clear_timeout();  // it has fired already and lost against the event
    note(m.yield());
  });
  clock.advance(1s);
  turn();
  machine->resume();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyTimeoutTest, ResumeLeavesTheTimeoutArmed) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    note(m.yield());
  });
  machine->resume();
  turn();
  advance(1s);
  EXPECT_THAT(log, ElementsAre("event", "timeout"));
}

TEST_F(MealyTimeoutTest, ResumeClearingTimeoutDisarmsIt) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    note(m.yield());
  });
  machine->resume_clearing_timeout();
  turn();
  advance(10s);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyTimeoutTest, ResumeClearingTimeoutDropsATimeoutThatIsDueInTheSameTurn) {
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.yield());
    note(m.yield());
  });
  clock.advance(1s);
  turn();
  machine->resume_clearing_timeout();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyTimeoutTest, WaitForReturnsWhyItEnded) {
  begin([this](Machine& m) {
    note(m.wait_for(1s));
    note(m.wait_for(1s));
  });
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
  machine->resume();
  turn();
  EXPECT_THAT(log, ElementsAre("timeout", "event"));
}

TEST_F(MealyTimeoutTest, WaitForTakesItsTimeoutAlong) {
  begin([this](Machine& m) {
    m.return_after_timeout(2s);
    note(m.wait_for(5s));
    note(m.yield());
  });
  machine->resume();
  turn();
  advance(10s);  // neither its own nor the replaced one is left
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyTimeoutTest, WaitForDropsATimeoutThatLost) {
  begin([this](Machine& m) {
    note(m.wait_for(1s));
    note(m.yield());
  });
  clock.advance(1s);
  turn();
  machine->resume();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyTimeoutTest, TheLongestWaitIsAWaitWithoutEnd) {
  begin([this](Machine& m) {
    note(m.wait_for(Duration::max()));
    note(m.wait_until(Deadline::max()));
  });
  advance(std::chrono::hours{24 * 365 * 100});
  EXPECT_THAT(log, IsEmpty());
  machine->resume();
  turn();
  machine->resume();
  turn();
  EXPECT_THAT(log, ElementsAre("event", "event"));
}

TEST_F(MealyTimeoutTest, WaitUntilADeadlineInThePastGivesTheLoopATurn) {
  loop.post([this] { note("another task"); });
  make([this](Machine& m) {
    loop.post([this] { note("a task of the next turn"); });
    note(m.wait_until(clock.now() - 1s));
  });
  machine->start();
  turn(2);
  EXPECT_THAT(log, ElementsAre("another task", "a task of the next turn", "timeout"));
}

}  // namespace
}  // namespace masterd::fsm
