// The session's own commands: before, after, and the fail-safe.
#include <gmock/gmock.h>

#include "daemon/daemon_fsm.h"
#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::session_spec;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kAround =
    "[session]\nname = \"s\"\nbefore = [[\"one\"], [\"two\"]]\nafter = [[\"last\"]]\n"
    "[coprocess.a]\ncommand = [\"a\"]\n";
constexpr const char* kSafe =
    "[session]\nname = \"s\"\nfail_safe = [\"halt\"]\n"
    "[coprocess.a]\ncommand = [\"a\"]\nvital = true\n"
    "restart = { policy = \"always\", delay = \"0s\", limit = 0 }\n"
    "[coprocess.b]\ncommand = [\"b\"]\n";
constexpr const char* kAnew =
    "[session]\nname = \"s\"\n[coprocess.a]\ncommand = [\"a\"]\n"
    "restart = { policy = \"always\", scope = \"session\", delay = \"2s\", limit = 2 }\n"
    "[coprocess.b]\ncommand = [\"b\"]\n";

class SessionCommandsTest : public test::MachinesFixture {
 protected:
  SessionCommandsTest() {
    fsm_.emplace(loop_, launcher_, HookSpec{}, noted_, log_.log);
    fsm_->start();
    settle();
  }
  void begin(const char* text) {
    fsm_->pick(session_spec(text));
    settle();
  }
  /// The session's own command that was launched last.
  test::FakeRecord& command() { return *launcher_.of("session"); }
  int commands() const {
    int count = 0;
    for (const auto& process : launcher_.processes) count += process->name == "session" ? 1 : 0;
    return count;
  }
  void ends(int code = 0) {
    command().end_with(code);
    settle();
  }

  std::optional<DaemonFsm> fsm_;
};

TEST_F(SessionCommandsTest, BeforeRunsOneAfterTheOtherAndThenTheCoprocesses) {
  begin(kAround);
  EXPECT_EQ(commands(), 1);
  EXPECT_EQ(fsm_->session()->stage(), "before: one");
  EXPECT_EQ(*fsm_->session()->waits_until() - loop_.now(), seconds{30});
  ends();
  EXPECT_EQ(commands(), 2);
  EXPECT_EQ(launcher_.of("a"), nullptr);
  ends();
  EXPECT_NE(launcher_.of("a"), nullptr);
  EXPECT_EQ(fsm_->session()->stage(), "");
  EXPECT_THAT(noted_.session, ElementsAre("starting", "running"));
}

TEST_F(SessionCommandsTest, ABeforeThatFailsStartsNothingAndCleansUp) {
  begin(kAround);
  ends(3);
  EXPECT_EQ(launcher_.of("a"), nullptr);
  EXPECT_EQ(commands(), 2) << "the clean-up";
  ends();
  EXPECT_EQ(fsm_->session(), nullptr);
  EXPECT_THAT(noted_.session, ElementsAre("starting", "stopping", "waiting"));
}

TEST_F(SessionCommandsTest, AnEndInTheMiddleOfABeforeKillsItAndCleansUp) {
  begin(kAround);
  const test::FakeRecord& before = command();
  fsm_->end_session("test");
  settle();
  EXPECT_TRUE(before.destroyed);
  EXPECT_EQ(launcher_.of("a"), nullptr);
  ends();
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionCommandsTest, ACommandWhoseTimeIsOverIsKilled) {
  begin(kAround);
  advance(seconds{30});
  EXPECT_EQ(commands(), 2) << "the clean-up";
  advance(seconds{30});
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionCommandsTest, TheFailSafeRunsBeforeAnythingElseIsDone) {
  begin(kSafe);
  launcher_.of("a")->end_with(1);
  loop_.run_once(fsm::Duration::zero());
  ASSERT_EQ(commands(), 1);
  EXPECT_THAT(launcher_.of("b")->signals, IsEmpty());
  EXPECT_EQ(noted_.all.back(), "session: running") << "nobody has been told yet";
}

