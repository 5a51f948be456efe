// The guard of a session that has a fail-safe: from before its first coprocess until after its
// last.
#include <gmock/gmock.h>

#include <algorithm>

#include "daemon/daemon_fsm.h"
#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using test::session_spec;
using testing::ElementsAre;
using testing::IsEmpty;

std::string with_fail_safe(const std::string& command) {
  return "[session]\nname = \"s\"\nfail_safe = [\"" + command +
         "\", \"now\"]\nbefore = [[\"mount\"]]\n[coprocess.a]\ncommand = [\"a\"]\n";
}
constexpr const char* kWithout =
    "[session]\nname = \"s\"\nbefore = [[\"mount\"]]\n[coprocess.a]\ncommand = [\"a\"]\n";

class SessionGuardTest : public test::MachinesFixture {
 protected:
  SessionGuardTest() {
    fsm_.emplace(loop_, launcher_, HookSpec{}, noted_, log_.log);
    fsm_->start();
    settle();
  }
  void begin(const std::string& text, int fail = 0) {
    fsm_->pick(session_spec(text));
    settle();
    launcher_.fail_next = fail;
    launcher_.of("session")->end_with(0);  // `before`
    settle();
  }
  void change(const std::string& text) {
    fsm_->session()->reconfigure(session_spec(text));
    settle();
  }
  test::FakeRecord& guard() { return *launcher_.of("session.guard"); }
  std::ptrdiff_t guards() const {
    return std::count_if(launcher_.processes.begin(), launcher_.processes.end(),
                         [](const auto& process) { return process->name == "session.guard"; });
  }
  std::vector<std::string> launched() const {
    std::vector<std::string> names;
    for (const auto& process : launcher_.processes) names.push_back(process->name);
    return names;
  }

  std::optional<DaemonFsm> fsm_;
};

TEST_F(SessionGuardTest, StandsBeforeTheFirstCoprocessAndHasTheCommand) {
  begin(with_fail_safe("halt"));
  EXPECT_THAT(launched(), ElementsAre("session", "session.guard", "a"));
  EXPECT_TRUE(guard().lives_on);
  EXPECT_EQ(guard().command.front(), "/bin/sh");
  EXPECT_THAT(std::vector<std::string>(guard().command.end() - 2, guard().command.end()),
              ElementsAre("halt", "now"));
}

TEST_F(SessionGuardTest, ASessionWithoutAFailSafeHasNone) {
  begin(kWithout);
  EXPECT_EQ(guards(), 0);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
}

TEST_F(SessionGuardTest, GoesWhenTheLastCoprocessIsGoneAndNotBefore) {
  launcher_.deaf = true;
  begin(with_fail_safe("halt"));
  fsm_->end_session("test");
  settle();
  EXPECT_FALSE(launcher_.of("a")->gone);
  EXPECT_THAT(guard().signals, IsEmpty());
  advance(seconds{5});  // the ladder
  EXPECT_TRUE(launcher_.of("a")->gone);
  EXPECT_THAT(guard().signals, ElementsAre(SIGKILL)) << "before its pipe is closed";
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionGuardTest, OneThatCannotBeKilledHoldsUpTheEndForTwoSecondsOnly) {
  begin(with_fail_safe("halt"));
  guard().obeys.clear();
  fsm_->end_session("test");
  settle();
  ASSERT_NE(fsm_->session(), nullptr);
  advance(seconds{2});
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionGuardTest, ASessionWhoseGuardCannotBeHadStartsNothing) {
  begin(with_fail_safe("halt"), EAGAIN);
  EXPECT_EQ(launcher_.of("a"), nullptr);
  EXPECT_EQ(fsm_->session(), nullptr);
  EXPECT_THAT(noted_.session, ElementsAre("starting", "stopping", "waiting"));
}

TEST_F(SessionGuardTest, OneThatEndsByItselfIsToldAndStandsAgainButNotInALoop) {
  begin(with_fail_safe("halt"));
  advance(seconds{6});
  guard().end_by(SIGKILL);
  settle();
  EXPECT_EQ(guards(), 2) << "at once";
  guard().end_by(SIGKILL);
  settle();
  EXPECT_EQ(guards(), 2);
  advance(Guard::kPause);
  EXPECT_EQ(guards(), 3);
  EXPECT_FALSE(guard().gone);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
}

TEST_F(SessionGuardTest, OneThatCannotStandAgainIsTriedAgain) {
  begin(with_fail_safe("halt"));
  launcher_.fail_next = EAGAIN;
  advance(seconds{6});
  guard().end_by(SIGKILL);
  settle();
  EXPECT_EQ(guards(), 1);
  EXPECT_EQ(log_.count("fail-safe guard: "), 2);
  advance(Guard::kPause);
  EXPECT_EQ(guards(), 2);
}

TEST_F(SessionGuardTest, AnotherFailSafeGetsAGuardBeforeTheOldOneGoes) {
  begin(with_fail_safe("halt"));
  test::FakeRecord& old = guard();
  old.obeys.clear();
  change(with_fail_safe("freeze"));
  EXPECT_EQ(guards(), 2);
  EXPECT_EQ(*(guard().command.end() - 2), "freeze");
  EXPECT_THAT(old.signals, ElementsAre(SIGKILL));
  EXPECT_FALSE(old.destroyed);
  old.end_by(SIGKILL);
  settle();
  EXPECT_TRUE(old.destroyed);
  EXPECT_THAT(guard().signals, IsEmpty());
}

TEST_F(SessionGuardTest, AnEndWhileTheOldOneGoesTakesBoth) {
  begin(with_fail_safe("halt"));
  test::FakeRecord& old = guard();
  old.obeys.clear();
  change(with_fail_safe("freeze"));
  fsm_->end_session("test");
  settle();
  EXPECT_THAT(guard().signals, ElementsAre(SIGKILL));
  EXPECT_EQ(fsm_->session(), nullptr);
}

TEST_F(SessionGuardTest, ItComesAndGoesWithTheFailSafeOfANewConfiguration) {
  begin(kWithout);
  change(with_fail_safe("halt"));
  ASSERT_EQ(guards(), 1);
  change(with_fail_safe("halt"));
  EXPECT_EQ(guards(), 1) << "nothing has changed";
  change(kWithout);
  EXPECT_THAT(guard().signals, ElementsAre(SIGKILL));
  EXPECT_TRUE(guard().destroyed);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
}

TEST_F(SessionGuardTest, AtAHardEndItIsNotKilledSoItsCommandRuns) {
  begin(with_fail_safe("halt"));
  fsm_.reset();
  EXPECT_TRUE(guard().destroyed) << "its pipe is closed";
  EXPECT_THAT(guard().signals, IsEmpty());
}

}  // namespace
}  // namespace masterd::daemon
