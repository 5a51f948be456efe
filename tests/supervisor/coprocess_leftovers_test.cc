// What a oneshot leaves running, where that is to be kept: it belongs to the coprocess until its
// teardown.
#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

constexpr ExitStatus kWell{ExitStatus::Kind::Exited, 0, false};

class LeftoversTest : public CoprocessFixture {
 protected:
  LeftoversTest() {
    spec.kind = config::Kind::Oneshot;
    spec.leftovers = config::Leftovers::Keep;
  }
  /// The oneshot ends, and leaves something.
  void leaves(ExitStatus how = kWell) {
    process().end(how, /*members_stay=*/true);
    turn();
  }
};

TEST_F(LeftoversTest, AreLeftAloneAndItIsExited) {
  run();
  leaves();
  advance(1h);
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "exited: exited with 0"));
  EXPECT_THAT(signals(), IsEmpty());
  EXPECT_TRUE(process().kept);
  EXPECT_FALSE(process().destroyed);
  EXPECT_FALSE(life->ended());
  EXPECT_EQ(life->end().status, kWell);
  EXPECT_FALSE(life->waits_until());
  EXPECT_EQ(life->stage(), "");
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(LeftoversTest, AreAtHandButTheirParentsPidIsToldNoMore) {
  run();
  process().tree = {4711};
  leaves();
  EXPECT_FALSE(life->pid());
  EXPECT_THAT(life->process()->tree(), ElementsAre(4711));
  EXPECT_EQ(life->signal(SIGHUP), ESRCH);
}

TEST_F(LeftoversTest, GetTheLadderAtTheTeardownThenComeUndoAndAfter) {
  spec.undo = does("undo");
  spec.after = {does("wipe")};
  launcher.deaf = true;
  run();
  leaves();
  stop();
  EXPECT_EQ(announced.back(), "stopping: stop");
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(life->waits_until(), clock.now() + 5s);
  EXPECT_FALSE(life->pid());
  EXPECT_EQ(launched("a.undo"), 0);
  advance(5s);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_TRUE(process().destroyed);
  EXPECT_EQ(launched("a.after"), 0);
  ends(command("undo"));
  ends(command("after"));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().status, kWell);
}

TEST_F(LeftoversTest, AreNotAskedByAStopCommandWhichIsForTheOneThatHasEnded) {
  spec.stop_command = does("ask");
  run();
  leaves();
  stop();
  EXPECT_EQ(launched("a.stop"), 0);
  EXPECT_TRUE(life->ended());
}

TEST_F(LeftoversTest, ThatEndMeanwhileChangeNothing) {
  spec.undo = does("undo");
  run();
  leaves();
  process().end_group();
  turn();
  EXPECT_EQ(announced.back(), "exited: exited with 0");
  EXPECT_FALSE(life->ended());
  stop();
  EXPECT_THAT(signals(), IsEmpty());
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
}

TEST_F(LeftoversTest, OfAFailedOneAreKilledAndItIsUndone) {
  spec.undo = does("undo");
  run();
  leaves({ExitStatus::Kind::Exited, 3, false});
  EXPECT_FALSE(process().kept);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  ends(command("undo"));
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(deaths, ElementsAre("exited with 3"));
}

TEST_F(LeftoversTest, OfOneThatTookTooLongGetItsLadder) {
  spec.ready.timeout = 4s;
  run();
  advance(4s);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_FALSE(process().kept);
  EXPECT_EQ(life->end().how, How::NotReady);
}

TEST_F(LeftoversTest, WhereNothingIsLeftItsEndIsTheEndOfItsLife) {
  run();
  ends(process());
  EXPECT_FALSE(process().kept);
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
}

TEST_F(LeftoversTest, AreKilledByAStopNow) {
  launcher.deaf = true;
  run();
  leaves();
  stop(/*now=*/true);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_TRUE(life->ended());
}

TEST_F(LeftoversTest, ThatOutliveSigkillMakeItUnkillable) {
  launcher.unkillable = true;
  run();
  process().tree = {4711};
  leaves();
  stop();
  advance(5s);
  advance(2s);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().to_string(), "unkillable: SIGKILL did not end 4711");
}

TEST_F(LeftoversTest, AreEndedWithTheLifeThatIsDestroyed) {
  run();
  leaves();
  life.reset();
  EXPECT_TRUE(process().destroyed);
}

}  // namespace
}  // namespace masterd::supervisor
