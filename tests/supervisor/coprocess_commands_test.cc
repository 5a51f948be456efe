// The commands before and after a process, and the one that asks it to stop.
#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

class CommandsTest : public CoprocessFixture {
 protected:
  void with_after() { spec.after = {does("sync"), does("wipe")}; }
  /// Both, one after the other; each runs once.
  void see_after() {
    ASSERT_FALSE(life->ended());
    EXPECT_THAT(command("after").command, ElementsAre("sync"));
    ends(command("after"));
    EXPECT_THAT(command("after").command, ElementsAre("wipe"));
    ends(command("after"), 1);  // its failure is nobody's
    EXPECT_TRUE(life->ended());
    EXPECT_EQ(launched("a.after"), 2);
  }
};

// ---- before ----

TEST_F(CommandsTest, BeforeRunsOneByOneAndThenTheProcess) {
  spec.before = {does("one"), does("two")};
  run();
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  EXPECT_EQ(life->stage(), "before: one");
  EXPECT_EQ(life->waits_until(), clock.now() + 30s);
  EXPECT_TRUE(command("before").helper);
  ends(command("before"));
  EXPECT_THAT(command("before").command, ElementsAre("two"));
  EXPECT_EQ(launched("a"), 0);
  ends(command("before"));
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(CommandsTest, BeforeThatFailsIsASpawnFailureAndNothingElseRuns) {
  spec.before = {does("one"), does("two")};
  run();
  ends(command("before"), 4);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_EQ(life->end().detail, "before: one: exited with 4");
  EXPECT_EQ(launcher.launches, 1);
  EXPECT_THAT(deaths, ElementsAre("before: one: exited with 4"));
}

TEST_F(CommandsTest, BeforeThatHangsIsKilledWhenItsTimeIsOver) {
  spec.before = {does("one", 3s)};
  launcher.deaf = true;
  run();
  advance(3s - 1ns);
  EXPECT_FALSE(life->ended());
  advance(1ns);
  EXPECT_THAT(command("before").signals, ElementsAre(SIGKILL));
  EXPECT_TRUE(command("before").destroyed);
  EXPECT_EQ(life->end().detail, "before: one: has not ended within 3000 ms");
}

TEST_F(CommandsTest, BeforeThatCannotBeLaunchedIsNamed) {
  spec.before = {does("one")};
  launcher.fail_next = ENOENT;
  run();
  EXPECT_EQ(life->end().detail, "before: one: exec one: No such file or directory (ENOENT)");
}

TEST_F(CommandsTest, ShutdownDuringBeforeGoesOnOnlyWhenItsProcessIsGone) {
  spec.before = {does("one")};
  launcher.unkillable = true;
  run();
  stop();
  EXPECT_THAT(command("before").signals, ElementsAre(SIGKILL));
  EXPECT_FALSE(life->ended());
  EXPECT_EQ(announced.back(), "stopping: stop");
  command("before").end_by(SIGKILL);
  turn();
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_EQ(launched("a"), 0);
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(CommandsTest, BeforeThatCannotBeKilledHoldsUpNobodyForEver) {
  spec.before = {does("one")};
  launcher.unkillable = true;
  run();
  stop();
  advance(2s);
  EXPECT_TRUE(life->ended());
}

TEST_F(CommandsTest, WhatBeforeLeavesBehindIsKilledBeforeTheProcessComes) {
  spec.before = {does("one")};
  launcher.unkillable = true;
  run();
  command("before").end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  EXPECT_THAT(command("before").signals, ElementsAre(SIGKILL));
  EXPECT_EQ(launched("a"), 0);
  command("before").end_group();
  turn();
  EXPECT_EQ(launched("a"), 1);
}

// ---- after: once in each ending ----

TEST_F(CommandsTest, AfterADeath) {
  with_after();
  run();
  ends(process(), 1);
  EXPECT_TRUE(process().destroyed);
  EXPECT_EQ(announced.back(), "stopping: exited with 1") << "it does not run any more";
  see_after();
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 1, false}));
}

TEST_F(CommandsTest, AfterAStop) {
  with_after();
  run();
  stop();
  EXPECT_TRUE(process().destroyed);
  see_after();
}

TEST_F(CommandsTest, AfterAStopNow) {
  with_after();
  run();
  stop(/*now=*/true);
  see_after();
}

TEST_F(CommandsTest, AfterASpawnFailure) {
  with_after();
  begin();
  launcher.fail_next = ENOENT;
  turn();
  see_after();
  EXPECT_EQ(life->end().how, How::NotSpawned);
}

TEST_F(CommandsTest, AfterAFailedBefore) {
  with_after();
  spec.before = {does("one")};
  run();
  ends(command("before"), 1);
  see_after();
}

