// Who starts and stops when: requirements, groups, side by side.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorOrderTest : public SupervisorFixture {};

TEST_F(SupervisorOrderTest, EachStartsOnlyWhenWhatItRequiresRuns) {
  run(session({coprocess("c", {"b"}), coprocess("b", {"a"}), coprocess("a")}));
  EXPECT_THAT(sink.take_steps(),
              ElementsAre("c waiting", "b waiting", "a waiting", "a starting", "a running",
                          "b starting", "b running", "c starting", "c running"));
  EXPECT_TRUE(supervisor->all_ready());
  EXPECT_TRUE(supervisor->settled());
  EXPECT_FALSE(supervisor->degraded());
}

TEST_F(SupervisorOrderTest, StopIsInTheReverseOrder) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  sink.take_steps();
  supervisor->shutdown("end");
  settle();
  EXPECT_THAT(sink.take_steps(), ElementsAre("c stopping", "c stopped", "b stopping", "b stopped",
                                             "a stopping", "a stopped"));
  EXPECT_TRUE(over);
}

TEST_F(SupervisorOrderTest, GroupIsReadyWhenEachOfItsMembersRuns) {
  launcher.fail_next = ENOENT;
  run(session({restarting(member("m1", "g")), member("m2", "g"), coprocess("user", {"g"})}));
  EXPECT_EQ(states(), "m1=backoff m2=running user=waiting");
  EXPECT_THAT(supervisor->view("user").waiting_for, ElementsAre("g"));
  advance(1s);
  EXPECT_EQ(states(), "m1=running m2=running user=running");
}

TEST_F(SupervisorOrderTest, MembersInheritWhatTheirGroupRequires) {
  run(session({member("ui", "app"), member("rt-host", "rt")}, {{"rt", {}}, {"app", {"rt"}}}));
  EXPECT_THAT(sink.take_steps(), ElementsAre("ui waiting", "rt-host waiting", "rt-host starting",
                                             "rt-host running", "ui starting", "ui running"));
  supervisor->shutdown("end");
  settle();
  EXPECT_THAT(sink.take_steps(),
              ElementsAre("ui stopping", "ui stopped", "rt-host stopping", "rt-host stopped"));
}

TEST_F(SupervisorOrderTest, IndependentOnesStartAndStopSideBySide) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b"), coprocess("c")}));
  EXPECT_EQ(states(), "a=running b=running c=running");
  supervisor->shutdown("end");
  settle();
  EXPECT_EQ(states(), "a=stopping b=stopping c=stopping");
  advance(5s);
  EXPECT_EQ(states(), "a=stopped b=stopped c=stopped");
  EXPECT_TRUE(over);
}

TEST_F(SupervisorOrderTest, StartPullsInAllThatIsRequiredHoweverFar) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"}), coprocess("other")}));
  for (const char* name : {"a", "b", "c", "other"}) supervisor->stop_coprocess(name, false);
  settle();
  EXPECT_EQ(states(), "a=stopped b=stopped c=stopped other=stopped");
  sink.take_steps();
  supervisor->start_coprocess("c");
  settle();
  EXPECT_EQ(states(), "a=running b=running c=running other=stopped");
  EXPECT_EQ(supervisor->view("a").desired, Desired::Up);
  EXPECT_EQ(sink.transitions.front().name, "c");
}

TEST_F(SupervisorOrderTest, StartPullsInWhatIsStoppedBehindOneThatWaits) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_EQ(states(), "a=stopped b=waiting c=waiting");
  supervisor->start_coprocess("c");
  settle();
  EXPECT_EQ(states(), "a=running b=running c=running");
}

TEST_F(SupervisorOrderTest, StartOfOneStillUpTakesBackTheStopOfItsRequirementInTheSameTurn) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  supervisor->stop_coprocess("a", false);
  supervisor->start_coprocess("c");
  settle();
  EXPECT_EQ(states(), "a=running b=running c=running");
}

TEST_F(SupervisorOrderTest, StartPullsInFailedAndExitedMembersOfARequiredGroup) {
  run(session({member("m1", "g"), member("m2", "g"), coprocess("user", {"g"})}));
  dies("m1", 1);
  dies("m2", 0);
  EXPECT_EQ(states(), "m1=failed m2=exited user=failed");
  supervisor->start_coprocess("user");
  settle();
  EXPECT_EQ(states(), "m1=running m2=running user=running");
}

TEST_F(SupervisorOrderTest, StopOfARequirementTakesItsDependentsDownFirstAndTheyReturnWithIt) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  sink.take_steps();
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_THAT(sink.take_steps(), ElementsAre("c stopping", "c waiting", "b stopping", "b waiting",
                                             "a stopping", "a stopped"));
  EXPECT_EQ(supervisor->view("c").desired, Desired::Up);
  supervisor->start_coprocess("a");
  settle();
  EXPECT_THAT(sink.take_steps(), ElementsAre("a waiting", "a starting", "a running", "b starting",
                                             "b running", "c starting", "c running"));
}

