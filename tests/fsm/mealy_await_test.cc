// await and await_any: waits for latches only.
#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MealyAwaitTest : public MachineFixture {
 protected:
  Event event;
  Event other;
};

TEST_F(MealyAwaitTest, ReturnsAtOnceWhenTheEventIsSetBefore) {
  event.set();
  begin([this](Machine& m) { note(m.await(event)); });
  EXPECT_THAT(log, ElementsAre("event"));
  EXPECT_TRUE(event.is_set());
}

TEST_F(MealyAwaitTest, ReturnsOnTheTurnAfterTheSet) {
  begin([this](Machine& m) { note(m.await(event)); });
  event.set();
  EXPECT_THAT(log, IsEmpty());
  turn();
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, TheLatchStaysSetUntilItIsReset) {
  event.set();
  begin([this](Machine& m) {
    note(m.await(event));
    note(m.await(event));
    event.reset();
    note(m.await(event));
  });
  EXPECT_THAT(log, ElementsAre("event", "event"));
  turn(3);
  event.set();
  turn();
  EXPECT_EQ(log.size(), 3U);
}

TEST_F(MealyAwaitTest, ASetEventWinsOverADeadlineInThePast) {
  event.set();
  begin([this](Machine& m) { note(m.await(event, clock.now() - 1s)); });
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, EndsAtItsDeadline) {
  begin([this](Machine& m) { note(m.await(event, clock.now() + 5s)); });
  advance(4s);
  EXPECT_THAT(log, IsEmpty());
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyAwaitTest, TheEventWinsIfTheDeadlineCameInTheSameTurn) {
  begin([this](Machine& m) {
    note(m.await(event, clock.now() + 1s));
    note(m.yield());
  });
  clock.advance(1s);
  turn();
  event.set();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));  // and the deadline resumes nothing later
}

TEST_F(MealyAwaitTest, IgnoresOtherResumes) {
  begin([this](Machine& m) { note(m.await(event, clock.now() + 5s)); });
  for (int i = 0; i < 4; ++i) {
    machine->resume();
    advance(1s);
  }
  EXPECT_THAT(log, IsEmpty());
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyAwaitTest, AResumeThatClearsTheTimeoutMakesItWaitForTheEventAlone) {
  begin([this](Machine& m) { note(m.await(event, clock.now() + 5s)); });
  machine->resume_clearing_timeout();
  advance(10s);
  EXPECT_THAT(log, IsEmpty());
  event.set();
  turn();
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, ASetThatIsResetBeforeTheMachineRunsEndsNothing) {
  begin([this](Machine& m) { note(m.await(event)); });
  event.set();
  event.reset();
  turn(3);
  EXPECT_THAT(log, IsEmpty());
  event.set();
  turn();
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, AnyOfSeveralEventsEndsAwaitAny) {
  begin([this](Machine& m) {
    note(m.await_any({&event, &other}));
    note(other.is_set() ? "other" : "event");
  });
  other.set();
  turn();
  EXPECT_THAT(log, ElementsAre("event", "other"));
}

TEST_F(MealyAwaitTest, TwoEventsInATurnEndOneWait) {
  begin([this](Machine& m) {
    note(m.await_any({&event, &other}));
    note(m.yield());
  });
  event.set();
  other.set();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, AnEventSetAfterItsWaitEndedResumesNoLaterWait) {
  begin([this](Machine& m) {
    note(m.await(event, clock.now() + 1s));
    note(m.yield());
  });
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
  event.set();
  turn(5);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyAwaitTest, AnEventSetAfterAnotherEndedTheWaitResumesNoLaterWait) {
  begin([this](Machine& m) {
    note(m.await_any({&event, &other}));
    note(m.yield());
  });
  event.set();
  turn();
  other.set();
  turn(5);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, AnEventSetAfterAnUnwindOfTheWaiterDoesNothing) {
  begin([this](Machine& m) { note(m.await(event)); });
  machine.reset();
  event.set();
  turn(2);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyAwaitTest, AnEventAwaitedByTheUnwoundMainMachineIsFreeForTheCleanup) {
  begin([this](Machine& m) { note(m.await(event)); },
        [this](Machine& m) {
          note("cleanup");
          note(m.await(event, clock.now() + 1s));
        });
  machine->shutdown("test");
  turn();
  event.set();
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup", "event"));
}

// Whether a deadline armed before survives must not depend on which came first.
TEST_F(MealyAwaitTest, ReplacesAnArmedTimeoutAlsoWhenItReturnsAtOnce) {
  event.set();
  begin([this](Machine& m) {
    m.return_after_timeout(1s);
    note(m.await(event));
    note(m.yield());
  });
  advance(10s);
  EXPECT_THAT(log, ElementsAre("event"));
}

// In the flag style a grace period is not cut short: the machine looks at the flag after the wait.
TEST_F(MealyAwaitTest, WithoutACleanupMachineAShutdownDoesNotEndIt) {
  begin([this](Machine& m) {
    note(m.await(event, clock.now() + 5s));
    note(m.shutdown_requested() ? "requested" : "not requested");
  });
  machine->shutdown("test");
  turn(3);
  EXPECT_THAT(log, IsEmpty());
  advance(5s);
  EXPECT_THAT(log, ElementsAre("timeout", "requested"));
}

TEST_F(MealyAwaitTest, OneMachinesEventMayBeSetByAnother) {
  Machine setter{loop, [this](Machine& m) {
                   m.wait_for(1s);
                   event.set();
                 }};
  setter.start();
  begin([this](Machine& m) { note(m.await(event)); });
  clock.advance(1s);
  turn(3);
  EXPECT_THAT(log, ElementsAre("event"));
}

TEST_F(MealyAwaitTest, TracesItsTransfers) {
  begin([this](Machine& m) { m.await(event, clock.now() + 1s); });
  machine->resume();
  turn();
  event.set();
  turn();
  EXPECT_THAT(machine->transfers(),
              ElementsAre("start", "await", "resume: event", "await", "resume: event", "end"));
}

}  // namespace
}  // namespace masterd::fsm
