#include "daemon/session_fsm.h"

#include <gmock/gmock.h>

#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using test::kTwo;
using test::session_spec;
using testing::ElementsAre;
using testing::IsEmpty;

class SessionFsmTest : public test::MachinesFixture, public SessionFsm::Host {
 protected:
  void end_wanted(SessionFsm::End end, const std::string& reason, bool failure) override {
    wanted_.push_back(std::string{end == SessionFsm::End::Shutdown ? "shutdown" : "end"} +
                      (failure ? " by failure: " : ": ") + reason);
  }
  void restart_wanted(fsm::Duration, const std::string& reason) override {
    wanted_.push_back("restart: " + reason);
  }
  void begin(const std::string& text) {
    session_.emplace(loop_, launcher_, session_spec(text), *this, noted_, log_.log);
    session_->on_end([this] { over_ = true; });
    session_->start();
  }

  std::vector<std::string> wanted_;
  bool over_ = false;
  std::optional<SessionFsm> session_;
};

TEST_F(SessionFsmTest, ComesUpInOrderAndIsRunningWhenAllIsReady) {
  begin(kTwo);
  settle();
  EXPECT_THAT(noted_.all,
              ElementsAre("session: starting", "a: waiting", "b: waiting", "a: starting",
                          "a: running", "b: starting", "b: running", "session: running"));
  EXPECT_EQ(noted_.last_cause, "all coprocesses are ready");
  EXPECT_EQ(session_->state(), SessionState::Running);
  EXPECT_EQ(session_->generation(), 1U);
}

TEST_F(SessionFsmTest, IsRunningAndDegradedWhenOneFailedForGood) {
  launcher_.fail_next = ENOENT;
  begin(kTwo);
  settle();
  EXPECT_EQ(session_->state(), SessionState::Running);
  EXPECT_EQ(noted_.last_cause, "not all coprocesses are ready");
  EXPECT_TRUE(session_->supervisor().degraded());
  EXPECT_THAT(wanted_, IsEmpty());
}

TEST_F(SessionFsmTest, StaysStartingWhileOneIsInBackoff) {
  launcher_.fail_always = ENOENT;
  launcher_.fail_next = ENOENT;
  begin("[coprocess.a]\ncommand = [\"a\"]\nrestart = {policy = \"always\", delay = \"1s\"}\n");
  settle();
  EXPECT_EQ(session_->state(), SessionState::Starting);
  launcher_.fail_always = launcher_.fail_next = 0;
  advance(std::chrono::seconds{5});
  EXPECT_EQ(session_->state(), SessionState::Running);
}

TEST_F(SessionFsmTest, ShutdownTakesDownInReverseAndEnds) {
  begin(kTwo);
  settle();
  noted_.all.clear();
  session_->shutdown("test");
  EXPECT_EQ(session_->state(), SessionState::Stopping);
  settle();
  EXPECT_THAT(noted_.all, ElementsAre("session: stopping", "b: stopping", "b: stopped",
                                      "a: stopping", "a: stopped"));
  EXPECT_TRUE(over_);
}

TEST_F(SessionFsmTest, D1_ShutdownInEachTurnOfTheStartLeavesNothing) {
  for (int turns = 0; turns < 12; ++turns) {
    noted_.all.clear();
    over_ = false;
    begin(kTwo);
    for (int i = 0; i < turns; ++i) loop_.run_once(fsm::Duration::zero());
    session_->shutdown("test");
    settle();
    EXPECT_TRUE(over_) << turns;
    for (const auto& process : launcher_.processes) EXPECT_TRUE(process->destroyed) << turns;
    EXPECT_EQ(noted_.session.back(), "stopping") << turns;
  }
}

TEST_F(SessionFsmTest, ShutdownBeforeStartEnds) {
  session_.emplace(loop_, launcher_, session_spec(kTwo), *this, noted_, log_.log);
  session_->on_end([this] { over_ = true; });
  session_->shutdown("test");
  settle();
  EXPECT_TRUE(over_);
  EXPECT_EQ(launcher_.launches, 0);
}

TEST_F(SessionFsmTest, ReconfigureIsStartingUntilReadyAgain) {
  begin(kTwo);
  settle();
  noted_.session.clear();
  const auto changes = session_->reconfigure(
      session_spec("[coprocess.a]\ncommand = [\"a\"]\n[coprocess.b]\ncommand = [\"b2\"]\n"
                   "requires = [\"a\"]\n[coprocess.c]\ncommand = [\"c\"]\n"));
  EXPECT_THAT(changes.changed, ElementsAre("b"));
  EXPECT_THAT(changes.added, ElementsAre("c"));
  settle();
  EXPECT_THAT(noted_.session, ElementsAre("starting", "running"));
  EXPECT_EQ(session_->generation(), 2U);
  EXPECT_EQ(launcher_.launches, 4);  // a, b, b again, c
}

TEST_F(SessionFsmTest, ReconfigureOfARequirementWaitsForTheWholeChain) {
  begin(kTwo);
  settle();
  launcher_.of("b")->obeys = {SIGKILL};
  noted_.session.clear();
  session_->reconfigure(
      session_spec("[coprocess.a]\ncommand = [\"a2\"]\n[coprocess.b]\ncommand = [\"b\"]\n"
                   "requires = [\"a\"]\n"));
  settle();
  EXPECT_THAT(noted_.session, ElementsAre("starting"));
  EXPECT_EQ(session_->state(), SessionState::Starting);
  advance(std::chrono::seconds{5});
  EXPECT_THAT(noted_.session, ElementsAre("starting", "running"));
  EXPECT_EQ(launcher_.launches, 4);
}

TEST_F(SessionFsmTest, P9_ReconfigureWithTheSameChangesNothing) {
  begin(kTwo);
  settle();
  noted_.all.clear();
  for (int i = 0; i < 100; ++i) {
    session_->reconfigure(session_spec(kTwo));
    settle();
  }
  EXPECT_THAT(noted_.all, IsEmpty());
  EXPECT_EQ(session_->generation(), 1U);
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(SessionFsmTest, S14_RestartNeutralChangeKeepsTheProcessAndCountsAGeneration) {
  begin(kTwo);
  settle();
  noted_.all.clear();
  const auto changes =
      session_->reconfigure(session_spec("[coprocess.a]\ncommand = [\"a\"]\ndescription = \"new\"\n"
                                         "[coprocess.b]\ncommand = [\"b\"]\nrequires = [\"a\"]\n"));
  settle();
  EXPECT_THAT(changes.updated, ElementsAre("a"));
  EXPECT_THAT(noted_.all, IsEmpty());
  EXPECT_EQ(session_->generation(), 2U);
}

TEST_F(SessionFsmTest, VitalDeathAsksTheHostToEnd) {
  begin("[coprocess.a]\ncommand = [\"a\"]\nvital = true\n");
  settle();
  launcher_.of("a")->end_by(SIGSEGV);
  settle();
  ASSERT_EQ(wanted_.size(), 1U);
  EXPECT_THAT(wanted_[0], testing::MatchesRegex("end by failure: .*a failed: killed by SIGSEGV"));
  EXPECT_FALSE(over_);
}

TEST_F(SessionFsmTest, OutputReachesTheObserver) {
  begin(kTwo);
  settle();
  launcher_.of("a")->output(supervisor::Stream::Stdout, "hello\n");
  EXPECT_THAT(noted_.lines, ElementsAre("a: hello"));
}

}  // namespace
}  // namespace masterd::daemon
