#include "daemon/daemon_fsm.h"

#include <gmock/gmock.h>

#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::kTwo;
using test::session_spec;
using testing::ElementsAre;

constexpr const char* kVital = "[coprocess.a]\ncommand = [\"a\"]\nvital = true\n";

class DaemonFsmTest : public test::MachinesFixture {
 protected:
  void begin(HookSpec hook = {}) {
    fsm_.emplace(loop_, launcher_, std::move(hook), noted_, log_.log);
    fsm_->on_end([this] { over_ = true; });
    fsm_->start();
    settle();
  }
  [[nodiscard]] bool nothing_left() const {
    for (const auto& process : launcher_.processes) {
      if (!process->destroyed) return false;
    }
    return true;
  }

  std::optional<DaemonFsm> fsm_;
  bool over_ = false;
};

TEST_F(DaemonFsmTest, WaitsUntilAConfigurationIsPicked) {
  begin();
  EXPECT_EQ(fsm_->state(), "waiting");
  EXPECT_EQ(fsm_->session(), nullptr);
  fsm_->pick(session_spec(kTwo));
  EXPECT_EQ(fsm_->state(), "session");
  settle();
  EXPECT_THAT(noted_.session, ElementsAre("starting", "running"));
}

TEST_F(DaemonFsmTest, EndSessionGoesBackToWaitingAndAnotherCanBePicked) {
  begin();
  for (unsigned i = 1; i <= 3; ++i) {
    fsm_->pick(session_spec(kTwo));
    EXPECT_EQ(fsm_->sessions(), i);
    settle();
    fsm_->end_session("test");
    settle();
    EXPECT_EQ(fsm_->session(), nullptr);
    EXPECT_EQ(fsm_->state(), "waiting");
  }
  EXPECT_EQ(noted_.session.back(), "waiting");
  EXPECT_EQ(noted_.session.size(), 12U);
  EXPECT_FALSE(over_);
  EXPECT_TRUE(nothing_left());
}

TEST_F(DaemonFsmTest, ShutdownWhileWaitingStopsTheLoop) {
  begin();
  fsm_->shutdown("test");
  loop_.run();  // returns: the machine stopped it
  settle();
  EXPECT_TRUE(over_);
}

TEST_F(DaemonFsmTest, D1_BothEndingsInEachTurnOfTheStartLeaveNothing) {
  for (const bool whole : {false, true}) {
    for (int turns = 0; turns < 14; ++turns) {
      over_ = false;
      begin();
      fsm_->pick(session_spec(kTwo));
      for (int i = 0; i < turns; ++i) loop_.run_once(fsm::Duration::zero());
      if (whole) {
        fsm_->shutdown("test");
      } else {
        fsm_->end_session("test");
      }
      settle();
      EXPECT_EQ(fsm_->session(), nullptr) << turns;
      EXPECT_EQ(over_, whole) << turns;
      EXPECT_TRUE(nothing_left()) << turns;
    }
  }
}

TEST_F(DaemonFsmTest, ShutdownDuringAnEndOfTheSessionWaitsForIt) {
  launcher_.deaf = true;
  begin();
  fsm_->pick(session_spec(kVital));
  settle();
  fsm_->end_session("test");
  settle();
  fsm_->shutdown("test");
  settle();
  EXPECT_FALSE(over_);
  EXPECT_THAT(launcher_.of("a")->signals, ElementsAre(SIGTERM));
  advance(seconds{5});
  EXPECT_TRUE(over_);
  EXPECT_TRUE(nothing_left());
}

TEST_F(DaemonFsmTest, SecondShutdownDoesNotRestartTheGrace) {
  launcher_.deaf = true;
  begin();
  fsm_->pick(session_spec(kVital));
  settle();
  fsm_->shutdown("first");
  settle();
  advance(seconds{3});
  fsm_->shutdown("second");
  advance(seconds{2});
  EXPECT_TRUE(over_);
  EXPECT_EQ(fsm_->shutdown_reason(), "first");
  EXPECT_EQ(log_.count("already in progress"), 1);
}

TEST_F(DaemonFsmTest, S17_FailureOfTheSessionThatWasAskedForEndsTheDaemon) {
  begin();
  fsm_->pick(session_spec(kVital), true);
  settle();
  launcher_.of("a")->end_by(SIGSEGV);
  settle();
  EXPECT_TRUE(over_);
  EXPECT_TRUE(fsm_->vital_failed());
  EXPECT_TRUE(nothing_left());
}