TEST_F(SupervisorOrderTest, ChainThatWaitsForAStoppedOneIsSettledAndSaysSo) {
  run(session(
      {coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"}), coprocess("d", {"c"})}));
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_EQ(states(), "a=stopped b=waiting c=waiting d=waiting");
  EXPECT_FALSE(supervisor->all_ready());
  EXPECT_TRUE(supervisor->settled()) << "nothing will come without a command";
  EXPECT_FALSE(supervisor->possible("d", State::Running));
  supervisor->start_coprocess("a");
  EXPECT_FALSE(supervisor->settled()) << "at once, not a turn later";
  EXPECT_TRUE(supervisor->possible("d", State::Running));
}

TEST_F(SupervisorOrderTest, DependentsOfARequirementThatExitedWellWaitForItsStart) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  dies("a", 0);
  EXPECT_EQ(states(), "a=exited b=waiting");
  EXPECT_TRUE(supervisor->settled());
  supervisor->start_coprocess("b");
  settle();
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorOrderTest, DeathOfARequirementDependentsDownFirstThenUpInOrder) {
  launcher.deaf = true;
  run(session({restarting(coprocess("a")), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  sink.take_steps();
  dies("a");
  EXPECT_EQ(states(), "a=backoff b=running c=stopping") << "c has its grace";
  EXPECT_THAT(supervisor->view("b").waiting_for, ElementsAre("c"));
  advance(1s);
  EXPECT_EQ(states(), "a=waiting b=running c=stopping") << "a may not begin before they are down";
  EXPECT_EQ(launcher.launches, 3);
  advance(4s);
  EXPECT_EQ(states(), "a=waiting b=stopping c=waiting");
  advance(5s);
  EXPECT_EQ(states(), "a=running b=running c=running");
  EXPECT_THAT(sink.take_steps(), ElementsAre("a backoff", "c stopping", "a waiting", "c waiting",
                                             "b stopping", "b waiting", "a starting", "a running",
                                             "b starting", "b running", "c starting", "c running"));
}

TEST_F(SupervisorOrderTest, RequirementThatDiesAgainWhileItsDependentsStartTakesThemDownAgain) {
  run(session({restarting(coprocess("a")), coprocess("b", {"a"})}));
  dies("a");
  advance(1s);
  EXPECT_EQ(states(), "a=running b=running");
  dies("a");
  EXPECT_EQ(states(), "a=backoff b=waiting");
  advance(2s);
  EXPECT_EQ(states(), "a=running b=running");
  EXPECT_EQ(supervisor->view("a").restarts, 2U);
}

TEST_F(SupervisorOrderTest, DependentThatDiesOfItsRequirementsDeathIsNoFailure) {
  run(session({restarting(coprocess("a")), coprocess("b", {"a"})}));
  process("a").end_by(SIGSEGV);
  process("b").end_with(1);  // its connection broke, in the very same turn
  settle();
  EXPECT_EQ(states(), "a=backoff b=waiting");
  EXPECT_EQ(sink.cause("b"), "requirement a is not ready");
  advance(1s);
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorOrderTest, OutputIsKeptPublishedAndItsLastPartialLineEndsWithTheProcess) {
  run(session({coprocess("a")}));
  process("a").output(Stream::Stdout, "one\ntw");
  process("a").output(Stream::Stderr, "oops\n");
  EXPECT_THAT(sink.lines, ElementsAre("a: one", "a: oops"));
  dies("a");
  EXPECT_THAT(sink.lines, ElementsAre("a: one", "a: oops", "a: tw"));
  EXPECT_EQ(supervisor->ring("a").last(10).size(), 3U) << "the ring outlives the process";
}

TEST_F(SupervisorOrderTest, ViewLeavesOutWhatMeansNothing_D15) {
  launcher.fail_next = EACCES;
  run(session({coprocess("a"), coprocess("b")}));
  const CoprocessView failed = supervisor->view("a");
  EXPECT_FALSE(failed.pid);
  EXPECT_FALSE(failed.since);
  EXPECT_FALSE(failed.last_exit);
  EXPECT_FALSE(failed.ready);
  EXPECT_THAT(failed.reason.value_or(""), HasSubstr("EACCES"));
  const CoprocessView running = supervisor->view("b");
  EXPECT_EQ(running.pid, process("b").pid);
  EXPECT_EQ(running.since, clock.now());
  EXPECT_TRUE(running.ready);
  EXPECT_FALSE(running.reason);
  EXPECT_FALSE(running.next_try);
  EXPECT_THAT(running.waiting_for, IsEmpty());
}

}  // namespace
}  // namespace masterd::supervisor
