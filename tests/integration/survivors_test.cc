// masterd is killed, and started again on the same endpoint: nothing of the old one is left, and
// nothing doubles.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr uid_t kNobody = 65534;

/// Who runs masterd, and whether it has cgroups.
struct Way {
  const char* name;
  bool cgroups;
  bool ordinary;
};

class SurvivorsTest : public DaemonTest {
 protected:
  void start_as(const Way& way) {
    way_ = way;
    start(plan_of(way));
  }
  /// The same once more.
  void start_again() { start(plan_of(way_)); }
  void kill_daemon() {
    daemon().signal(SIGKILL);
    EXPECT_EQ(exit_status(), 128 + SIGKILL);
  }
  [[nodiscard]] std::string ledger() const { return folder().path("control.sock.children"); }
  /// The pid that a coprocess has printed as its first line.
  pid_t told_by(const std::string& name) {
    EXPECT_TRUE(eventually([&] { return !lines(name).empty(); }));
    return static_cast<pid_t>(std::stol(lines(name).at(0)));
  }
  static bool is_stopped(pid_t pid) {
    const std::string stat = contents("/proc/" + std::to_string(pid) + "/stat");
    return stat.find(") T ") != std::string::npos;
  }
  /// Root can be somebody else; who is not root already is.
  [[nodiscard]] Plan plan_of(const Way& way) const {
    Plan plan = this->plan({"--cgroups", way.cgroups ? "auto" : "off"});
    if (way.ordinary && ::geteuid() == 0) {
      EXPECT_EQ(::chown(folder().path().c_str(), kNobody, kNobody), 0);
      const std::string id = std::to_string(kNobody);
      const std::vector<std::string> as{"/usr/bin/setpriv", "--reuid",        id, "--regid", id,
                                        "--clear-groups",   "--inh-caps=-all"};
      plan.argv.insert(plan.argv.begin(), as.begin(), as.end());
    }
    return plan;
  }
  /// A checkout may lie where others cannot go.
  static bool others_can_run_it() {
    Plan plan;
    plan.argv = {"/usr/bin/setpriv", "--reuid", std::to_string(kNobody),
                 "--clear-groups",   MASTERD,   "--version"};
    return ::geteuid() != 0 || run(plan).status == 0;
  }

  Way way_{"", true, false};
};

class EveryWay : public SurvivorsTest, public testing::WithParamInterface<Way> {};

TEST_P(EveryWay, S19_WhatAKilledMasterdHadStartedIsEndedBeforeTheSessionBeginsAnew) {
  if (GetParam().ordinary && !others_can_run_it()) GTEST_SKIP() << "nobody cannot run " MASTERD;
  const std::string session =
      session_file(coprocess("plain", "echo $$; exec sleep 1000") +
                   coprocess("left", "setsid env -i sleep 1000 & echo $!; exec sleep 1000") +
                   coprocess("daemon", "setsid sh -c 'echo $$; exec sleep 1000' & exit 0",
                             "type = \"forking\"\n") +
                   coprocess("stopped", "echo $$; kill -STOP $$; exec sleep 1000") +
                   coprocess("probed", kSleeper,
                             "health = { exec = [\"/bin/sleep\", \"1000\"], timeout = \"900s\", "
                             "interval = \"1ms\" }\n"));
  start_as(GetParam());
  set_config(session);
  std::vector<pid_t> old;
  for (const auto& [name, pid] : pids()) old.push_back(pid);
  for (const char* name : {"left", "daemon", "stopped"}) old.push_back(told_by(name));
  ASSERT_TRUE(eventually([&] { return is_stopped(old.back()); }));
  std::size_t count = 0;
  EXPECT_TRUE(eventually([&] { return (count = processes().size()) == 6; })) << count;
  kill_daemon();
  for (const pid_t pid : old) EXPECT_TRUE(is_alive(pid)) << pid;
  start_again();
  set_config(session);
  for (const pid_t pid : old) EXPECT_FALSE(is_alive(pid)) << pid;
  EXPECT_TRUE(eventually([&] { return (count = processes().size()) == 6; }))
      << describe(processes());
  EXPECT_THAT(log(), HasSubstr("survivors have ended"));
}

INSTANTIATE_TEST_SUITE_P(Survivors, EveryWay,
                         testing::Values(Way{"RootWithCgroups", true, false},
                                         Way{"RootWithoutCgroups", false, false},
                                         Way{"AnOrdinaryUserWithCgroups", true, true},
                                         Way{"AnOrdinaryUserWithoutCgroups", false, true}),
                         [](const auto& info) { return std::string{info.param.name}; });

