// A coprocess whose main process is suspended by job control, where that is as good as its death.
#include "tests/supervisor/coprocess_fixture.h"
#include "tests/supervisor/notify_client.h"

namespace masterd::supervisor {
namespace {

class SuspendTest : public CoprocessFixture {
 protected:
  SuspendTest() {
    spec.on_suspend = config::OnSuspend::Fail;
    launcher.deaf = true;
  }
  void suspend(int signo = SIGSTOP) {
    process().suspend(signo);
    turn();
  }
  void expect_failed(const std::string& cause) {
    EXPECT_THAT(deaths, ElementsAre(cause));
    EXPECT_EQ(announced.back(), "stopping: " + cause);
    EXPECT_THAT(signals(), ElementsAre(SIGTERM));
    ends(process());
    EXPECT_TRUE(life->ended());
    EXPECT_EQ(life->end().how, How::Unhealthy);
    EXPECT_EQ(life->end().to_string(), cause);
  }
};

TEST_F(SuspendTest, WhileItRunsIsItsDeathThenComesTheLadder) {
  at_death = [this] {
    EXPECT_THAT(announced, ElementsAre("starting: spawn", "running: ready"));
    EXPECT_THAT(signals(), IsEmpty()) << "told before anything is done";
  };
  run();
  suspend();
  expect_failed("suspended by SIGSTOP");
}

TEST_F(SuspendTest, ByTheTerminalIsTheSame) {
  run();
  suspend(SIGTTIN);
  expect_failed("suspended by SIGTTIN");
}

TEST_F(SuspendTest, ByAnUnknownSignalIsTheSame) {
  run();
  suspend(0);
  expect_failed("suspended");
}

TEST_F(SuspendTest, BeforeItIsReadyIsTheSame) {
  spec.ready.how = config::ReadyNotify{};
  run();
  suspend();
  expect_failed("suspended by SIGSTOP");
}

TEST_F(SuspendTest, InTheTurnInWhichItBecameReadyIsTheSame) {
  spec.ready.how = config::ReadyNotify{};
  run();
  process().suspend(SIGSTOP);
  test::notify(process(), "READY=1");
  turn();
  expect_failed("suspended by SIGSTOP");
}

TEST_F(SuspendTest, OfAOneshotIsTheSameAndItIsUndone) {
  spec.kind = config::Kind::Oneshot;
  spec.undo = does("undo");
  run();
  suspend();
  EXPECT_THAT(deaths, ElementsAre("suspended by SIGSTOP"));
  ends(process());
  ends(command("undo"));
  EXPECT_EQ(life->end().how, How::Unhealthy);
  EXPECT_EQ(launched("a.undo"), 1);
}

TEST_F(SuspendTest, OfTheFirstProcessOfAForkingOneIsTheSame) {
  spec.kind = config::Kind::Forking;
  run();
  suspend();
  expect_failed("suspended by SIGSTOP");
}

TEST_F(SuspendTest, NobodyIsAskedAndNothingWaitedFor) {
  spec.stop_command = does("ask");
  spec.stop = {{config::kNoSignal, 1h}, {SIGINT, 3s}, {config::kNoSignal, 1h}, {SIGKILL, 2s}};
  run();
  suspend();
  EXPECT_EQ(launched("a.stop"), 0);
  EXPECT_THAT(signals(), ElementsAre(SIGINT));
  advance(3s);
  EXPECT_THAT(signals(), ElementsAre(SIGINT, SIGKILL));
  EXPECT_TRUE(life->ended());
}

TEST_F(SuspendTest, ThatEndedInTheSameTurnIsTheEnd) {
  run();
  process().suspend(SIGSTOP);
  process().end_by(SIGKILL);
  turn();
  EXPECT_THAT(deaths, ElementsAre("killed by SIGKILL"));
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(SuspendTest, OnTheWayDownChangesNothing) {
  run();
  stop();
  suspend();
  EXPECT_THAT(deaths, IsEmpty());
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  advance(5s);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
  EXPECT_EQ(life->end().how, How::Ended);
}

TEST_F(SuspendTest, ShutdownMeanwhileFindsTheLadderUnderWay) {
  run();
  suspend();
  advance(2s);
  stop();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  advance(3s);
  EXPECT_THAT(signals(), ElementsAre(SIGTERM, SIGKILL));
}

TEST_F(SuspendTest, IsItsOwnBusinessUnlessTheSpecSaysOtherwise) {
  spec.on_suspend = config::OnSuspend::None;
  run();
  suspend();
  EXPECT_THAT(deaths, IsEmpty());
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(SuspendTest, CountsFromTheMomentAtWhichTheSpecSaysSo) {
  spec.on_suspend = config::OnSuspend::None;
  run();
  suspend();
  spec.on_suspend = config::OnSuspend::Fail;
  life->watch_changed();
  turn();
  expect_failed("suspended by SIGSTOP");
}

TEST_F(SuspendTest, ThatIsOverByThenDoesNotCount) {
  spec.on_suspend = config::OnSuspend::None;
  run();
  suspend();
  process().suspended_event.reset();  // it was continued
  spec.on_suspend = config::OnSuspend::Fail;
  life->watch_changed();
  turn();
  EXPECT_THAT(deaths, IsEmpty());
}

}  // namespace
}  // namespace masterd::supervisor
