// One life: how it becomes ready, or does not; its health and its watchdog.
#include "tests/supervisor/coprocess_fixture.h"
#include "tests/supervisor/notify_client.h"

namespace masterd::supervisor {
namespace {

class ReadyTest : public CoprocessFixture {
 protected:
  void says(const std::string& message) {
    test::notify(process(), message);
    turn();
  }
  void with_probe() {
    spec.ready.how = config::ReadyExec{{"check", "${pid}"}, 100ms, 1000ms};
    spec.ready.timeout = 5s;
  }
  void with_notify() { spec.ready.how = config::ReadyNotify{}; }
};

// ---- ready ----

TEST_F(ReadyTest, NotifyWaitsForItsWord) {
  with_notify();
  run();
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  EXPECT_EQ(life->stage(), "no READY=1 came");
  EXPECT_EQ(life->waits_until(), clock.now() + 30s);
  says("READY=1\nSTATUS=all well");
  EXPECT_EQ(announced.back(), "running: ready");
  EXPECT_EQ(life->stage(), "");
  EXPECT_FALSE(life->waits_until());
  EXPECT_EQ(life->status_text(), "all well");
}

TEST_F(ReadyTest, WordOfAStrangerIsNotHeard) {
  with_notify();
  run();
  process().tree = {process().pid};  // this test's pid is not of it
  says("READY=1");
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
}

TEST_F(ReadyTest, ProbeIsAskedUntilItPasses) {
  with_probe();
  run();
  EXPECT_EQ(command("probe").command.back(), std::to_string(process().pid));
  ends(command("probe"), 1);
  advance(100ms);
  ends(command("probe"));
  EXPECT_EQ(announced.back(), "running: ready");
  EXPECT_EQ(launched("a.probe"), 2);
}

TEST_F(ReadyTest, LineOfItsOutput) {
  spec.ready.how = config::ReadyOutput{"listening"};
  run();
  life->wrote(Stream::Stdout, "starting");
  turn();
  EXPECT_EQ(announced.size(), 1U);
  life->wrote(Stream::Stderr, "now listening on 80");
  turn();
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(ReadyTest, Delay) {
  spec.ready.how = config::ReadyDelay{2s};
  run();
  advance(2s - 1ns);
  EXPECT_EQ(announced.size(), 1U);
  advance(1ns);
  EXPECT_EQ(announced.back(), "running: ready");
}

// ---- not ready ----

TEST_F(ReadyTest, TimeoutIsTheEndWithWhatWasMissing) {
  with_notify();
  run();
  advance(30s);
  EXPECT_THAT(announced, ElementsAre("starting: spawn",
                                     "stopping: not ready within 30000 ms: no READY=1 came"));
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_EQ(life->end().detail, "not ready within 30000 ms: no READY=1 came");
  EXPECT_THAT(deaths, ElementsAre(life->end().detail));
}

TEST_F(ReadyTest, ExtendedTimeoutIsShownAndKept) {
  with_notify();
  run();
  advance(20s);
  says("EXTEND_TIMEOUT_USEC=60000000");
  EXPECT_EQ(life->waits_until(), clock.now() + 60s);
  says("EXTEND_TIMEOUT_USEC=1");
  EXPECT_EQ(life->waits_until(), clock.now() + 60s) << "only ever forward";
  advance(60s - 1ns);
  EXPECT_EQ(announced.size(), 1U);
  advance(1ns);
  EXPECT_EQ(life->end().how, How::NotReady);
}

TEST_F(ReadyTest, EndBeforeReadyIsAFailureWhateverItsStatus) {
  with_notify();
  run();
  ends(process(), 0);
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_EQ(life->end().detail, "exited with 0 before it was ready");
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 0, false}));
  EXPECT_THAT(deaths, ElementsAre("exited with 0 before it was ready"));
}

TEST_F(ReadyTest, ReadyAndEndedInOneTurnIsEnded) {
  with_notify();
  run();
  test::notify(process(), "READY=1");
  process().end_with(0);
  turn();
  EXPECT_EQ(announced.size(), 1U);
  EXPECT_EQ(life->end().how, How::NotReady);
}

TEST_F(ReadyTest, ShutdownWhileItWaits_D1) {
  with_notify();
  run();
  stop();
  EXPECT_THAT(announced, ElementsAre("starting: spawn", "stopping: stop"));
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(ReadyTest, ProbeInFlightIsGoneBeforeTheLadderBegins) {
  with_probe();
  launcher.unkillable = true;
  run();
  stop();
  EXPECT_THAT(command("probe").signals, ElementsAre(SIGKILL));
  EXPECT_THAT(signals(), IsEmpty());
  command("probe").end_by(SIGKILL);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(ReadyTest, ProbeInFlightIsGoneBeforeTheLadderOfATimeout) {
  with_probe();
  spec.ready.timeout = 500ms;
  launcher.unkillable = true;
  run();
  advance(500ms);
  EXPECT_THAT(signals(), IsEmpty());
  command("probe").end_by(SIGKILL);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_THAT(life->stage(), HasSubstr("SIGTERM"));
}

TEST_F(ReadyTest, NextLifeHasToBecomeReadyAnew_D11) {
  with_notify();
  run();
  says("READY=1");
  ends(process(), 1);
  process().tree.clear();
  announced.clear();
  run();
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
}

// ---- health ----

class HealthyTest : public ReadyTest {
 protected:
  HealthyTest() { spec.health = config::HealthSpec{{"ping"}, 5000ms, 1000ms, 2}; }
};

TEST_F(HealthyTest, EnoughFailuresInARowAreADeathOfItsOwnReason) {
  run();
  ends(command("probe"), 1);
  advance(5s);
  at_death = [this] { EXPECT_THAT(signals(), IsEmpty()); };
  ends(command("probe"), 1);
  EXPECT_EQ(life->end().how, How::Unhealthy);
  EXPECT_EQ(life->end().detail, "2 health probes in a row failed, the last: exited with 1");
  EXPECT_EQ(announced.back(), "stopping: " + life->end().detail);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM)) << "by the ladder";
  EXPECT_THAT(deaths, ElementsAre(life->end().detail));
}