TEST_F(DaemonFsmTest, FailureOfAPickedSessionGoesBackToWaiting) {
  begin();
  fsm_->pick(session_spec(kVital));
  settle();
  launcher_.of("a")->end_by(SIGSEGV);
  settle();
  EXPECT_FALSE(over_);
  EXPECT_FALSE(fsm_->vital_failed());
  EXPECT_EQ(fsm_->state(), "waiting");
}

TEST_F(DaemonFsmTest, NormalEndOfTheSessionThatWasAskedForIsNoFailure) {
  begin();
  fsm_->pick(session_spec("[coprocess.a]\ncommand = [\"a\"]\non_exit = \"end-session\"\n"), true);
  settle();
  launcher_.of("a")->end_with(0);
  settle();
  EXPECT_FALSE(over_);
  EXPECT_EQ(fsm_->state(), "waiting");
}

TEST_F(DaemonFsmTest, OnExitShutdownEndsTheDaemon) {
  begin();
  fsm_->pick(session_spec("[coprocess.a]\ncommand = [\"a\"]\non_exit = \"shutdown\"\n"), true);
  settle();
  launcher_.of("a")->end_with(0);
  settle();
  EXPECT_TRUE(over_);
  EXPECT_FALSE(fsm_->vital_failed());
}

TEST_F(DaemonFsmTest, UnkillableProcessInAnOrderedEndIsNoFailureOfTheSession) {
  launcher_.unkillable = true;
  begin();
  fsm_->pick(session_spec(kVital), true);
  settle();
  fsm_->shutdown("test");
  settle();
  advance(seconds{5});
  advance(seconds{2});
  EXPECT_TRUE(over_);
  EXPECT_FALSE(fsm_->vital_failed());
}

// ---- the hook ----

HookSpec every_second() { return {{"hook-program"}, milliseconds{1000}}; }

TEST_F(DaemonFsmTest, HookIsOffUnlessConfigured) {
  begin();
  advance(seconds{3600});
  EXPECT_EQ(launcher_.launches, 0);
}

TEST_F(DaemonFsmTest, HookRunsOnceAnIntervalAndOneAtATime) {
  begin(every_second());
  EXPECT_EQ(launcher_.launches, 0);
  advance(seconds{1});
  EXPECT_EQ(launcher_.launches, 1);
  advance(seconds{3});  // it still runs
  EXPECT_EQ(launcher_.launches, 1);
  launcher_.of("hook")->end_with(0);
  settle();
  EXPECT_TRUE(launcher_.of("hook")->reaped);
  advance(milliseconds{999});
  EXPECT_EQ(launcher_.launches, 1);
  advance(milliseconds{1});
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(DaemonFsmTest, HookThatTakesTooLongIsEnded) {
  begin(every_second());
  advance(seconds{1});
  advance(seconds{9});
  EXPECT_FALSE(launcher_.of("hook")->destroyed);
  advance(seconds{1});
  EXPECT_TRUE(launcher_.of("hook")->destroyed);
  EXPECT_EQ(log_.count("killed after 10000 ms"), 1);
}

TEST_F(DaemonFsmTest, PickAndShutdownEndARunningHook) {
  begin(every_second());
  advance(seconds{1});
  fsm_->pick(session_spec(kTwo));
  settle();
  EXPECT_TRUE(launcher_.of("hook")->destroyed);
  EXPECT_EQ(noted_.session.back(), "running");
  fsm_->end_session("test");
  settle();
  advance(seconds{1});
  EXPECT_FALSE(launcher_.of("hook")->destroyed);
  fsm_->shutdown("test");
  settle();
  EXPECT_TRUE(over_);
  EXPECT_TRUE(nothing_left());
}

TEST_F(DaemonFsmTest, HookThatFailsForEverIsLoggedOnce) {
  launcher_.fail_next = launcher_.fail_always = ENOENT;
  begin(every_second());
  for (int i = 0; i < 20; ++i) advance(seconds{1});
  EXPECT_EQ(launcher_.launches, 20);
  EXPECT_EQ(log_.count("hook-program"), 1);
}

TEST_F(DaemonFsmTest, ControlTransfersAreInTheDebugLog) {
  begin();
  fsm_->pick(session_spec(kTwo));
  settle();
  EXPECT_GE(log_.count("daemon: resume: event"), 1);
  EXPECT_GE(log_.count("session: start"), 1);
}

}  // namespace
}  // namespace masterd::daemon
