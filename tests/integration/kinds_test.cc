// Oneshots, forking ones, several instances, and the commands around a life.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <fstream>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Appends a line to the file `steps` in the session's folder.
std::string step(const std::string& what) { return "echo " + what + " >> steps\n"; }
std::string shell(const std::string& script) { return "[\"/bin/sh\", \"-c\", \"" + script + "\"]"; }

const std::string kOneshot = "type = \"oneshot\"\n";

class KindsTest : public DaemonTest {
 protected:
  void begin(const std::string& toml) {
    start();
    set_config(session_file(toml), false);
  }
  std::vector<std::string> steps() const {
    std::vector<std::string> all;
    std::ifstream file{folder().path("steps")};
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }
};

// ---- oneshot ----

TEST_F(KindsTest, OneshotsAreDoneInOrderAndUndoneInReverse) {
  start_session(
      coprocess("one", step("one"), kOneshot + "undo = " + shell("echo un-one >> steps") + "\n") +
      coprocess("two", step("two"),
                kOneshot + requires_("one") + "undo = " + shell("echo un-two >> steps") + "\n") +
      coprocess("app", step("app") + kSleeper, requires_("two")));
  EXPECT_EQ(state("one"), "exited");
  EXPECT_TRUE(coprocess_status("one").at("ready").as_bool());
  ASSERT_TRUE(eventually([&] { return steps().size() == 3; }));
  call("end_session", {{"wait", true}});
  EXPECT_THAT(steps(), ElementsAre("one", "two", "app", "un-two", "un-one"));
}

TEST_F(KindsTest, WhatWasBegunAndFailedIsUndone) {
  begin(coprocess("one", step("one") + "exit 7",
                  kOneshot + "undo = " + shell("echo un-one >> steps") + "\n") +
        coprocess("app", kSleeper, requires_("one")));
  await_state("app", "failed");
  EXPECT_EQ(state("one"), "failed");
  EXPECT_THAT(steps(), ElementsAre("one", "un-one"));
  call("end_session", {{"wait", true}});
  EXPECT_THAT(steps(), ElementsAre("one", "un-one")) << "once";
}

TEST_F(KindsTest, D8_AOneshotRunsAsOftenAsItWasAskedFor) {
  start_session(
      coprocess("one", step("one"), kOneshot + "undo = " + shell("echo un-one >> steps") + "\n") +
      coprocess("app", kSleeper, requires_("one") + kAlways));
  const pid_t old = pid_of("app");
  ::kill(old, SIGKILL);  // its restart is no reason to do the oneshot again
  await_new_pid("app", old);
  start_coprocess("one");  // it has been done
  EXPECT_THAT(steps(), ElementsAre("one"));
  restart("one");
  await_state("app", "running");
  EXPECT_THAT(steps(), ElementsAre("one", "un-one", "one"));
  stop("one");
  EXPECT_EQ(state("app"), "waiting");
  EXPECT_THAT(steps(), ElementsAre("one", "un-one", "one", "un-one"));
  start_coprocess("one");
  EXPECT_THAT(steps(), ElementsAre("one", "un-one", "one", "un-one", "one"));
}

// ---- forking ----

/// The classic daemon: fork, setsid, fork; its pid goes to `pid` when `pid_after` seconds are over.
std::string classic_daemon(const std::string& before_pid = "") {
  return "[coprocess.d]\ntype = \"forking\"\ncommand = [\"/usr/bin/python3\", \"-c\", '''\n"
         "import os, signal, time\n"
         "if os.fork(): os._exit(0)\n"
         "os.setsid()\n"
         "if os.fork(): os._exit(0)\n" +
         before_pid +
         "open('pid.new', 'w').write(f'{os.getpid()}\\n'); os.rename('pid.new', 'pid')\n"
         "signal.pause()\n''']\n";
}

