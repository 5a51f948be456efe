// How [defaults] and the keys of a coprocess come together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "tests/config/results.h"

namespace masterd::config {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

CoprocessSpec merged(const std::string& defaults, const std::string& own) {
  return coprocess("[defaults]\n" + defaults + "\n[coprocess.a]\ncommand = [\"x\"]\n" + own);
}

TEST(Defaults, GiveTheirTimeoutToAnotherWayToBeReady) {
  EXPECT_EQ(merged("ready = { notify = true, timeout = \"5s\" }", "").ready,
            (ReadySpec{ReadyNotify{}, seconds{5}}));
  EXPECT_EQ(merged("ready = { notify = true, timeout = \"5s\" }", "ready.file = \"/f\"").ready,
            (ReadySpec{ReadyFile{"/f"}, seconds{5}}));
  EXPECT_EQ(merged("ready.timeout = \"5s\"", "ready.notify = true").ready,
            (ReadySpec{ReadyNotify{}, seconds{5}}));
  EXPECT_EQ(merged("ready.notify = true", "ready.timeout = \"7s\"").ready,
            (ReadySpec{ReadyNotify{}, seconds{7}}));
}

TEST(Defaults, GiveWayToOutputKeyByKey) {
  const OutputSpec output = merged("output = { stderr = \"null\", ring = \"1M\", keep = 2 }",
                                   "output = { file = \"/l\", keep = 3 }")
                                .output;
  EXPECT_FALSE(output.capture_stderr);
  EXPECT_EQ(output.ring_bytes, std::size_t{1} << 20);
  EXPECT_EQ(output.file, "/l");
  EXPECT_EQ(output.keep, 3U);
}

TEST(Defaults, GiveWayToLimitsNameByName) {
  EXPECT_THAT(
      merged("limits = { nofile = 10, core = 0 }", "limits = { nofile = 20, stack = 5 }").limits,
      ElementsAre(LimitSpec{"core", RLIMIT_CORE, 0, 0}, LimitSpec{"nofile", RLIMIT_NOFILE, 20, 20},
                  LimitSpec{"stack", RLIMIT_STACK, 5, 5}));
}

TEST(Defaults, GiveWayToTheStopCommandAndItsTimeoutEach) {
  const std::string defaults = "stop = { command = [\"halt\"], timeout = \"9s\" }";
  EXPECT_EQ(merged(defaults, "").stop_command, (CommandSpec{{"halt"}, seconds{9}}));
  EXPECT_EQ(merged(defaults, "stop.command = [\"own\"]").stop_command,
            (CommandSpec{{"own"}, seconds{9}}));
  EXPECT_EQ(merged(defaults, "stop.timeout = \"1s\"").stop_command,
            (CommandSpec{{"halt"}, seconds{1}}));
}

TEST(Defaults, GiveWayToOtherKeysAsAWhole) {
  const CoprocessSpec spec = merged(R"(
before = [["d"]]
env_file = ["d"]
env_unset = ["D"]
capabilities = ["chown"]
health = { exec = ["d"], interval = "9s" }
realtime = { policy = "fifo", priority = 5 }
success.codes = [7]
)",
                                    R"(
before = []
env_file = "o"
env_unset = []
capabilities = []
health.exec = ["o"]
realtime.cpus = [1]
success.signals = ["HUP"]
)");
  EXPECT_THAT(spec.before, IsEmpty());
  EXPECT_THAT(spec.env_files, ElementsAre("/etc/masterd/o"));
  EXPECT_THAT(spec.env_unset, IsEmpty());
  EXPECT_THAT(spec.capabilities, ::testing::Optional(IsEmpty()));
  EXPECT_EQ(spec.health, (HealthSpec{{"o"}, seconds{5}, seconds{1}, 3}));
  EXPECT_EQ(spec.realtime, (RealtimeSpec{RealtimeSpec::Policy::Other, 0, {1}}));
  EXPECT_EQ(spec.success, (SuccessSpec{{7}, {SIGHUP}}));
}

TEST(Defaults, GiveWayToTheTypeAndTheAttributes) {
  const std::string defaults =
      "type = \"oneshot\"\nuser = \"d\"\numask = \"077\"\nnice = 5\nstdin = \"pipe\"\nstay = true";
  const CoprocessSpec silent = merged(defaults, "");
  EXPECT_EQ(silent.kind, Kind::Oneshot);
  EXPECT_EQ(silent.user, "d");
  EXPECT_EQ(silent.nice, 5);
  EXPECT_EQ(silent.stdin_kind, StdinKind::Pipe);
  EXPECT_TRUE(silent.stay);
  const CoprocessSpec own =
      merged(defaults, "type = \"simple\"\nuser = \"o\"\nnice = 0\nstdin = \"null\"\nstay = false");
  EXPECT_EQ(own.kind, Kind::Simple);
  EXPECT_EQ(own.user, "o");
  EXPECT_EQ(own.umask, mode_t{077});
  EXPECT_EQ(own.nice, 0);
  EXPECT_EQ(own.stdin_kind, StdinKind::Null);
  EXPECT_FALSE(own.stay);
}

TEST(Defaults, ThatAOneshotCannotHaveAreLeftOut) {
  const CoprocessSpec spec = merged(R"(
watchdog = "5s"
health.exec = ["h"]
ready = { notify = true, timeout = "9s" }
restart.policy = "always"
)",
                                    "type = \"oneshot\"\n");
  EXPECT_EQ(spec.watchdog, std::nullopt);
  EXPECT_EQ(spec.health, std::nullopt);
  EXPECT_EQ(spec.ready, (ReadySpec{ReadyStarted{}, seconds{9}}));
  EXPECT_EQ(spec.restart.policy, Restart::OnFailure);
}

}  // namespace
}  // namespace masterd::config
