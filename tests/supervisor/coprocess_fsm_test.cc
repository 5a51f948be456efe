// One life without a stop: spawn, ready, end by itself; and hard ends.
#include "supervisor/coprocess_fsm.h"

#include <cerrno>
#include <stdexcept>

#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

class CoprocessFsmTest : public CoprocessFixture {};

TEST_F(CoprocessFsmTest, SpawnsOnItsFirstTurnAndIsReadyAtOnce) {
  begin();
  EXPECT_EQ(launcher.launches, 0);
  turn();
  EXPECT_EQ(launcher.launches, 1);
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "running: ready"));
  EXPECT_EQ(life->pid(), process().pid);
  EXPECT_EQ(life->since(), clock.now());
}

TEST_F(CoprocessFsmTest, SpawnFailureEndsItAndNamesStageObjectAndErrno) {
  launcher.fail_next = ENOENT;
  run();
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  EXPECT_EQ(life->outcome(), fsm::Outcome::Finished);
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_EQ(life->end().detail, "exec /bin/a: No such file or directory (ENOENT)");
  EXPECT_FALSE(life->end().pid);
  EXPECT_FALSE(life->end().status);
  EXPECT_FALSE(life->since());
  EXPECT_EQ(ends_told, 1);
}

TEST_F(CoprocessFsmTest, ExceptionThatIsNoSpawnErrorFailsTheLifeAndNothingElse) {
  class Broken final : public Launcher {
   public:
    std::unique_ptr<Process> launch(Launch) override { throw std::runtime_error{"out of luck"}; }
  } broken;
  CoprocessFsm fsm{loop, broken, spec, [](State, const std::string&) {}, {}};
  fsm.start();
  turn();
  EXPECT_EQ(fsm.outcome(), fsm::Outcome::Finished);
  EXPECT_EQ(fsm.end().how, How::NotSpawned);
  EXPECT_EQ(fsm.end().detail, "out of luck");
  run();
  EXPECT_TRUE(life->pid()) << "the loop still serves others";
}

TEST_F(CoprocessFsmTest, ExitByItselfIsReapedAndTold) {
  run();
  const pid_t pid = process().pid;
  process().end_with(3);
  turn();
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(ends_told, 1);
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().pid, pid);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 3, false}));
  EXPECT_THAT(signals(), IsEmpty());
  EXPECT_TRUE(process().reaped);
  EXPECT_TRUE(process().destroyed);
  EXPECT_FALSE(life->pid());
}

TEST_F(CoprocessFsmTest, LeaderThatExitsHasItsGroupSweptBeforeTheReap_C3) {
  run();
  process().obeys.clear();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_FALSE(process().reaped) << "the zombie pins the group's id";
  EXPECT_FALSE(life->ended());
  process().end_group();
  turn();
  EXPECT_TRUE(process().reaped);
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 0, false}));
}

TEST_F(CoprocessFsmTest, GroupThatOutlivesTheSweepIsUnkillable) {
  launcher.unkillable = true;
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  advance(2s - 1ns);
  EXPECT_FALSE(life->ended());
  advance(1ns);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Unkillable);
  EXPECT_EQ(life->end().detail, "SIGKILL did not end " + std::to_string(process().pid));
  EXPECT_TRUE(process().destroyed);
}

TEST_F(CoprocessFsmTest, SignalGoesToTheLeaderAlone) {
  run();
  EXPECT_EQ(life->signal(SIGHUP), 0);
  EXPECT_THAT(process().leader_signals, ElementsAre(SIGHUP));
  EXPECT_THAT(signals(), IsEmpty());
}

TEST_F(CoprocessFsmTest, SignalWithoutAProcessIsRefused) {
  begin();
  EXPECT_EQ(life->signal(SIGHUP), ESRCH);
  turn();
  process().end_with(0);
  turn();
  EXPECT_EQ(life->signal(SIGHUP), ESRCH);
}

TEST_F(CoprocessFsmTest, DestroyedBeforeItsFirstTurnItSpawnsNothing) {
  begin();
  life.reset();
  turn();
  EXPECT_EQ(launcher.launches, 0);
}

TEST_F(CoprocessFsmTest, DestroyedWhileRunningItKills) {
  run();
  life.reset();
  EXPECT_TRUE(process().destroyed);
  process().end_with(0);  // too late: nobody listens
  turn();
  EXPECT_EQ(ends_told, 0);
}

TEST_F(CoprocessFsmTest, DestroyedWhileSweepingItKills) {
  launcher.unkillable = true;
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  life.reset();
  EXPECT_TRUE(process().destroyed);
  process().end_group();
  advance(10s);
  EXPECT_EQ(ends_told, 0);
}

TEST_F(CoprocessFsmTest, DestroyedInItsLadderItKills) {
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  life.reset();
  EXPECT_TRUE(process().destroyed);
  advance(10s);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM)) << "no timer of it is left";
}

TEST_F(CoprocessFsmTest, DestroyedAfterItsEndItHasNothingToKill) {
  run();
  process().end_with(0);
  turn();
  life.reset();
  turn();
  EXPECT_EQ(ends_told, 1);
}

}  // namespace
}  // namespace masterd::supervisor
