// start, yield, resume, return_next_loop, stop, the trace.
#include <sys/epoll.h>

#include <stdexcept>

#include "tests/fsm/descriptors.h"
#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MealyWaitTest : public MachineFixture {};

TEST_F(MealyWaitTest, StartRunsNothingInsideTheCall) {
  make([this](Machine&) { note("ran"); }).start();
  EXPECT_THAT(log, IsEmpty());
  turn();
  EXPECT_THAT(log, ElementsAre("ran"));
}

TEST_F(MealyWaitTest, StartIsIdempotentInEveryPhase) {
  begin([this](Machine& m) {
    note("begins");
    m.start();
    m.yield();
  });
  machine->start();
  turn(2);
  machine->resume();
  turn();
  EXPECT_TRUE(machine->ended());
  machine->start();
  turn(2);
  EXPECT_THAT(log, ElementsAre("begins"));
}

TEST_F(MealyWaitTest, YieldReturnsOnTheTurnAfterAResume) {
  begin([this](Machine& m) { note(m.yield()); });
  turn(3);
  EXPECT_THAT(log, IsEmpty());
  machine->resume();
  EXPECT_THAT(log, IsEmpty());
  turn();
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyWaitTest, SeveralResumesInATurnAreOne) {
  begin([this](Machine& m) {
    for (;;) note(m.yield());
  });
  for (int i = 0; i < 5; ++i) machine->resume();
  machine->resume_clearing_timeout();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyWaitTest, AResumeBeforeStartDoesNothing) {
  make([this](Machine& m) { note(m.yield()); });
  machine->resume();
  machine->resume_clearing_timeout();
  turn(2);
  EXPECT_THAT(machine->transfers(), IsEmpty());
  machine->start();
  turn(3);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyWaitTest, AResumeBetweenStartAndTheFirstTurnIsTheStart) {
  make([this](Machine& m) { note(m.yield()); });
  machine->start();
  machine->resume();
  turn(3);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyWaitTest, AResumeThatComesWhileTheMachineRunsCountsForItsNextWait) {
  begin([this](Machine& m) {
    m.resume();
    note(m.yield());
    note(m.yield());
  });
  turn(3);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyWaitTest, ReturnNextLoopGivesEveryOtherReadySourceATurn) {
  const Descriptor a = readable_fd();
  const Descriptor b = readable_fd();
  int calls_a = 0;
  int calls_b = 0;
  const Watch of_a = loop.watch_fd(a.get(), EPOLLIN, [&](std::uint32_t) { ++calls_a; });
  const Watch of_b = loop.watch_fd(b.get(), EPOLLIN, [&](std::uint32_t) { ++calls_b; });
  make([&](Machine& m) {
    for (int i = 1; i <= 3; ++i) {
      m.return_next_loop();
      EXPECT_EQ(calls_a, i);
      EXPECT_EQ(calls_b, i);
    }
    note("done");
  });
  machine->start();
  turn(4);
  EXPECT_THAT(log, ElementsAre("done"));
}

TEST_F(MealyWaitTest, ReturnNextLoopTakesNoEventFromTheNextWait) {
  begin([this](Machine& m) {
    m.return_next_loop();
    note("next turn");
    note(m.yield());
  });
  machine->resume();
  turn(2);
  EXPECT_THAT(log, ElementsAre("next turn", "event"));
}

TEST_F(MealyWaitTest, ReturnNextLoopTakesNoTimeoutFromTheNextWait) {
  begin([this](Machine& m) {
    m.return_after_timeout(0s);
    m.return_next_loop();
    note("next turn");
    note(m.yield());
  });
  turn(3);
  EXPECT_THAT(log, ElementsAre("next turn", "timeout"));
}

TEST_F(MealyWaitTest, ReturnNextLoopAloneLeavesNoEventBehind) {
  begin([this](Machine& m) {
    m.return_next_loop();
    note(m.yield());
  });
  turn(5);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyWaitTest, StopEndsTheLoopAfterTheTurn) {
  make([this](Machine& m) {
    m.stop();
    note("still runs");
    m.yield();
  });
  machine->start();
  loop.run();
  EXPECT_EQ(loop.turns(), 1U);
  EXPECT_THAT(log, ElementsAre("still runs"));
}

TEST_F(MealyWaitTest, TracesEveryControlTransfer) {
  begin([](Machine& m) {
    m.yield();
    m.wait_for(1s);
    m.return_next_loop();
  });
  machine->resume();
  turn();
  advance(1s);
  turn();
  EXPECT_THAT(machine->transfers(),
              ElementsAre("start", "yield", "resume: event", "yield", "resume: timeout",
                          "yield for one turn", "resume: next turn", "end"));
}

TEST_F(MealyWaitTest, AWaitInsideACatchBlockKeepsTheExceptionsOfTwoMachinesApart) {
  const auto body = [this](const char* text) {
    return [this, text](Machine& m) {
      try {
        throw std::runtime_error{text};
      } catch (const std::exception& error) {
        m.yield();
        note(error.what());
        m.yield();
        throw;
      }
    };
  };
  Machine first{loop, body("first")};
  Machine second{loop, body("second")};
  first.start();
  second.start();
  for (int i = 0; i < 3; ++i) {
    turn();
    EXPECT_EQ(std::current_exception(), nullptr);
    first.resume();
    second.resume();
  }
  EXPECT_THAT(log, ElementsAre("first", "second"));
  EXPECT_EQ(first.failure(), "first");
  EXPECT_EQ(second.failure(), "second");
}

}  // namespace
}  // namespace masterd::fsm
