// How machines end: by themselves, by an exception, by unwind(), by destruction.
#include <memory>
#include <stdexcept>

#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class MealyEndTest : public MachineFixture {};

TEST_F(MealyEndTest, AMachineThatReturnsIsFinished) {
  make([](Machine&) {});
  EXPECT_EQ(machine->outcome(), Outcome::Pending);
  EXPECT_FALSE(machine->ended());
  machine->start();
  turn();
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
  EXPECT_TRUE(machine->ended());
  EXPECT_EQ(machine->failure(), "");
  EXPECT_THAT(machine->transfers(), ElementsAre("start", "end"));
}

TEST_F(MealyEndTest, AnExceptionEndsThatMachineAlone) {
  Machine healthy{loop, [this](Machine& m) { note(m.wait_for(1s)); }};
  healthy.start();
  begin([](Machine&) { throw std::runtime_error{"broken"}; });
  EXPECT_EQ(machine->outcome(), Outcome::Failed);
  EXPECT_EQ(machine->failure(), "broken");
  EXPECT_THAT(machine->transfers(), ElementsAre("start", "failed: broken"));
  advance(1s);
  EXPECT_THAT(log, ElementsAre("timeout"));
}

TEST_F(MealyEndTest, SomethingElseThrownEndsItToo) {
  begin([](Machine&) { throw 42; });
  EXPECT_EQ(machine->outcome(), Outcome::Failed);
  EXPECT_EQ(machine->failure(), "an exception that is no std::exception");
}

TEST_F(MealyEndTest, AnExceptionRethrownAfterAWaitInACatchBlockIsItsFailure) {
  begin([](Machine& m) {
    try {
      throw std::runtime_error{"first"};
    } catch (const std::exception&) {
      m.yield();
      throw;
    }
  });
  machine->resume();
  turn();
  EXPECT_EQ(machine->failure(), "first");
}

TEST_F(MealyEndTest, AnExceptionInTheCleanupIsItsFailure) {
  begin([](Machine& m) { m.yield(); }, [](Machine&) { throw std::runtime_error{"in cleanup"}; });
  machine->shutdown("test");
  turn();
  EXPECT_EQ(machine->outcome(), Outcome::Failed);
  EXPECT_EQ(machine->failure(), "in cleanup");
}

TEST_F(MealyEndTest, AMainMachineThatFailedIsNotFollowedByItsCleanup) {
  begin(
      [](Machine& m) {
        m.shutdown("test");
        throw std::runtime_error{"broken"};
      },
      [this](Machine&) { note("never"); });
  turn(3);
  EXPECT_EQ(machine->outcome(), Outcome::Failed);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyEndTest, AResumeAfterTheEndDoesNothing) {
  begin([](Machine& m) { m.return_after_timeout(1s); });
  const auto before = machine->transfers();
  machine->resume();
  machine->resume_clearing_timeout();
  machine->start();
  advance(10s);
  EXPECT_EQ(machine->transfers(), before);
}

TEST_F(MealyEndTest, AResumeAfterAFailureDoesNothing) {
  begin([](Machine& m) {
    m.return_after_timeout(1s);
    throw std::runtime_error{"broken"};
  });
  const auto before = machine->transfers();
  machine->resume();
  machine->shutdown("late");
  advance(10s);
  EXPECT_EQ(machine->transfers(), before);
  EXPECT_EQ(machine->outcome(), Outcome::Failed);
}

TEST_F(MealyEndTest, AResumeScheduledWhenTheMachineEndsDoesNothing) {
  begin([](Machine& m) { m.resume(); });
  const auto before = machine->transfers();
  turn(3);
  EXPECT_EQ(machine->transfers(), before);
}

TEST_F(MealyEndTest, OnEndIsToldOnceOnALaterTurnAndNotOnTheMachinesStack) {
  int told = 0;
  make([this](Machine&) { note("main"); });
  machine->on_end([&] {
    ++told;
    EXPECT_TRUE(machine->ended());
    EXPECT_EQ(machine->outcome(), Outcome::Finished);
  });
  machine->start();
  turn();
  EXPECT_EQ(told, 0);
  turn(3);
  EXPECT_EQ(told, 1);
}

TEST_F(MealyEndTest, OnEndIsToldAfterAFailure) {
  make([](Machine&) { throw std::runtime_error{"broken"}; });
  machine->on_end([this] { note(machine->failure()); });
  machine->start();
  turn(2);
  EXPECT_THAT(log, ElementsAre("broken"));
}

TEST_F(MealyEndTest, OnEndIsToldAfterTheCleanup) {
  make([](Machine& m) { m.yield(); }, [this](Machine&) { note("cleanup"); });
  machine->on_end([this] { note("end"); });
  machine->start();
  turn();
  machine->shutdown("test");
  turn(3);
  EXPECT_THAT(log, ElementsAre("cleanup", "end"));
}

TEST_F(MealyEndTest, OnEndMayDestroyTheMachine) {
  make([](Machine&) {});
  machine->on_end([this, text = std::make_shared<std::string>("a text of the capture")] {
    machine.reset();
    note(*text);
  });
  machine->start();
  turn(3);
  EXPECT_THAT(log, ElementsAre("a text of the capture"));
  EXPECT_EQ(machine, nullptr);
}

TEST_F(MealyEndTest, OnEndMayReplaceTheMachineByANewOne) {
  int lives = 0;
  std::function<void()> next_life = [&] {
    make([&lives](Machine&) { ++lives; });
    if (lives < 2) machine->on_end(next_life);
    machine->start();
  };
  next_life();
  turn(10);
  EXPECT_EQ(lives, 3);
}

