// Readiness of real processes: who requires one waits for its own sign.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

/// A shell function `notify TEXT` that says it by sd_notify, from the main process or a child.
const std::string kNotify =
    "notify() { python3 -c 'import os, socket, sys\n"
    "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[1].encode(), "
    "os.environ[\"NOTIFY_SOCKET\"].replace(\"@\", \"\\0\"))' \"$1\"; }\n";
/// Waits for the file `go` in the session's folder.
const std::string kWaitForGo = "while ! [ -e go ]; do sleep 0.01; done\n";

class ReadyTest : public DaemonTest {
 protected:
  /// Without waiting for anything.
  void begin(const std::string& toml) {
    start();
    set_config(session_file(toml), false);
  }
  void go() const { std::ofstream{folder().path("go")} << "go\n"; }
  /// "a" becomes ready after go() and not before; "b", which requires it, starts then.
  void expect_ready_after_go(const std::string& script, const std::string& keys) {
    begin(coprocess("a", script, keys + kForkingShell) + coprocess("b", kSleeper, requires_("a")));
    await_state("a", "starting");
    EXPECT_EQ(state("b"), "waiting");
    EXPECT_FALSE(coprocess_status("a").at("ready").as_bool());
    go();
    await_state("b", "running");
    EXPECT_THAT(story({"running"}), testing::Contains("a running").Times(1));
  }
};

TEST_F(ReadyTest, ByNotify) {
  expect_ready_after_go(kNotify + kWaitForGo + "notify READY=1; exec sleep 1000",
                        "ready = { notify = true }\n");
}

TEST_F(ReadyTest, ByAListenerOnAUnixSocket) {
  expect_ready_after_go(
      kWaitForGo +
          "exec python3 -c 'import socket, signal\n"
          "t = socket.socket(socket.AF_UNIX); t.bind(\"sock\"); t.listen(); signal.pause()'",
      "ready = { listen = \"unix:" + folder().path("sock") + "\" }\n");
}

TEST_F(ReadyTest, ByALineOfItsOutput) {
  expect_ready_after_go("echo not yet; " + kWaitForGo + "echo 'up in 12 ms'; exec sleep 1000",
                        "ready = { output = \"^up in [0-9]+ ms$\" }\n");
}

TEST_F(ReadyTest, ByAFile) {
  expect_ready_after_go(kWaitForGo + "touch up; exec sleep 1000", "ready = { file = \"up\" }\n");
}

TEST_F(ReadyTest, ByAProbeThatKnowsThePid) {
  expect_ready_after_go(kSleeper,
                        "ready = { exec = [\"/bin/sh\", \"-c\", \"kill -0 ${pid} && test -e go\"], "
                        "interval = \"10ms\" }\n");
}

TEST_F(ReadyTest, D11_ARestartedOneBecomesReadyAnewAndItsDependentsWaitForThat) {
  expect_ready_after_go(kNotify + kWaitForGo + "notify READY=1; exec sleep 1000",
                        "ready = { notify = true }\n" + kAlways);
  std::remove(folder().path("go").c_str());
  const pid_t old = pid_of("a");
  ::kill(old, SIGKILL);
  await_state("b", "waiting");
  await_state("a", "starting");
  go();
  await_state("b", "running");
}

TEST_F(ReadyTest, P6_OneThatIsNotReadyInTimeIsRestartedByItsPolicy) {
  begin(coprocess("a", "echo life; " + kWaitForGo + "echo up; exec sleep 1000",
                  "ready = { output = \"^up$\", timeout = \"300ms\" }\n"
                  "restart = { policy = \"on-failure\", delay = \"50ms\", limit = 1 }\n" +
                      kForkingShell));
  await_state("a", "failed");
  EXPECT_EQ(lines("a"), (std::vector<std::string>{"life", "life"})) << "restarted once";
  EXPECT_THAT(text_of(coprocess_status("a"), "reason"), HasSubstr("not ready within 300 ms"));
  go();
  start_coprocess("a");
  EXPECT_EQ(state("a"), "running");
}

