// One life of a oneshot: what it did, and how it is taken back.
#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

class OneshotTest : public CoprocessFixture {
 protected:
  OneshotTest() { spec.kind = config::Kind::Oneshot; }
  void with_undo(config::milliseconds timeout = 30s) { spec.undo = does("undo", timeout); }
};

TEST_F(OneshotTest, WithoutAnythingToTakeBackItsEndIsTheEndOfItsLife) {
  run();
  EXPECT_EQ(life->stage(), "it has not ended");
  ends(process());
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(OneshotTest, WithAnUndoItIsExitedUntilItsTeardownAndUndoneThen) {
  with_undo();
  run();
  ends(process());
  advance(1h);
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "exited: exited with 0"));
  EXPECT_FALSE(life->ended());
  EXPECT_FALSE(life->pid());
  EXPECT_FALSE(life->waits_until());
  EXPECT_EQ(launcher.launches, 1);
  stop();
  EXPECT_THAT(command("undo").command, ElementsAre("undo"));
  EXPECT_EQ(life->stage(), "undo: undo");
  EXPECT_EQ(announced.back(), "stopping: stop");
  EXPECT_FALSE(life->ended());
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(launched("a.undo"), 1);
}

TEST_F(OneshotTest, ItsUndoKnowsThePidThatItHad) {
  spec.undo = config::CommandSpec{{"undo", "${pid}"}, 30s};
  run();
  ends(process());
  stop();
  EXPECT_THAT(command("undo").command, ElementsAre("undo", std::to_string(process().pid)));
}

TEST_F(OneshotTest, BegunAndFailedItIsUndoneAtOnce) {
  with_undo();
  at_death = [this] { EXPECT_EQ(launched("a.undo"), 0) << "told before anything is done"; };
  run();
  ends(process(), 3);
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "stopping: exited with 3"));
  EXPECT_EQ(launched("a.undo"), 1);
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 3, false}));
  EXPECT_THAT(deaths, ElementsAre("exited with 3"));
}

TEST_F(OneshotTest, UndoUnderWayIsFinishedNotRepeatedWhenAShutdownComes) {
  with_undo();
  run();
  ends(process(), 3);
  stop();
  EXPECT_FALSE(command("undo").destroyed);
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(launched("a.undo"), 1);
}

TEST_F(OneshotTest, ShutdownDuringAnUndoLeavesItItsDeadline) {
  with_undo(10s);
  run();
  ends(process(), 3);
  advance(6s);
  stop();
  advance(4s - 1ns);
  EXPECT_FALSE(life->ended());
  advance(1ns);
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(command("undo").signals, ElementsAre(SIGKILL));
  EXPECT_EQ(life->end().how, How::UndoFailed);
  EXPECT_EQ(life->end().detail, "exited with 3; undo: undo: has not ended within 10000 ms");
}

TEST_F(OneshotTest, FailedUndoIsToldAsTheReason) {
  with_undo();
  run();
  ends(process());
  stop();
  ends(command("undo"), 2);
  EXPECT_EQ(life->end().how, How::UndoFailed);
  EXPECT_EQ(life->end().detail, "undo: undo: exited with 2");
}

TEST_F(OneshotTest, UndoThatCannotBeLaunchedIsToldAsTheReason) {
  with_undo();
  run();
  ends(process());
  launcher.fail_next = ENOENT;
  stop();
  EXPECT_EQ(life->end().how, How::UndoFailed);
  EXPECT_THAT(life->end().detail, HasSubstr("ENOENT"));
}

TEST_F(OneshotTest, NeverBegunItIsNotUndone) {
  with_undo();
  begin();
  stop();
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(launcher.launches, 0);
}

TEST_F(OneshotTest, NotSpawnedItIsNotUndone) {
  with_undo();
  launcher.fail_next = ENOENT;
  run();
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_EQ(launched("a.undo"), 0);
  EXPECT_EQ(deaths.size(), 1U);
}

TEST_F(OneshotTest, StoppedWhileItRunsItGetsTheLadderAndThenItsUndo) {
  with_undo();
  run();
  stop();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_TRUE(process().destroyed);
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(OneshotTest, TooLongItIsEndedByTheLadderAndUndone) {
  with_undo();
  spec.ready.timeout = 4s;
  run();
  EXPECT_EQ(life->waits_until(), clock.now() + 4s);
  advance(4s - 1ns);
  EXPECT_THAT(signals(), IsEmpty());
  advance(1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  ends(command("undo"));
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_EQ(life->end().detail, "has not ended within 4000 ms");
  EXPECT_THAT(deaths, ElementsAre("has not ended within 4000 ms"));
}

TEST_F(OneshotTest, WhatItLeavesBehindIsSweptAndItEndedWell) {
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(OneshotTest, ItsAfterCommandsComeWithItsTeardownBehindTheUndo) {
  with_undo();
  spec.after = {does("wipe")};
  run();
  ends(process());
  EXPECT_EQ(launcher.launches, 1);
  stop();
  EXPECT_EQ(launched("a.after"), 0);
  ends(command("undo"));
  ends(command("after"));
  EXPECT_TRUE(life->ended());
}

TEST_F(OneshotTest, NowEndsAnUndoThatIsUnderWayAndAfterStillGetsItsChance) {
  with_undo(1h);
  spec.after = {does("wipe")};
  run();
  ends(process());
  stop();
  life->stop_now();
  turn();
  EXPECT_THAT(command("undo").signals, ElementsAre(SIGKILL));
  EXPECT_FALSE(life->ended());
  ends(command("after"));
  EXPECT_EQ(life->end().detail, "undo: undo: was cut short");
}

TEST_F(OneshotTest, NowThatCameBeforeTheUndoDoesNotSkipIt) {
  with_undo();
  run();
  stop(/*now=*/true);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_FALSE(command("undo").destroyed);
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
}

}  // namespace
}  // namespace masterd::supervisor
