// The end of a session in every phase of its life.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorShutdownTest : public SupervisorFixture {
 protected:
  void shut_down() {
    supervisor->shutdown("end of session");
    settle();
  }
};

TEST_F(SupervisorShutdownTest, BeforeTheFirstTurnNothingIsSpawned_D1) {
  supervisor.emplace(loop, launcher, session({coprocess("a")}), sink);
  supervisor->on_end([this] { over = true; });
  supervisor->start();
  shut_down();
  EXPECT_TRUE(over);
  EXPECT_EQ(launcher.launches, 0);
  EXPECT_EQ(states(), "a=stopped");
}

TEST_F(SupervisorShutdownTest, InEachTurnOfTheBringUpEndsWithNothingLeft_D1_P4) {
  for (int turns = 0; turns < 16; ++turns) {
    SCOPED_TRACE(turns);
    over = false;
    supervisor.emplace(
        loop, launcher,
        session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"}), coprocess("d")}),
        sink);
    supervisor->on_end([this] { over = true; });
    supervisor->start();
    for (int i = 0; i < turns; ++i) loop.run_once(fsm::Duration::zero());
    shut_down();
    EXPECT_TRUE(over);
    EXPECT_EQ(states(), "a=stopped b=stopped c=stopped d=stopped");
    EXPECT_FALSE(anything_lives());
  }
}

TEST_F(SupervisorShutdownTest, WhileSomeWaitForAStoppedRequirement_D1) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  supervisor->stop_coprocess("a", false);
  settle();
  shut_down();
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=stopped b=stopped");
}

TEST_F(SupervisorShutdownTest, InABackoff_D1) {
  run(session({restarting(coprocess("a")), coprocess("b", {"a"})}));
  dies("a");
  shut_down();
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=stopped b=stopped");
  advance(3600s);
  EXPECT_EQ(launcher.launches, 2) << "the backoff's timer is gone";
}

TEST_F(SupervisorShutdownTest, WithFailedRequirementsAndDependents_P4) {
  launcher.fail_next = ENOENT;
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c")}));
  shut_down();
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=failed b=failed c=stopped") << "why they failed stays visible";
}

TEST_F(SupervisorShutdownTest, WhileDependentsWindDownForADeadRequirement_D1) {
  launcher.deaf = true;
  run(session({restarting(coprocess("a")), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  dies("a");
  EXPECT_EQ(states(), "a=backoff b=running c=stopping");
  shut_down();
  EXPECT_EQ(states(), "a=stopped b=running c=stopping");
  advance(5s);
  EXPECT_EQ(states(), "a=stopped b=stopping c=stopped");
  advance(5s);
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=stopped b=stopped c=stopped");
}

TEST_F(SupervisorShutdownTest, TakesBackARestartUnderWay_D1) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  supervisor->restart_coprocess("a", false);
  settle();
  shut_down();
  advance(5s);
  EXPECT_TRUE(over);
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorShutdownTest, NothingCanBeStartedAnyMore) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b")}));
  supervisor->stop_coprocess("b", true);
  settle();
  shut_down();
  sink.take_steps();
  supervisor->start_coprocess("b");
  supervisor->restart_coprocess("a", false);
  settle();
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  advance(5s);
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=stopped b=stopped");
  supervisor->start_coprocess("b");
  settle();
  EXPECT_EQ(states(), "a=stopped b=stopped") << "nor after the end";
}

TEST_F(SupervisorShutdownTest, CrashDuringTheEndIsNoFailureAndNotRestarted_P13) {
  launcher.deaf = true;
  config::CoprocessSpec spec = restarting(coprocess("a"), config::Restart::Always);
  spec.vital = true;
  run(session({spec}));
  shut_down();
  process("a").end_by(SIGSEGV);
  settle();
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_TRUE(over);
  EXPECT_THAT(sink.ends, IsEmpty());
}

TEST_F(SupervisorShutdownTest, SecondShutdownPostponesNothing_C23) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  shut_down();
  advance(4s);
  shut_down();
  advance(1s);
  EXPECT_TRUE(over);
}

TEST_F(SupervisorShutdownTest, StopNowDuringTheEndHurries) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  shut_down();
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_TRUE(over);
}

TEST_F(SupervisorShutdownTest, AHundredDeafOnesEndInOneGrace_S8) {
  launcher.deaf = true;
  std::vector<config::CoprocessSpec> all;
  for (int i = 0; i < 100; ++i) all.push_back(coprocess("c" + std::to_string(i)));
  run(session(all));
  const fsm::TimePoint begin = clock.now();
  shut_down();
  advance(5s - 1ns);
  EXPECT_FALSE(over);
  advance(1ns);
  EXPECT_TRUE(over);
  EXPECT_EQ(clock.now() - begin, 5s);
}

TEST_F(SupervisorShutdownTest, AChainOfThreeDeafOnesEndsInThreeGraces_S8) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"}), coprocess("d")}));
  shut_down();
  advance(5s);
  EXPECT_EQ(states(), "a=running b=stopping c=stopped d=stopped");
  advance(5s);
  EXPECT_EQ(states(), "a=stopping b=stopped c=stopped d=stopped");
  advance(5s - 1ns);
  EXPECT_FALSE(over);
  advance(1ns);
  EXPECT_TRUE(over);
}

TEST_F(SupervisorShutdownTest, WhatStillHoldsUpTheEndIsVisible_P15) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  shut_down();
  EXPECT_THAT(supervisor->view("a").waiting_for, ElementsAre("b"));
  EXPECT_EQ(reason("b"), "end of session");
}

TEST_F(SupervisorShutdownTest, SupervisorDestroyedInAnyPhaseKillsWhatLives) {
  launcher.deaf = true;
  run(session({restarting(coprocess("a")), coprocess("b", {"a"}), coprocess("c")}));
  supervisor->stop_coprocess("c", false);
  dies("a");
  EXPECT_EQ(states(), "a=backoff b=stopping c=stopping");
  supervisor.reset();
  EXPECT_FALSE(anything_lives());
  advance(3600s);
  EXPECT_EQ(launcher.launches, 3) << "no timer of it is left";
}

TEST_F(SupervisorShutdownTest, SessionOfNothingIsReadyAndEnds) {
  run(session({}));
  EXPECT_TRUE(supervisor->all_ready());
  EXPECT_TRUE(supervisor->settled());
  shut_down();
  EXPECT_TRUE(over);
}

}  // namespace
}  // namespace masterd::supervisor