TEST_F(ReadyTest, OneThatEndsBeforeItIsReadyNeverWasReady) {
  begin(coprocess("a", "exit 0", "ready = { notify = true }\n") +
        coprocess("b", kSleeper, requires_("a")));
  await_state("b", "failed");
  EXPECT_EQ(state("a"), "failed") << "also with exit status 0";
  EXPECT_THAT(story({"running"}), testing::Not(testing::Contains("a running")));
}

TEST_F(ReadyTest, MoreTimeThatItAsksForIsGivenAndItsWordsAreShown) {
  begin(coprocess("a",
                  kNotify +
                      "notify EXTEND_TIMEOUT_USEC=30000000; notify STATUS=calibrating; "
                      "echo asked\n" +
                      kWaitForGo + "notify READY=1; exec sleep 1000",
                  "ready = { notify = true, timeout = \"5s\" }\n" + kForkingShell) +
        // Time is counted by another one's end, not by the test's clock.
        coprocess("clock", "sleep 6", ""));
  await_line({"a"}, "asked");
  await_state("clock", "exited");
  EXPECT_EQ(state("a"), "starting") << "its own 5 s are over";
  EXPECT_EQ(text_of(coprocess_status("a"), "status_text"), "calibrating");
  go();
  await_state("a", "running");
}

TEST_F(ReadyTest, AStrangerCannotSayThatItIsReady) {
  begin(coprocess("a", "echo $NOTIFY_SOCKET; exec sleep 1000", "ready = { notify = true }\n"));
  std::string address;
  ASSERT_TRUE(eventually([&] {
    const auto said = lines("a");
    if (!said.empty()) address = said.front();
    return !address.empty();
  }));
  Plan plan;
  plan.argv = {"/usr/bin/python3", "-c",
               "import signal, socket, sys\n"
               "socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'READY=1', "
               "sys.argv[1].replace('@', '\\0'))\n"
               "print('sent', flush=True); signal.pause()",
               address};
  plan.out = folder().path("stranger");
  const Program stranger{plan};
  ASSERT_TRUE(eventually([&] { return contents(folder().path("stranger")) == "sent\n"; }));
  EXPECT_EQ(state("a"), "starting");
  stop("a");
  EXPECT_THAT(story({"running"}), testing::Not(testing::Contains("a running")));
}

TEST_F(ReadyTest, AHungOneIsRestartedByItsWatchdog) {
  start_session(
      coprocess("a", kNotify + "notify 'READY=1\nWATCHDOG=1'; echo life; sleep 1000",
                "ready = { notify = true }\nwatchdog = \"1s\"\n" + kAlways + kForkingShell));
  await_new_pid("a", pid_of("a"));
  const auto deaths = history("a");
  EXPECT_TRUE(std::any_of(deaths.begin(), deaths.end(), [](const Change& change) {
    return change.to == "stopping" && change.cause.find("WATCHDOG=1") != std::string::npos;
  }));
}

TEST_F(ReadyTest, ASickOneIsEndedAndRestartedWithTheProbesWordAsReason) {
  start_session(coprocess("a", "rm -f sick; echo up; exec sleep 1000",
                          "health = { exec = [\"/bin/sh\", \"-c\", \"! test -e sick\"], interval "
                          "= \"20ms\", failures = 2 }\n" +
                              kAlways));
  await_line({"a"}, "up");
  const pid_t old = pid_of("a");
  std::ofstream{folder().path("sick")} << "x";
  await_new_pid("a", old);
  await_state("a", "running");
  const auto deaths = history("a");
  EXPECT_TRUE(std::any_of(deaths.begin(), deaths.end(), [](const Change& change) {
    return change.to == "stopping" && change.cause.find("2 ") != std::string::npos;
  })) << "the reason tells how many probes failed";
}

}  // namespace
}  // namespace masterd::test
