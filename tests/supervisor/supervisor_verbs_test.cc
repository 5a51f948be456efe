// What an operator may ask for, in every state: stop, start, restart.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorVerbsTest : public SupervisorFixture {
 protected:
  void stop(const std::string& name, bool now = false) {
    supervisor->stop_coprocess(name, now);
    settle();
  }
  void start(const std::string& name) {
    supervisor->start_coprocess(name);
    settle();
  }
  void restart(const std::string& name, bool now = false) {
    supervisor->restart_coprocess(name, now);
    settle();
  }
};

// ---- stop ----

TEST_F(SupervisorVerbsTest, StopByHandSticksThroughRestartsOfItsRequirement_C13) {
  run(session({restarting(coprocess("a"), config::Restart::Always), coprocess("b", {"a"})}));
  stop("b");
  for (int i = 0; i < 3; ++i) {
    dies("a");
    advance(30s);
    restart("a");
    EXPECT_EQ(states(), "a=running b=stopped");
  }
  EXPECT_EQ(supervisor->view("b").desired, Desired::Down);
  start("b");
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorVerbsTest, StopByHandInsideABackoffSticks_C13) {
  run(session({restarting(coprocess("a"), config::Restart::Always)}));
  dies("a");
  EXPECT_EQ(state("a"), State::Backoff);
  stop("a");
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_FALSE(supervisor->view("a").next_try);
  advance(3 * 60s);
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorVerbsTest, StopWhileItWaitsForARequirement) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  stop("a");
  EXPECT_EQ(states(), "a=stopped b=waiting");
  stop("b");
  EXPECT_EQ(states(), "a=stopped b=stopped");
  start("a");
  EXPECT_EQ(states(), "a=running b=stopped");
}

TEST_F(SupervisorVerbsTest, StopBetweenTheDecisionToStartAndTheSpawnNeverSpawns) {
  supervisor.emplace(loop, launcher, session({coprocess("a")}), sink);
  supervisor->start();
  loop.run_once(fsm::Duration::zero());  // the life exists, its first turn is to come
  ASSERT_EQ(launcher.launches, 0);
  stop("a");
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_EQ(launcher.launches, 0);
}

TEST_F(SupervisorVerbsTest, StopWhileItStarts) {
  sink.on_transition = [this](const Transition& t) {
    if (t.to == State::Starting) supervisor->stop_coprocess("a", false);
  };
  run(session({coprocess("a")}));
  EXPECT_THAT(sink.take_steps(),
              ElementsAre("a waiting", "a starting", "a running", "a stopping", "a stopped"));
}

TEST_F(SupervisorVerbsTest, StopOfAFailedOneForgetsTheFailure) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  dies("a");
  EXPECT_EQ(states(), "a=failed b=failed");
  stop("a");
  EXPECT_EQ(states(), "a=stopped b=waiting");
  EXPECT_FALSE(supervisor->view("a").reason);
  EXPECT_FALSE(supervisor->degraded());
}

TEST_F(SupervisorVerbsTest, SecondStopIsAcceptedAndPostponesNothing_C23) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  stop("a");
  advance(4s);
  stop("a");
  advance(1s);
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_THAT(process("a").signals, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(SupervisorVerbsTest, StopNowCutsARunningLadderShort_C23) {
  launcher.deaf = true;
  config::CoprocessSpec patient = coprocess("a");
  patient.stop[0].grace = 1h;
  run(session({patient, coprocess("other")}));
  stop("a");
  EXPECT_EQ(states(), "a=stopping other=running");
  restart("other", true);
  EXPECT_EQ(states(), "a=stopping other=running") << "a long grace holds up nobody else";
  stop("a", true);
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_THAT(process("a").signals, ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(SupervisorVerbsTest, StopNowHurriesTheDependentsItHasToWaitFor) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"}), coprocess("d")}));
  stop("a");
  EXPECT_EQ(states(), "a=running b=running c=stopping d=running");
  EXPECT_THAT(supervisor->view("a").waiting_for, ElementsAre("b"));
  stop("a", true);
  EXPECT_EQ(states(), "a=stopped b=waiting c=waiting d=running");
  EXPECT_THAT(process("c").signals, ElementsAre(SIGTERM, SIGKILL));
  EXPECT_THAT(process("b").signals, ElementsAre(SIGKILL));
  EXPECT_THAT(process("a").signals, ElementsAre(SIGKILL));
  EXPECT_THAT(process("d").signals, IsEmpty());
}

TEST_F(SupervisorVerbsTest, StopNowHurriesTheDependentsOfItsGroupToo) {
  launcher.deaf = true;
  run(session({member("m", "g"), coprocess("user", {"g"})}));
  stop("m", true);
  EXPECT_EQ(states(), "m=stopped user=waiting");
  EXPECT_THAT(process("user").signals, ElementsAre(SIGKILL));
}

TEST_F(SupervisorVerbsTest, StopNowIsNotTakenBackByAPoliteStopAfterIt_C23) {
  launcher.unkillable = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  stop("a", true);
  stop("a");
  EXPECT_EQ(states(), "a=running b=stopping");
  process("b").end_by(SIGKILL);
  settle();
  EXPECT_THAT(process("a").signals, ElementsAre(SIGKILL));
}

TEST_F(SupervisorVerbsTest, StopOfAStoppedOneChangesNothing) {
  run(session({coprocess("a")}));
  stop("a");
  sink.take_steps();
  stop("a");
  stop("a", true);
  EXPECT_THAT(sink.take_steps(), IsEmpty());
}

TEST_F(SupervisorVerbsTest, UnkillableOneIsFailedAndHoldsUpNobody) {
  launcher.unkillable = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  process("a").obeys = {SIGTERM};
  supervisor->shutdown("end");
  settle();
  advance(5s);
  advance(2s);
  EXPECT_EQ(states(), "a=stopped b=failed");
  EXPECT_THAT(reason("b"), HasSubstr("unkillable: SIGKILL did not end "));
  EXPECT_TRUE(over);
}

// ---- start ----

TEST_F(SupervisorVerbsTest, StartDuringAStopEndsItAllTheSameAndThenStarts) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  stop("a");
  sink.take_steps();
  start("a");
  EXPECT_EQ(state("a"), State::Stopping);
  EXPECT_EQ(supervisor->view("a").desired, Desired::Up);
  advance(5s);
  EXPECT_EQ(sink.transitions.at(1).cause, "start requested");
  EXPECT_THAT(sink.take_steps(), ElementsAre("a waiting", "a starting", "a running"));
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorVerbsTest, StopAfterAStartDuringAStopIsTheLastWord) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  stop("a");
  start("a");
  stop("a");
  advance(5s);
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_EQ(sink.cause("a"), "stop requested");
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorVerbsTest, StartCutsABackoffShortWithANewHistory) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.limit = 1;
  run(session({spec}));
  dies("a");
  start("a");
  EXPECT_EQ(state("a"), State::Running);
  dies("a");
  EXPECT_EQ(state("a"), State::Backoff) << "the old history would have failed it";
  EXPECT_EQ(*supervisor->view("a").next_try - clock.now(), 1s) << "and doubled the delay";
}