TEST_F(KindsTest, TheDaemonThatAForkingOneLeftIsFoundAndSupervised) {
  start_session(classic_daemon() + kAlways);
  ASSERT_TRUE(eventually([&] { return !contents(folder().path("pid")).empty(); }));
  const pid_t main = pid_of("d");
  EXPECT_EQ(std::stoi(contents(folder().path("pid"))), main);
  ::kill(main, SIGKILL);
  const pid_t next = await_new_pid("d", main);
  await_state("d", "running");
  EXPECT_NE(next, main);
  stop("d");
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

TEST_F(KindsTest, D12_APidFileThatIsWrittenLateIsWaitedFor) {
  start_session(classic_daemon("time.sleep(0.3)\n") + "pid_file = \"pid\"\n");
  EXPECT_EQ(std::stoi(contents(folder().path("pid"))), pid_of("d"));
}

TEST_F(KindsTest, D12_AStalePidFileAndAStrangersPidAreNotBelieved) {
  std::ofstream{folder().path("pid")} << ::getpid() << "\n";  // lives, and is not of the tree
  start_session(classic_daemon("time.sleep(0.3)\n") + "pid_file = \"pid\"\n");
  EXPECT_NE(pid_of("d"), ::getpid());
  EXPECT_EQ(std::stoi(contents(folder().path("pid"))), pid_of("d"));
}

TEST_F(KindsTest, D12_APidFileThatNeverNamesADaemonIsAFailureThatSaysSo) {
  std::ofstream{folder().path("other")} << ::getpid() << "\n";
  begin(classic_daemon() + "pid_file = \"other\"\nready.timeout = \"500ms\"\n");
  await_state("d", "failed");
  EXPECT_THAT(text_of(coprocess_status("d"), "reason"), HasSubstr("which is no process of it"));
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

TEST_F(KindsTest, AForkingOneWhoseFirstProcessFailsIsAFailure) {
  begin(coprocess("d", "exit 3", "type = \"forking\"\n"));
  await_state("d", "failed");
  EXPECT_THAT(text_of(coprocess_status("d"), "reason"), HasSubstr("3"));
}

// What ends belongs to root from when it gives up its memory until it is a zombie: an ordinary
// user's masterd may not look whose it is. A first thread that ends before the others makes that
// last.
TEST_F(KindsTest, TheDaemonIsFoundAlsoByAnOrdinaryUserWhileWhoLeavesItEnds) {
  const std::string nobody = "65534";
  const std::vector<std::string> as{"/usr/bin/setpriv", "--reuid", nobody,
                                    "--regid",          nobody,    "--clear-groups"};
  Plan plan = this->plan();
  if (::geteuid() == 0) {
    plan.argv.insert(plan.argv.begin(), as.begin(), as.end());
    ASSERT_EQ(::chown(folder().path().c_str(), 65534, 65534), 0);
    Plan version = plan;
    version.argv = {as.at(0), as.at(1), nobody, as.at(5), MASTERD, "--version"};
    if (run(version).status != 0) GTEST_SKIP() << "nobody cannot run " MASTERD;
  }
  start(plan);
  set_config(
      session_file("[coprocess.d]\ntype = \"forking\"\n"
                   "command = [\"/usr/bin/python3\", \"-c\", '''\n"
                   "import ctypes, os, threading, time\n"
                   "told, tell = os.pipe()\n"
                   "if os.fork(): os._exit(len(os.read(told, 1)) - 1)\n"
                   "os.setsid()\n"
                   "def leave():\n"
                   "  while ') Z ' not in open('/proc/self/stat').read(): pass\n"
                   "  os.write(tell, b'x')\n"
                   "  time.sleep(0.3)\n"
                   "  if os.fork(): os._exit(0)\n"
                   "  print('left', flush=True)\n"
                   "  time.sleep(1000)\n"
                   "threading.Thread(target=leave).start()\n"
                   "exit_thread = 60 if os.uname().machine == 'x86_64' else 93\n"
                   "ctypes.CDLL(None).syscall(exit_thread, 0)\n''']\n"));
  EXPECT_EQ(state("d"), "running");
  await_line({"d"}, "left");
}

// The middle process of its double fork has a hard time.
TEST_F(KindsTest, WhoIsStillBusyWithLeavingIsNotTakenForTheDaemon) {
  start();
  set_config(
      session_file("[coprocess.d]\ntype = \"forking\"\n"
                   "command = [\"/usr/bin/python3\", \"-c\", '''\n"
                   "import os, time\n"
                   "if os.fork(): os._exit(0)\n"
                   "os.setsid()\n"
                   "until = time.monotonic() + 0.3\n"
                   "while time.monotonic() < until: pass\n"
                   "if os.fork(): os._exit(0)\n"
                   "print(os.getpid(), flush=True)\n"
                   "time.sleep(1000)\n''']\n"));
  const std::string pid = std::to_string(pid_of("d"));
  await_line({"d"}, pid);
  EXPECT_EQ(state("d"), "running");
}

// ---- instances, when ----

TEST_F(KindsTest, InstancesAreCoprocessesOfTheirOwn) {
  start_session(
      "[coprocess.w]\ninstances = 3\ncommand = [\"/bin/sh\", \"-c\", "
      "'echo instance ${instance}; exec sleep 1000']\n" +
      coprocess("app", kSleeper, requires_("w")));
  await_line({"w-2"}, "instance 2");
  const pid_t other = pid_of("w-1");
  stop("w-2");
  EXPECT_EQ(state("w-2"), "stopped");
  EXPECT_EQ(pid_of("w-1"), other);
}

TEST_F(KindsTest, WhatIsLeftOutByWhenIsNotThereAndNobodyWaitsForIt) {
  start_session("[coprocess.gui]\nwhen = \"\"\ncommand = [\"/bin/false\"]\n" +
                coprocess("app", kSleeper, requires_("gui")));
  EXPECT_EQ(reason("status", {{"name", "gui"}}), "unknown_coprocess");
}

// ---- before, after, stop command ----

TEST_F(KindsTest, C20_ABeforeThatFailsThreeTimesAndThenPassesIsRetriedByThePolicy) {
  begin(coprocess("a", kSleeper,
                  "before = [" + shell("echo try >> steps; test $(wc -l < steps) -ge 4") + "]\n" +
                      "restart = { policy = \"on-failure\", delay = \"10ms\", limit = 10 }\n"));
  await_state("a", "running");
  EXPECT_EQ(steps().size(), 4U);
}

TEST_F(KindsTest, C20_ABeforeThatFailsIsNamedInTheReason) {
  begin(coprocess("a", kSleeper, "before = [[\"/bin/true\"], [\"/bin/false\"]]\n"));
  await_state("a", "failed");
  EXPECT_THAT(text_of(coprocess_status("a"), "reason"),
              HasSubstr("before: /bin/false: exited with 1"));
}

TEST_F(KindsTest, AfterRunsWhenItIsGoneHoweverItEnded) {
  const std::string after = "after = [" + shell("echo after >> steps") + "]\n";
  start_session(coprocess("a", kSleeper, after + kAlways));
  const pid_t old = pid_of("a");
  ::kill(old, SIGKILL);
  await_new_pid("a", old);
  EXPECT_EQ(steps().size(), 1U);
  stop("a");
  EXPECT_EQ(steps().size(), 2U);
}

TEST_F(KindsTest, AnAfterThatFailsIsToldInTheLogAndTheNextOneRuns) {
  start_session(coprocess("a", kSleeper,
                          "after = [[\"/bin/false\"], " + shell("echo after >> steps") + "]\n"));
  stop("a");
  EXPECT_THAT(steps(), ElementsAre("after"));
  EXPECT_THAT(log(), HasSubstr("warning a: after: /bin/false: exited with 1"));
}

TEST_F(KindsTest, M12_TheStopCommandComesBeforeTheSignalsAndMayBeEnough) {
  start_session(coprocess("a",
                          "trap 'echo term >> steps; exit' TERM; mkfifo ask; read x < ask; "
                          "echo saved >> steps",
                          "stop = { command = " + shell("echo save > ask") +
                              ", ladder = [{ signal = \"none\", grace = \"30s\" }] }\n"));
  ASSERT_TRUE(eventually([&] {
    return !contents("/proc/self/stat").empty() &&
           ::access(folder().path("ask").c_str(), F_OK) == 0;
  }));
  stop("a");
  EXPECT_THAT(steps(), ElementsAre("saved"));
}

TEST_F(KindsTest, M12_ALadderOfAnyLengthIsClimbedRungByRung) {
  start_session(coprocess("a",
                          "trap 'echo int >> steps' INT; trap 'echo term >> steps' TERM; "
                          "trap 'echo quit >> steps; exit' QUIT; echo up; "
                          "while :; do sleep 0.05; done",
                          "stop = { ladder = [{ signal = \"INT\", grace = \"300ms\" }, { signal = "
                          "\"TERM\", grace = \"300ms\" }, { signal = \"QUIT\", grace = \"30s\" }] "
                          "}\n"));
  await_line({"a"}, "up");
  stop("a");
  EXPECT_THAT(steps(), ElementsAre("int", "term", "quit"));
}

// ---- of the session ----

TEST_F(KindsTest, ASessionsPreflightRunsFirstAndItsCleanUpLast) {
  start_session("[session]\nbefore = [" + shell("echo before >> steps") + "]\nafter = [" +
                shell("echo after >> steps") + "]\n" +
                coprocess("a",
                          "trap 'echo down >> steps; exit' TERM; echo up >> steps; "
                          "while :; do sleep 0.05; done",
                          kForkingShell));
  ASSERT_TRUE(eventually([&] { return steps().size() == 2; }));
  call("end_session", {{"wait", true}});
  EXPECT_THAT(steps(), ElementsAre("before", "up", "down", "after"));
}

TEST_F(KindsTest, APreflightThatFailsStartsNothingAndCleansUp) {
  begin("[session]\nbefore = [[\"/bin/false\"]]\nafter = [" + shell("echo after >> steps") + "]\n" +
        coprocess("a", step("a") + kSleeper));
  await_session("");
  EXPECT_THAT(steps(), ElementsAre("after"));
  EXPECT_THAT(log(), HasSubstr("before: /bin/false: exited with 1"));
}

TEST_F(KindsTest, ScopeSessionRestartsAllOfIt) {
  start_session(
      coprocess("a", kSleeper,
                "restart = { policy = \"always\", scope = \"session\", delay = \"10ms\" }\n") +
      coprocess("b", kSleeper));
  const pid_t b = pid_of("b");
  Events stream{events(), {"coprocess."}};
  ::kill(pid_of("a"), SIGKILL);
  ASSERT_TRUE(stream.await("b", "stopped"));
  ASSERT_TRUE(stream.await("b", "running"));
  EXPECT_NE(pid_of("b"), b);
  EXPECT_EQ(state("a"), "running");
}

}  // namespace
}  // namespace masterd::test