TEST_F(CommandsTest, AfterAShutdownDuringBefore) {
  with_after();
  spec.before = {does("one")};
  run();
  stop();
  see_after();
}

TEST_F(CommandsTest, AfterAFailureToBecomeReady) {
  with_after();
  spec.ready.how = config::ReadyNotify{};
  run();
  advance(30s);
  see_after();
  EXPECT_EQ(life->end().how, How::NotReady);
}

TEST_F(CommandsTest, AfterSomethingUnkillable) {
  with_after();
  launcher.unkillable = true;
  run();
  stop();
  advance(5s);
  advance(2s);
  see_after();
  EXPECT_EQ(life->end().how, How::Unkillable);
}

TEST_F(CommandsTest, NothingWasBegunSoNothingComesAfter) {
  with_after();
  begin();
  stop();
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(launcher.launches, 0);
}

TEST_F(CommandsTest, ShutdownDuringAfterLeavesTheCommandUnderWayAndRepeatsNone) {
  with_after();
  run();
  ends(process(), 1);
  ends(command("after"));
  stop();
  EXPECT_FALSE(command("after").destroyed);
  ends(command("after"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(launched("a.after"), 2);
}

TEST_F(CommandsTest, ShutdownDuringAfterOfAFailedBeforeRepeatsNone) {
  with_after();
  spec.before = {does("one")};
  run();
  ends(command("before"), 1);
  stop();
  see_after();
}

TEST_F(CommandsTest, AfterThatHangsIsKilledAndTheNextOneRuns) {
  with_after();
  run();
  stop();
  advance(30s);
  EXPECT_THAT(command("after").command, ElementsAre("wipe"));
  advance(30s);
  EXPECT_TRUE(life->ended());
}

TEST_F(CommandsTest, EachNowEndsTheAfterCommandThatItFinds) {
  with_after();
  run();
  stop(/*now=*/true);
  life->stop_now();
  turn();
  EXPECT_THAT(command("after").command, ElementsAre("wipe"));
  EXPECT_FALSE(life->ended());
  life->stop_now();
  turn();
  EXPECT_TRUE(life->ended());
}

// ---- the stop command ----

class StopCommandTest : public CommandsTest {
 protected:
  StopCommandTest() { spec.stop_command = config::CommandSpec{{"ask", "${pid}"}, 10s}; }
};

TEST_F(StopCommandTest, RunsBeforeAnySignalAndKnowsThePid_M12) {
  run();
  stop();
  EXPECT_THAT(command("stop").command, ElementsAre("ask", std::to_string(process().pid)));
  EXPECT_EQ(life->stage(), "stop: ask");
  EXPECT_THAT(signals(), IsEmpty());
  ends(command("stop"));
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(StopCommandTest, EndsEarlyWhenItsTargetIsGone) {
  run();
  stop();
  ends(process());
  EXPECT_TRUE(command("stop").destroyed);
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(signals(), IsEmpty());
}

TEST_F(StopCommandTest, ThatHangsIsFollowedByTheLadder) {
  run();
  stop();
  advance(10s - 1ns);
  EXPECT_THAT(signals(), IsEmpty());
  advance(1ns);
  EXPECT_THAT(command("stop").signals, ElementsAre(SIGKILL));
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(StopCommandTest, ThatCannotBeLaunchedIsFollowedByTheLadder) {
  run();
  launcher.fail_next = ENOENT;
  stop();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(StopCommandTest, IsSkippedByNow) {
  run();
  stop(/*now=*/true);
  EXPECT_EQ(launched("a.stop"), 0);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
}

TEST_F(StopCommandTest, IsCutShortByNow) {
  run();
  stop();
  life->stop_now();
  turn();
  EXPECT_TRUE(command("stop").destroyed);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_TRUE(life->ended());
}

TEST_F(StopCommandTest, IsNotAskedOfOneWhoseLeaderHasEnded) {
  launcher.unkillable = true;
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  stop();
  EXPECT_EQ(launched("a.stop"), 0);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(StopCommandTest, UnderWayForAFailureItIsLeftItsTimeByAShutdown) {
  spec.ready.how = config::ReadyNotify{};
  spec.ready.timeout = 1s;
  run();
  advance(1s);
  EXPECT_EQ(launched("a.stop"), 1);
  advance(6s);
  stop();
  EXPECT_FALSE(command("stop").destroyed);
  EXPECT_THAT(signals(), IsEmpty());
  advance(4s);
  EXPECT_TRUE(command("stop").destroyed);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(launched("a.stop"), 1);
}

}  // namespace
}  // namespace masterd::supervisor