TEST_F(SupervisorVerbsTest, StartOfARunningOneChangesNothing_M2) {
  run(session({coprocess("a")}));
  sink.take_steps();
  start("a");
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  EXPECT_EQ(launcher.launches, 1);
}

// ---- restart: D10, D16 ----

TEST_F(SupervisorVerbsTest, RestartOfARunningOneIsANewProcessAndCounted_D10) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  sink.take_steps();
  restart("a");
  EXPECT_THAT(sink.take_steps(), ElementsAre("b stopping", "b waiting", "a stopping", "a waiting",
                                             "a starting", "a running", "b starting", "b running"));
  EXPECT_EQ(supervisor->view("a").restarts, 1U);
  EXPECT_EQ(launcher.launches, 4);
}

TEST_F(SupervisorVerbsTest, RestartOfAStoppedOneStartsIt_D16) {
  run(session({coprocess("a")}));
  stop("a");
  restart("a");
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(supervisor->view("a").restarts, 0U) << "there was nothing to restart";
}

TEST_F(SupervisorVerbsTest, RestartOfAnExitedOneStartsIt_D10) {
  run(session({coprocess("a")}));
  dies("a", 0);
  restart("a");
  EXPECT_EQ(state("a"), State::Running);
}

TEST_F(SupervisorVerbsTest, RestartOfAFailedOneStartsIt_D10) {
  run(session({coprocess("a")}));
  dies("a", 1);
  restart("a");
  EXPECT_EQ(state("a"), State::Running);
}

TEST_F(SupervisorVerbsTest, RestartInABackoffStartsAtOnce_D10) {
  run(session({restarting(coprocess("a"))}));
  dies("a");
  restart("a");
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(launcher.launches, 2);
  advance(60s);
  EXPECT_EQ(launcher.launches, 2) << "the backoff's timer is gone";
}

TEST_F(SupervisorVerbsTest, RestartOfOneThatWaitsPullsInItsRequirement_D10) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  stop("a");
  restart("b");
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorVerbsTest, RestartBeforeTheSpawnSpawnsOnce_D10) {
  supervisor.emplace(loop, launcher, session({coprocess("a")}), sink);
  supervisor->start();
  loop.run_once(fsm::Duration::zero());
  restart("a");
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorVerbsTest, RestartWhileItStartsIsASecondProcess_D10) {
  bool once = false;
  sink.on_transition = [&](const Transition& t) {
    if (t.to == State::Starting && !std::exchange(once, true)) {
      supervisor->restart_coprocess("a", false);
    }
  };
  run(session({coprocess("a")}));
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorVerbsTest, RestartDuringAStopStartsAfterIt_D10) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  stop("a");
  restart("a");
  EXPECT_EQ(state("a"), State::Stopping);
  advance(5s);
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(sink.transitions.at(4).cause, "restart requested");
}

TEST_F(SupervisorVerbsTest, RestartNowKillsWithoutALadder) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  test::FakeRecord& first = process("a");
  restart("a", true);
  EXPECT_THAT(first.signals, ElementsAre(SIGKILL));
  EXPECT_EQ(states(), "a=running b=running");
}

}  // namespace
}  // namespace masterd::supervisor