TEST_F(SessionCommandsTest, OneFailSafeAtATimeAndAnotherForTheNextDeath) {
  begin(kSafe);
  launcher_.of("a")->end_with(1);
  settle();
  launcher_.of("a")->end_with(1);
  settle();
  EXPECT_EQ(commands(), 1);
  ends();
  launcher_.of("a")->end_with(1);
  settle();
  EXPECT_EQ(commands(), 2);
}

TEST_F(SessionCommandsTest, AFailSafeWhoseTimeIsOverIsKilledAndTheNextDeathHasItsOwn) {
  begin(kSafe);
  launcher_.of("a")->end_with(1);
  settle();
  const test::FakeRecord& hangs = command();
  advance(seconds{30});
  EXPECT_TRUE(hangs.destroyed);
  launcher_.of("a")->end_with(1);
  settle();
  EXPECT_EQ(commands(), 2);
}

TEST_F(SessionCommandsTest, AFailSafeThatCannotRunHoldsUpNothing) {
  begin(kSafe);
  launcher_.fail_next = ENOENT;
  launcher_.of("a")->end_with(1);
  settle();
  fsm_->end_session("test");
  settle();
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionCommandsTest, ScopeSessionEndsItInOrderAndBeginsItAnewAfterTheDelay) {
  begin(kAnew);
  launcher_.of("a")->end_with(1);
  settle();
  EXPECT_EQ(fsm_->session(), nullptr);
  EXPECT_TRUE(launcher_.of("b")->destroyed);
  advance(milliseconds{1999});
  EXPECT_EQ(fsm_->session(), nullptr);
  ASSERT_TRUE(fsm_->next_session());
  EXPECT_EQ(fsm_->next_session()->when - loop_.now(), milliseconds{1});
  EXPECT_EQ(noted_.last_cause, "the session has ended; it begins anew in 2000 ms");
  advance(milliseconds{1});
  ASSERT_NE(fsm_->session(), nullptr);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
}

TEST_F(SessionCommandsTest, ItsRestartsAreCountedAcrossSessions) {
  begin(kAnew);
  for (int i = 0; i < 2; ++i) {
    launcher_.of("a")->end_with(1);
    settle();
    advance(seconds{10});
    ASSERT_NE(fsm_->session(), nullptr) << i;
  }
  launcher_.of("a")->end_with(1);
  settle();
  ASSERT_NE(fsm_->session(), nullptr) << "limit = 2: it has failed, and the session stays";
  EXPECT_EQ(fsm_->session()->supervisor().state("a"), supervisor::State::Failed);
}

TEST_F(SessionCommandsTest, WhatWasToBeginAnewCanBeCalledOff) {
  begin(kAnew);
  EXPECT_EQ(fsm_->cancel_restart(), std::nullopt) << "there is a session to end";
  launcher_.of("a")->end_with(1);
  settle();
  EXPECT_EQ(fsm_->cancel_restart(), "s");
  EXPECT_EQ(fsm_->cancel_restart(), std::nullopt);
  advance(seconds{10});
  EXPECT_EQ(fsm_->session(), nullptr);
  begin(test::kTwo);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
}

TEST_F(SessionCommandsTest, AnotherConfigurationGoesBeforeTheOneThatWasToBeginAnew) {
  begin(kAnew);
  launcher_.of("a")->end_with(1);
  settle();
  begin(test::kTwo);
  advance(seconds{10});
  EXPECT_EQ(fsm_->sessions(), 3U) << "the one that never began has its number";
  EXPECT_EQ(fsm_->session()->session_name(), session_spec(test::kTwo).name);
}

TEST_F(SessionCommandsTest, AShutdownBeforeItBeginsAnewEnds) {
  begin(kAnew);
  launcher_.of("a")->end_with(1);
  settle();
  fsm_->shutdown("test");
  settle();
  EXPECT_TRUE(fsm_->ended());
  EXPECT_EQ(fsm_->sessions(), 1U);
}

}  // namespace
}  // namespace masterd::daemon