TEST_F(SurvivorsTest, S19_ASetUserIdProgramWhoseEnvironmentCannotBeReadIsEndedToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "to make a set-user-ID program takes root";
  struct statvfs mount {};
  if (::statvfs(folder().path().c_str(), &mount) != 0 || (mount.f_flag & ST_NOSUID) != 0) {
    GTEST_SKIP() << "the temporary folder is mounted nosuid";
  }
  if (!others_can_run_it()) GTEST_SKIP() << "nobody cannot run " MASTERD;
  const std::string program = folder().path("root-sleep");
  std::filesystem::copy_file("/bin/sleep", program);
  ASSERT_EQ(::chmod(program.c_str(), 04755), 0);
  const std::string session =
      session_file("[coprocess.leader]\ncommand = [\"" + program + "\", \"1000\"]\n" +
                   coprocess("away", "setsid " + program + " 1000 & echo $!; exec sleep 1000"));
  start_as({"", false, true});
  set_config(session);
  const std::vector<pid_t> old{pid_of("leader"), told_by("away"), pid_of("away")};
  kill_daemon();
  EXPECT_TRUE(is_alive(old[0]));
  start_again();
  set_config(session);
  for (const pid_t pid : old) EXPECT_FALSE(is_alive(pid)) << pid;
}

TEST_F(SurvivorsTest, S19_ADeafOneIsKilledAfterItsGraceWhileRequestsAreAnswered) {
  start_session(coprocess("deaf", kDeaf));
  await_line({"deaf"}, "deaf");
  const pid_t old = pid_of("deaf");
  kill_daemon();
  start();
  set_config(folder().path("stack.toml"), false);
  EXPECT_TRUE(is_alive(old));
  // It comes to its stage in its first turn; a quick request is answered in the same as set_config.
  EXPECT_TRUE(eventually([&] {
    return text_of(call("status").at("session").as_object(), "stage") ==
           "survivors of a masterd that was killed";
  }));
  EXPECT_EQ(state("deaf"), "stopped") << "nothing begins before the old one is gone";
  await_state("deaf", "running");
  EXPECT_FALSE(is_alive(old));
}

TEST_F(SurvivorsTest, S19_AShutdownMeanwhileWaitsUntilNothingIsLeft) {
  start_session(coprocess("deaf", kDeaf));
  await_line({"deaf"}, "deaf");
  kill_daemon();
  start();
  EXPECT_EQ(shut_down(), 0);
  EXPECT_THAT(processes(), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(ledger()));
}

TEST_F(SurvivorsTest, S19_OneThatIsKilledWhileItClearsLeavesTheRestToTheNext) {
  start_session(coprocess("deaf", kDeaf));
  await_line({"deaf"}, "deaf");
  const pid_t old = pid_of("deaf");
  for (int i = 0; i < 2; ++i) {
    kill_daemon();
    start();
  }
  EXPECT_TRUE(is_alive(old));
  EXPECT_EQ(shut_down(), 0);
  EXPECT_THAT(processes(), IsEmpty());
}

TEST_F(SurvivorsTest, S19_AnotherMasterdAndWhatItHasStartedAreLeftAlone) {
  Plan other = plan();
  other.argv = {
      MASTERD, "--endpoint", "ipc://" + folder().path("other.sock"), "--session",
      folder().file("other.toml", coprocess("theirs", "echo $$ > theirs; exec sleep 1000"))};
  Program second{other};
  ASSERT_TRUE(eventually([&] { return !contents(folder().path("theirs")).empty(); }));
  const pid_t theirs = static_cast<pid_t>(std::stol(contents(folder().path("theirs"))));
  start_session(coprocess("ours", kSleeper));
  const pid_t ours = pid_of("ours");
  kill_daemon();
  start();
  set_config(folder().path("stack.toml"));
  EXPECT_FALSE(is_alive(ours));
  EXPECT_TRUE(is_alive(theirs));
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait(), 0);
  EXPECT_FALSE(is_alive(theirs));
}

TEST_F(SurvivorsTest, S19_AFailSafeThatTheGuardHasBegunIsLetFinish) {
  start_session(
      "[session]\nfail_safe = [\"/bin/sh\", \"-c\", "
      "\"trap 'echo asked > asked' TERM; echo > begun; "
      "while ! test -e end; do sleep 0.01; done; echo > finished\"]\n" +
      coprocess("axis", kSleeper));
  const pid_t axis = pid_of("axis");
  kill_daemon();
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder().path("begun")); }));
  start();
  EXPECT_TRUE(await_gone(axis));
  folder().file("end", "");
  set_config(session_file(coprocess("axis", kSleeper)));
  EXPECT_TRUE(std::filesystem::exists(folder().path("finished")));
  EXPECT_FALSE(std::filesystem::exists(folder().path("asked")));
}

TEST_F(SurvivorsTest, AnOrderlyEndLeavesNoLedgerAndTheNextStartLooksForNobody) {
  start_session(coprocess("a", kSleeper));
  EXPECT_TRUE(std::filesystem::exists(ledger()));
  EXPECT_EQ(shut_down(), 0);
  EXPECT_FALSE(std::filesystem::exists(ledger()));
  start();
  EXPECT_THAT(log(), Not(HasSubstr("has not ended in order")));
}

TEST_F(SurvivorsTest, ALedgerThatOthersMayWriteIsToldAndNotBelieved) {
  start_session(coprocess("a", kSleeper));
  const pid_t old = pid_of("a");
  kill_daemon();
  ASSERT_EQ(::chmod(ledger().c_str(), 0666), 0);
  start();
  EXPECT_THAT(log(), HasSubstr("is not believed: others may read or write it"));
  EXPECT_TRUE(is_alive(old));
  ::kill(old, SIGKILL);
  EXPECT_TRUE(await_gone(old));
}

}  // namespace
}  // namespace masterd::test
