// shutdown() in both styles, in every phase.
#include <stdexcept>

#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MealyShutdownTest : public MachineFixture {
 protected:
  Machine::Body cleanup() {
    return [this](Machine&) { note("cleanup"); };
  }
  Machine::Body main_until_resumed() {
    return [this](Machine& m) {
      const AtEnd mark{[this] { note("main unwound"); }};
      note("main");
      for (;;) m.yield();
    };
  }
};

// ---- the swap ----

TEST_F(MealyShutdownTest, UnwindsTheMainMachineThenRunsTheOther) {
  begin(main_until_resumed(), cleanup());
  machine->shutdown("test");
  EXPECT_THAT(log, ElementsAre("main"));
  turn();
  EXPECT_THAT(log, ElementsAre("main", "main unwound", "cleanup"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
  EXPECT_EQ(machine->shutdown_reason(), "test");
  EXPECT_THAT(machine->transfers(), ElementsAre("start", "yield", "shutdown: test", "unwind",
                                                "shutdown state machine", "end"));
}

TEST_F(MealyShutdownTest, BeforeStartGoesStraightToTheCleanup) {
  make(main_until_resumed(), cleanup());
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup"));
  EXPECT_TRUE(machine->ended());
  machine->start();
  turn(2);
  EXPECT_THAT(log, ElementsAre("cleanup"));
}

TEST_F(MealyShutdownTest, OfAStartedMachineThatHasNotBegunGoesStraightToTheCleanup) {
  make(main_until_resumed(), cleanup());
  machine->start();
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup"));
  EXPECT_THAT(machine->transfers(), ElementsAre("shutdown: test", "shutdown state machine", "end"));
}

TEST_F(MealyShutdownTest, TakesTheTimeoutOfTheMainMachineAlong) {
  begin(
      [](Machine& m) {
        m.return_after_timeout(1s);
        m.yield();
      },
      [this](Machine& m) { note(m.yield()); });
  machine->shutdown("test");
  turn();
  advance(10s);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyShutdownTest, TakesATimeoutThatIsAlreadyDueAlong) {
  begin(
      [](Machine& m) {
        m.return_after_timeout(1s);
        m.yield();
      },
      [this](Machine& m) { note(m.yield()); });
  clock.advance(1s);
  turn();
  machine->shutdown("test");
  turn(5);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyShutdownTest, ComesBeforeAnEventOfTheSameTurn) {
  begin([this](Machine& m) { note(m.yield()); }, cleanup());
  machine->resume();
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup"));
}

TEST_F(MealyShutdownTest, TheCleanupMayWait) {
  begin(main_until_resumed(), [this](Machine& m) {
    note(m.wait_for(5s));
    note(m.wait_for(5s));
  });
  machine->shutdown("test");
  turn();
  EXPECT_FALSE(machine->ended());
  advance(5s);
  machine->resume();
  turn();
  EXPECT_THAT(log, ElementsAre("main", "main unwound", "timeout", "event"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
}

TEST_F(MealyShutdownTest, FromInsideAMachineThatThenReturns) {
  begin(
      [this](Machine& m) {
        m.shutdown("test");
        note("returns");
      },
      cleanup());
  EXPECT_THAT(log, ElementsAre("returns"));
  EXPECT_FALSE(machine->ended());
  turn();
  EXPECT_THAT(log, ElementsAre("returns", "cleanup"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
  EXPECT_THAT(machine->transfers(),
              ElementsAre("start", "shutdown: test", "shutdown state machine", "end"));
}

TEST_F(MealyShutdownTest, FromInsideAMachineThatThenWaits) {
  begin(
      [this](Machine& m) {
        const AtEnd mark{[this] { note("main unwound"); }};
        m.shutdown("test");
        note("waits");
        m.wait_for(1s);
        note("never");
      },
      cleanup());
  EXPECT_THAT(log, ElementsAre("waits"));
  turn();
  EXPECT_THAT(log, ElementsAre("waits", "main unwound", "cleanup"));
}

TEST_F(MealyShutdownTest, FromInsideTheCleanupChangesNothing) {
  begin(main_until_resumed(), [this](Machine& m) {
    m.shutdown("again");
    note(m.wait_for(1s));
  });
  machine->shutdown("test");
  turn(3);
  advance(1s);
  EXPECT_THAT(log, ElementsAre("main", "main unwound", "timeout"));
  EXPECT_EQ(machine->shutdown_reason(), "test");
}

TEST_F(MealyShutdownTest, TheSecondOneIsTracedAndResumesNothing) {
  begin(main_until_resumed(), [this](Machine& m) { note(m.yield()); });
  machine->shutdown("first");
  machine->shutdown("second");
  turn();
  machine->shutdown("third");
  turn(5);
  EXPECT_THAT(log, ElementsAre("main", "main unwound"));
  EXPECT_EQ(machine->shutdown_reason(), "first");
  EXPECT_THAT(
      machine->transfers(),
      ElementsAre("start", "yield", "shutdown: first", "shutdown: already in progress", "unwind",
                  "shutdown state machine", "yield", "shutdown: already in progress"));
}

TEST_F(MealyShutdownTest, ADestructorInTheSwapMayAskForAnything) {
  begin(
      [this](Machine& m) {
        const AtEnd guard{[this, &m] {
          note("main unwound");
          m.shutdown("again");
          m.resume();
          m.resume_clearing_timeout();
          m.start();
        }};
        m.yield();
      },
      [this](Machine& m) { note(m.yield()); });
  machine->shutdown("test");
  turn(5);
  EXPECT_THAT(log, ElementsAre("main unwound"));  // nothing of it reached the cleanup
  EXPECT_THAT(machine->transfers(), Contains("shutdown: already in progress"));
  machine->resume();
  turn();
  EXPECT_THAT(log, ElementsAre("main unwound", "event"));
}

TEST_F(MealyShutdownTest, ATimeoutArmedInTheUnwindingDoesNotReachTheCleanup) {
  begin(
      [](Machine& m) {
        const AtEnd guard{[&m] { m.return_after_timeout(1s); }};
        m.yield();
      },
      [this](Machine& m) { note(m.yield()); });
  machine->shutdown("test");
  turn();
  advance(10s);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyShutdownTest, MembersSurviveTheSwapAndLocalsDoNot) {
  auto member = std::make_shared<int>(1);
  std::weak_ptr<int> local;
  begin(
      [&](Machine& m) {
        const auto own = std::make_shared<int>(2);
        local = own;
        *member = 3;
        m.yield();
      },
      [&](Machine&) {
        EXPECT_EQ(*member, 3);
        EXPECT_TRUE(local.expired());
        note("cleanup");
      });
  EXPECT_FALSE(local.expired());
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup"));
}

TEST_F(MealyShutdownTest, AnExceptionInTheUnwindingIsTracedAndTheCleanupRuns) {
  begin(
      [](Machine& m) {
        try {
          m.yield();
        } catch (...) {
          throw std::runtime_error{"broken"};
        }
      },
      cleanup());
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("cleanup"));
  EXPECT_THAT(machine->transfers(), Contains("unwind failed: broken"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
}

TEST_F(MealyShutdownTest, AfterTheEndDoesNothing) {
  begin([](Machine&) {}, cleanup());
  ASSERT_TRUE(machine->ended());
  const auto before = machine->transfers();
  machine->shutdown("late");
  turn(2);
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(machine->transfers(), before);
  EXPECT_FALSE(machine->shutdown_requested());
}

// ---- the flag ----

TEST_F(MealyShutdownTest, WithoutACleanupMachineTheMainOneSeesTheFlag) {
  begin([this](Machine& m) {
    while (!m.shutdown_requested()) note(m.wait_for(60s));
    note("ends by itself: " + *m.shutdown_reason());
  });
  machine->shutdown("test");
  turn();
  EXPECT_THAT(log, ElementsAre("event", "ends by itself: test"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
}

TEST_F(MealyShutdownTest, WithoutACleanupMachineTheMainOneMayStillWait) {
  begin([this](Machine& m) {
    note(m.yield());
    note(m.wait_for(5s));
  });
  machine->shutdown("test");
  turn();
  machine->shutdown("again");
  turn(3);
  EXPECT_THAT(log, ElementsAre("event"));
  advance(5s);
  EXPECT_THAT(log, ElementsAre("event", "timeout"));
  EXPECT_TRUE(machine->ended());
}

TEST_F(MealyShutdownTest, WithoutACleanupMachineAndBeforeItBeganItEnds) {
  make([this](Machine&) { note("never"); });
  machine->shutdown("test");
  turn();
  EXPECT_TRUE(machine->ended());
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
  machine->start();
  turn();

  Machine started{loop, [this](Machine&) { note("never"); }};
  started.start();
  started.shutdown("test");
  turn();
  EXPECT_TRUE(started.ended());
  EXPECT_THAT(started.transfers(), ElementsAre("shutdown: test", "ended before it began", "end"));
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyShutdownTest, WithoutACleanupMachineAndFromInsideItCountsForTheNextWait) {
  begin([this](Machine& m) {
    m.shutdown("test");
    note(m.wait_for(60s));
  });
  turn();
  EXPECT_THAT(log, ElementsAre("event"));
  EXPECT_TRUE(machine->ended());
}

TEST_F(MealyShutdownTest, WithoutACleanupMachineAndDuringReturnNextLoopItCountsForTheNextWait) {
  begin([this](Machine& m) {
    m.return_next_loop();
    note(m.yield());
  });
  machine->shutdown("test");
  turn(2);
  EXPECT_THAT(log, ElementsAre("event"));
}

}  // namespace
}  // namespace masterd::fsm
