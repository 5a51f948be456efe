// The stop of one life: ladder, grace, group, and a stop in every phase.
#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

class CoprocessStopTest : public CoprocessFixture {};

TEST_F(CoprocessStopTest, TermIsObeyed) {
  run();
  life->shutdown("stop requested");
  turn();
  EXPECT_THAT(announced,
              ElementsAre("starting: spawn", "running: ready", "stopping: stop requested"));
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Signalled, SIGTERM, false}));
  EXPECT_TRUE(process().reaped);
  EXPECT_EQ(ends_told, 1);
}

TEST_F(CoprocessStopTest, DeafProcessIsKilledExactlyWhenItsGraceIsOver) {
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  advance(5s - 1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  advance(1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Signalled, SIGKILL, false}));
}

TEST_F(CoprocessStopTest, LeaderThatObeysDoesNotEndTheStopWhileAMemberIsDeaf_C3_P1) {
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  advance(5s - 1ns);
  EXPECT_FALSE(life->ended());
  EXPECT_FALSE(process().reaped);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM)) << "the member still has its grace";
  advance(1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 0, false}))
      << "the leader's own end is told";
}

TEST_F(CoprocessStopTest, LadderIsClimbedRungByRung) {
  spec.stop = {{SIGINT, 1s}, {SIGTERM, 3s}, {SIGKILL, 2s}};
  launcher.unkillable = true;
  run();
  life->shutdown("stop");
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGINT));
  advance(1s);
  EXPECT_THAT(signals(), ElementsAre(SIGINT, SIGTERM));
  advance(3s);
  EXPECT_THAT(signals(), ElementsAre(SIGINT, SIGTERM, SIGKILL));
  EXPECT_FALSE(life->ended());
  process().end_by(SIGKILL);
  turn();
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(CoprocessStopTest, RungWithoutASignalWaitsForItsEndAndSendsNothing) {
  spec.stop = {{config::kNoSignal, 3s}, {SIGTERM, 5s}, {SIGKILL, 2s}};
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  EXPECT_EQ(life->stage(), "waiting for its end");
  EXPECT_EQ(life->waits_until(), clock.now() + 3s);
  advance(3s - 1ns);
  EXPECT_EQ(life->stage(), "waiting for its end");
  advance(1ns);
  EXPECT_EQ(life->stage(), "SIGTERM");
  EXPECT_THAT(signals(), ElementsAre(config::kNoSignal, SIGTERM));
}

TEST_F(CoprocessStopTest, EndDuringARungWithoutASignalNeedsNoSignal) {
  spec.stop = {{config::kNoSignal, 3s}, {SIGTERM, 5s}, {SIGKILL, 2s}};
  run();
  life->shutdown("stop");
  turn();
  ends(process());
  EXPECT_THAT(signals(), ElementsAre(config::kNoSignal));
  EXPECT_TRUE(life->ended());
}

TEST_F(CoprocessStopTest, StopNowCutsARungWithoutASignalShort) {
  spec.stop = {{config::kNoSignal, 1h}, {SIGTERM, 1h}, {SIGKILL, 2s}};
  run();
  life->shutdown("stop");
  turn();
  life->stop_now();
  turn();
  EXPECT_THAT(signals(), ElementsAre(config::kNoSignal, SIGKILL));
}

TEST_F(CoprocessStopTest, WhatOutlivesTheKillsGraceIsUnkillable) {
  launcher.unkillable = true;
  run();
  life->shutdown("stop");
  turn();
  advance(5s);
  advance(2s - 1ns);
  EXPECT_FALSE(life->ended());
  advance(1ns);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Unkillable);
  EXPECT_FALSE(life->end().status);
  EXPECT_EQ(life->end().pid, process().pid);
  EXPECT_TRUE(process().destroyed);
}

TEST_F(CoprocessStopTest, SecondShutdownDoesNotPostponeTheKill) {
  launcher.deaf = true;
  run();
  life->shutdown("first");
  turn();
  advance(3s);
  life->shutdown("second");
  turn();
  advance(2s - 1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM)) << "and sends no second SIGTERM";
  advance(1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_EQ(announced.back(), "stopping: first");
}

TEST_F(CoprocessStopTest, ExitInTheTurnInWhichTheGraceEndsNeedsNoKill) {
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  clock.advance(5s);
  process().end_with(0);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 0, false}));
}