TEST_F(HealthyTest, DeathEndsTheProbeInFlight) {
  run();
  ends(process(), 1);
  EXPECT_TRUE(command("probe").destroyed);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(HealthyTest, StopEndsTheProbeInFlightFirst) {
  launcher.unkillable = true;
  run();
  stop();
  EXPECT_THAT(signals(), IsEmpty());
  command("probe").end_by(SIGKILL);
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(HealthyTest, AnotherProbeTakesOverInPlace_S14) {
  run();
  spec.health->argv = {"pong"};
  life->watch_changed();
  turn();
  EXPECT_THAT(command("probe").command, ElementsAre("pong"));
  spec.health.reset();
  life->watch_changed();
  turn();
  EXPECT_TRUE(command("probe").destroyed);
  advance(1h);
  EXPECT_EQ(launched("a.probe"), 2);
  EXPECT_THAT(signals(), IsEmpty());
}

// ---- watchdog ----

class WatchedTest : public ReadyTest {
 protected:
  WatchedTest() { spec.watchdog = 3s; }
};

TEST_F(WatchedTest, IsToldItsIntervalAndHasToKeepIt) {
  run();
  EXPECT_EQ(process().env["WATCHDOG_USEC"], "3000000");
  advance(2s);
  says("WATCHDOG=1");
  advance(3s - 1ns);
  EXPECT_THAT(signals(), IsEmpty());
  advance(1ns);
  EXPECT_EQ(life->end().how, How::Unhealthy);
  EXPECT_EQ(life->end().detail, "no WATCHDOG=1 within 3000 ms");
  EXPECT_THAT(deaths, ElementsAre(life->end().detail));
}

TEST_F(WatchedTest, TriggerIsAFailureAtOnce) {
  run();
  says("WATCHDOG=trigger");
  EXPECT_EQ(life->end().detail, "WATCHDOG=trigger");
}

TEST_F(WatchedTest, TriggerBeforeItIsReadyToo) {
  with_notify();
  run();
  says("WATCHDOG=trigger");
  EXPECT_EQ(life->end().how, How::Unhealthy);
  EXPECT_EQ(deaths.size(), 1U);
}

TEST_F(WatchedTest, ItMayChangeTheIntervalAlsoBeforeItIsReady) {
  with_notify();
  run();
  says("WATCHDOG_USEC=10000000");
  advance(20s);
  EXPECT_THAT(signals(), IsEmpty()) << "it is not watched before it is ready";
  says("READY=1");
  advance(10s - 1ns);
  EXPECT_THAT(signals(), IsEmpty());
  says("WATCHDOG_USEC=1000000");
  advance(1s);
  EXPECT_EQ(life->end().detail, "no WATCHDOG=1 within 1000 ms");
}

// ---- extending a stop ----

TEST_F(ReadyTest, StoppingOneMayAskForMoreTime) {
  with_notify();
  launcher.deaf = true;
  run();
  says("READY=1");
  stop();
  says("EXTEND_TIMEOUT_USEC=8000000");
  EXPECT_EQ(life->waits_until(), clock.now() + 8s);
  says("EXTEND_TIMEOUT_USEC=1");
  advance(8s - 1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  advance(1ns);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(ReadyTest, MoreTimeThanThereIsDoesNotOverflow) {
  with_notify();
  launcher.deaf = true;
  run();
  says("READY=1");
  stop();
  says("EXTEND_TIMEOUT_USEC=9223372036854775");
  EXPECT_GT(*life->waits_until(), clock.now() + 1h);
  life->stop_now();
  turn();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL)) << "the way out";
}

TEST_F(ReadyTest, KillIsNotExtended) {
  with_notify();
  launcher.unkillable = true;
  run();
  says("READY=1");
  stop(/*now=*/true);
  says("EXTEND_TIMEOUT_USEC=60000000");
  advance(2s);
  EXPECT_EQ(life->end().how, How::Unkillable);
}

// ---- errors of our own ----

TEST_F(ReadyTest, WithoutADescriptorForItsProbesItGoesOnFailingThem) {
  with_probe();
  run();
  ends(command("probe"), 1);
  launcher.fail_next = EMFILE;
  advance(100ms);
  EXPECT_FALSE(life->ended());
  EXPECT_THAT(life->stage(), HasSubstr("EMFILE"));
}

TEST_F(ReadyTest, SweepUnderShutdownKeepsItsOneGrace) {
  launcher.unkillable = true;
  run();
  process().end({ExitStatus::Kind::Exited, 0, false}, /*members_stay=*/true);
  turn();
  advance(1s);
  stop();
  advance(1s - 1ns);
  EXPECT_FALSE(life->ended());
  advance(1ns);
  EXPECT_EQ(life->end().how, How::Unkillable);
  EXPECT_THAT(signals(), ElementsAre(SIGKILL));
}

}  // namespace
}  // namespace masterd::supervisor