TEST_F(MealyEndTest, OnEndGivenAfterTheEndIsToldToo) {
  begin([](Machine&) {});
  machine->on_end([this] { note("end"); });
  EXPECT_THAT(log, IsEmpty());
  turn(3);
  EXPECT_THAT(log, ElementsAre("end"));
}

TEST_F(MealyEndTest, OnEndIsNotToldOfAMachineDestroyedMeanwhile) {
  make([](Machine&) {});
  machine->on_end([this] { note("never"); });
  machine->start();
  turn();  // it has ended, on_end is due
  machine.reset();
  turn(2);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyEndTest, UnwindEndsItNowAndTellsNobody) {
  make([this](Machine& m) {
    const AtEnd mark{[this] { note("unwound"); }};
    m.wait_for(1s);
  });
  machine->on_end([this] { note("never"); });
  machine->start();
  turn();
  machine->resume();  // due, and must not run any more
  machine->unwind();
  EXPECT_THAT(log, ElementsAre("unwound"));
  EXPECT_TRUE(machine->ended());
  EXPECT_EQ(machine->outcome(), Outcome::Pending);
  machine->unwind();
  machine->resume();
  machine->shutdown("late");
  machine->start();
  advance(10s);
  EXPECT_THAT(log, ElementsAre("unwound"));
}

TEST_F(MealyEndTest, UnwindBeforeItBeganRunsNothing) {
  make([this](Machine&) { note("never"); }, [this](Machine&) { note("never"); });
  machine->start();
  machine->shutdown("test");
  machine->unwind();
  turn(3);
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(MealyEndTest, WhatADestructorAsksForDuringAnUnwindDoesNothing) {
  make([this](Machine& m) {
    const AtEnd guard{[this, &m] {
      m.resume();
      m.resume_clearing_timeout();
      m.shutdown("late");
      m.return_after_timeout(1s);
      note("unwound");
    }};
    m.yield();
  });
  machine->on_end([this] { note("never"); });
  machine->start();
  turn();
  machine->unwind();
  const auto before = machine->transfers();
  advance(10s);
  turn(2);
  EXPECT_THAT(log, ElementsAre("unwound"));
  EXPECT_EQ(machine->transfers(), before);
}

TEST_F(MealyEndTest, DestructionWhileSuspendedUnwinds) {
  begin([this](Machine& m) {
    const AtEnd mark{[this] { note("unwound"); }};
    m.wait_for(1s);
  });
  machine.reset();
  EXPECT_THAT(log, ElementsAre("unwound"));
  advance(10s);
}

TEST_F(MealyEndTest, DestructionInEveryOtherStateIsQuiet) {
  make([this](Machine&) { note("never"); });
  machine.reset();  // idle
  make([this](Machine&) { note("never"); }).start();
  machine.reset();  // started
  begin([](Machine& m) { m.yield(); },
        [this](Machine& m) {
          const AtEnd mark{[this] { note("cleanup unwound"); }};
          m.yield();
        });
  machine->shutdown("test");
  turn();
  machine.reset();  // in its cleanup
  begin([](Machine& m) { m.shutdown("test"); }, [this](Machine&) { note("never"); });
  machine.reset();  // between its main machine and its cleanup
  turn(3);
  EXPECT_THAT(log, ElementsAre("cleanup unwound"));
}

TEST_F(MealyEndTest, AMachineMayDestroyAnotherThatIsSuspended) {
  auto victim = std::make_unique<Machine>(loop, [this](Machine& m) {
    const AtEnd mark{[this] { note("victim unwound"); }};
    m.yield();
  });
  victim->start();
  turn();
  victim->resume();  // due, and must not run any more
  begin([&](Machine& m) {
    victim.reset();
    note("killer goes on");
    note(m.wait_for(1s));
  });
  advance(1s);
  EXPECT_EQ(log, (std::vector<std::string>{"victim unwound", "killer goes on", "timeout"}));
}

TEST_F(MealyEndTest, AMachineMayOwnAndStartAnother) {
  begin([this](Machine& m) {
    Machine inner{loop, [this](Machine& i) {
                    note(i.wait_for(1s));
                    throw std::runtime_error{"inner"};
                  }};
    Event ended;
    inner.on_end([&ended] { ended.set(); });
    inner.start();
    m.await(ended);
    note(inner.failure());
  });
  turn();
  advance(1s);
  turn(2);
  EXPECT_THAT(log, ElementsAre("timeout", "inner"));
  EXPECT_EQ(machine->outcome(), Outcome::Finished);
}

TEST(MealyManyTest, AThousandMachinesAreCreatedSuspendedAndUnwound) {
  test::ManualClock clock;
  EventLoop loop{clock};
  constexpr int kCount = 1'000;
  int begun = 0;
  int unwound = 0;
  std::vector<std::unique_ptr<Machine>> machines;
  for (int i = 0; i < kCount; ++i) {
    machines.push_back(std::make_unique<Machine>(loop, [&](Machine& m) {
      const AtEnd mark{[&unwound] { ++unwound; }};
      const std::string local(100, 'x');
      ++begun;
      m.wait_for(1s);
    }));
    machines.back()->start();
  }
  loop.run_once(Duration::zero());
  EXPECT_EQ(begun, kCount);
  // A third ends by its timeout, a third by unwind(), a third by destruction.
  for (std::size_t i = 0; i < kCount; i += 3) machines[i]->unwind();
  for (std::size_t i = 1; i < kCount; i += 3) machines[i].reset();
  clock.advance(1s);
  loop.run_once(Duration::zero());
  loop.run_once(Duration::zero());
  EXPECT_EQ(unwound, kCount);
  for (std::size_t i = 2; i < kCount; i += 3) {
    EXPECT_EQ(machines[i]->outcome(), Outcome::Finished);
  }
}

}  // namespace
}  // namespace masterd::fsm