TEST_F(CoprocessStopTest, StopNowBeforeTheLadderGoesStraightToKill) {
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  life->stop_now();
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(CoprocessStopTest, StopNowAloneDoesNotBeginAStop) {
  run();
  life->stop_now();
  advance(10s);
  EXPECT_THAT(signals(), IsEmpty());
  life->shutdown("stop");
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
}

TEST_F(CoprocessStopTest, StopNowDuringARungSkipsTheRest_C23) {
  spec.stop = {{SIGINT, 1h}, {SIGTERM, 1h}, {SIGKILL, 2s}};
  launcher.deaf = true;
  run();
  life->shutdown("stop");
  turn();
  life->stop_now();
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGINT, SIGKILL));
  EXPECT_TRUE(life->ended());
}

TEST_F(CoprocessStopTest, StopNowDuringTheKillChangesNothing) {
  launcher.unkillable = true;
  run();
  life->shutdown("stop");
  turn();
  advance(5s);
  life->stop_now();
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_FALSE(life->ended()) << "the kill still has its grace";
  advance(2s);
  EXPECT_EQ(life->end().how, How::Unkillable);
}

TEST_F(CoprocessStopTest, ShutdownBeforeTheFirstTurnNeverSpawns) {
  begin();
  life->shutdown("stop");
  turn();
  EXPECT_EQ(launcher.launches, 0);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_THAT(announced, IsEmpty());
  EXPECT_EQ(ends_told, 1);
}

TEST_F(CoprocessStopTest, ShutdownBetweenSpawnAndReadyStopsOnTheNextTurn) {
  life.emplace(
      loop, launcher, spec,
      [this](State state, const std::string& cause) {
        announced.push_back(std::string{to_string(state)} + ": " + cause);
        if (state == State::Starting) life->shutdown("too soon");  // on the machine's own stack
      },
      Launcher::Output{});
  life->start();
  turn();
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "running: ready", "stopping: too soon"));
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_TRUE(life->ended());
}

TEST_F(CoprocessStopTest, ShutdownWhileTheSpawnFailsEndsWithoutALadder) {
  launcher.fail_next = EACCES;
  life.emplace(
      loop, launcher, spec, [this](State, const std::string&) { life->shutdown("too soon"); },
      Launcher::Output{});
  life->on_end([this] { ++ends_told; });
  life->start();
  turn();
  EXPECT_EQ(life->end().how, How::NotSpawned);
  EXPECT_THAT(life->end().detail, HasSubstr("EACCES"));
  EXPECT_EQ(ends_told, 1);
}

TEST_F(CoprocessStopTest, ShutdownWhileSweepingStillWaitsForTheGroup) {
  launcher.unkillable = true;
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  life->shutdown("stop");
  turn();
  EXPECT_EQ(announced.back(), "stopping: exited with 0");
  EXPECT_FALSE(life->ended());
  EXPECT_THAT(signals(), ElementsAre(SIGKILL)) << "it has had that already";
  process().end_group();
  turn();
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_TRUE(process().reaped);
}

TEST_F(CoprocessStopTest, ShutdownInTheTurnInWhichItExitsNeedsNoSignalToTakeEffect) {
  launcher.unkillable = true;
  run();
  process().end_with(7);
  life->shutdown("stop");
  turn();
  EXPECT_THAT(signals(), IsEmpty());
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 7, false}));
}

TEST_F(CoprocessStopTest, ShutdownAfterTheEndDoesNothing) {
  run();
  process().end_with(0);
  turn();
  life->shutdown("late");
  advance(10s);
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "running: ready"));
  EXPECT_EQ(ends_told, 1);
}

TEST_F(CoprocessStopTest, LadderChangedUnderARunningLifeIsTheOneThatIsClimbed_S14) {
  launcher.deaf = true;
  run();
  spec.stop = {{SIGQUIT, 1s}, {SIGKILL, 2s}};
  life->shutdown("stop");
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGQUIT));
  spec.stop = {{SIGUSR1, 1h}, {SIGUSR2, 1h}};  // under a waiting rung: too late for this stop
  advance(1s);
  EXPECT_THAT(signals(), ElementsAre(SIGQUIT, SIGKILL));
  EXPECT_TRUE(life->ended());
}

}  // namespace
}  // namespace masterd::supervisor
