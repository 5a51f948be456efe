// The fail-safe when masterd itself dies, in any way, and not when it ends in order.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>

#include "fsm/asan.h"
#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class GuardTest : public DaemonTest {
 protected:
  /// With one coprocess that goes with masterd: a test that kills it leaves nothing.
  [[nodiscard]] std::string session(const std::string& fail_safe) const {
    return "[session]\n" + fail_safe + coprocess("axis", kSleeper, "pdeathsig = \"KILL\"\n");
  }
  [[nodiscard]] std::string halting() const {
    return session("fail_safe = [\"" TEST_CHILD "\", \"now\", \"" + halted_file() + "\"]\n");
  }
  [[nodiscard]] std::string halted_file() const { return folder().path("halted"); }
  [[nodiscard]] bool halted() const { return !contents(halted_file()).empty(); }
  [[nodiscard]] std::vector<pid_t> guards() const {
    std::vector<pid_t> found;
    for (const pid_t pid : processes()) {
      if (describe({pid}).find("masterd-guard") != std::string::npos) found.push_back(pid);
    }
    return found;
  }
  pid_t guard() {
    EXPECT_TRUE(eventually([&] { return guards().size() == 1; }));
    const auto found = guards();
    return found.empty() ? -1 : found.front();
  }
  void die_by(int signo) {
    daemon().signal(signo);
    // AddressSanitizer makes an end of its own of it.
    EXPECT_EQ(exit_status(), fsm::kUnderAsan && signo == SIGSEGV ? 1 : 128 + signo);
    EXPECT_TRUE(eventually([&] { return halted(); }));
    EXPECT_TRUE(eventually([&] { return processes().empty(); }));
  }
};

class DeathTest : public GuardTest, public testing::WithParamInterface<int> {};

TEST_P(DeathTest, OfTheDaemonRunsTheFailSafe) {
  start_session(halting());
  EXPECT_FALSE(halted());
  die_by(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Every, DeathTest, testing::Values(SIGKILL, SIGSEGV, SIGABRT),
                         [](const auto& info) { return std::string{::sigabbrev_np(info.param)}; });

TEST_F(GuardTest, AnOrderlyShutdownDoesNotRunTheFailSafe) {
  start_session(halting());
  EXPECT_EQ(shut_down(), 0);
  EXPECT_FALSE(halted());
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(GuardTest, NeitherDoesTheEndOfTheSessionAndTheGuardIsNoStray) {
  start_session(halting());
  call("end_session", {{"wait", true}});
  EXPECT_THAT(processes(), IsEmpty());
  EXPECT_FALSE(halted());
  EXPECT_THAT(log(), Not(HasSubstr("stray")));
}

TEST_F(GuardTest, AFailSafeThatIsAddedToARunningSessionIsGuarded) {
  start_session(session(""));
  EXPECT_THAT(guards(), IsEmpty());
  const pid_t axis = pid_of("axis");
  set_config(session_file(halting()));
  EXPECT_EQ(pid_of("axis"), axis);
  guard();
  die_by(SIGKILL);
}

TEST_F(GuardTest, ItIsNoCoprocess) {
  start_session(halting());
  EXPECT_EQ(call("status").at("coprocesses").as_array().size(), 1U);
  EXPECT_THAT(json::serialize(call("tree")), Not(HasSubstr("masterd-guard")));
}

TEST_F(GuardTest, SignalsThatEndAWholeGroupDoNotTakeItAwayBeforeMasterd) {
  start_session(halting());
  const pid_t pid = guard();
  for (const int signo : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) ::kill(-pid, signo);
  die_by(SIGKILL);
}

TEST_F(GuardTest, OneThatIsKilledIsToldAndStandsAgain) {
  start_session(halting());
  const pid_t old = guard();
  ::kill(old, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const auto found = guards();
    return found.size() == 1 && found.front() != old;
  }));
  EXPECT_THAT(log(), HasSubstr("fail-safe guard: ended"));
  EXPECT_FALSE(halted());
  die_by(SIGKILL);
}

TEST_F(GuardTest, ABareNameIsFoundInPathAndHasTheFolderAndEnvironmentOfTheSession) {
  const std::string script = folder().file(
      "halt-all", "#!/bin/sh\n[ \"$MASTERD_COPROCESS\" = session ] && pwd > halted\n");
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  Plan with_path = plan();
  with_path.env.push_back("PATH=" + folder().path().string() + ":/usr/bin:/bin");
  start(with_path);
  set_config(session_file(session("fail_safe = [\"halt-all\"]\n")));
  die_by(SIGKILL);
  EXPECT_EQ(contents(halted_file()), folder().path().string() + "\n");
}

}  // namespace
}  // namespace masterd::test
