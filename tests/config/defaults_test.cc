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

TEST(Defaults, SayWhatASuspensionIs) {
  const std::string fail = "on_suspend = \"fail\"";
  EXPECT_EQ(merged("", "").on_suspend, OnSuspend::None);
  EXPECT_EQ(merged(fail, "").on_suspend, OnSuspend::Fail);
  EXPECT_EQ(merged(fail, "on_suspend = \"none\"").on_suspend, OnSuspend::None);
}

TEST(Defaults, GiveTheirLeftoversToOneshotsOnly) {
  const std::string keep = "leftovers = \"keep\"";
  EXPECT_EQ(merged(keep, "type = \"oneshot\"").leftovers, Leftovers::Keep);
  EXPECT_EQ(merged(keep, "type = \"oneshot\"\nleftovers = \"kill\"").leftovers, Leftovers::Kill);
  EXPECT_EQ(merged(keep, "").leftovers, Leftovers::Kill);
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

// ---- of the daemon, below those of the session ----

CoprocessSpec below(const CoprocessSpec& outer, const std::string& defaults,
                    const std::string& own) {
  return loaded(load_text("[defaults]\n" + defaults + "\n[coprocess.a]\ncommand = [\"x\"]\n" + own,
                          "test.toml", "/etc/masterd", outer))
      .coprocesses.back();
}

TEST(DaemonDefaults, HoldWhereASessionSaysNothing) {
  CoprocessSpec outer;
  outer.vital = true;
  outer.env = {{"LANG", "C"}};
  outer.restart.policy = Restart::Always;
  const CoprocessSpec spec =
      loaded(load_text("[coprocess.a]\ncommand = [\"x\"]", "test.toml", "/srv", outer))
          .coprocesses.back();
  EXPECT_TRUE(spec.vital);
  EXPECT_EQ(spec.env, outer.env);
  EXPECT_EQ(spec.restart.policy, Restart::Always);
  EXPECT_EQ(spec.cwd, "/srv") << "no cwd was given: it stays the session's folder";
}

TEST(DaemonDefaults, GiveWayToTheSessionsAndThoseToTheCoprocess) {
  CoprocessSpec outer;
  outer.cwd = "/outer";
  outer.nice = 1;
  outer.env = {{"A", "outer"}, {"B", "outer"}, {"C", "outer"}};
  outer.restart.limit = 1;
  outer.restart.jitter = 0.5;
  outer.stop_command = CommandSpec{{"halt"}, seconds{9}};
  const CoprocessSpec spec =
      below(outer, "nice = 2\nenv = { B = \"session\", C = \"session\" }\nrestart.limit = 2",
            "env = { C = \"own\" }\nrestart.policy = \"always\"\nstop.timeout = \"1s\"");
  EXPECT_EQ(spec.cwd, "/outer");
  EXPECT_EQ(spec.nice, 2);
  EXPECT_THAT(spec.env, ElementsAre(std::pair{"A", "outer"}, std::pair{"B", "session"},
                                    std::pair{"C", "own"}));
  EXPECT_EQ(spec.restart.limit, 2U);
  EXPECT_EQ(spec.restart.jitter, 0.5);
  EXPECT_EQ(spec.restart.policy, Restart::Always);
  EXPECT_EQ(spec.stop_command, (CommandSpec{{"halt"}, seconds{1}}));
  EXPECT_EQ(below(outer, "cwd = \"/session\"", "").cwd, "/session");
}

TEST(DaemonDefaults, ThatAOneshotCannotHaveAreLeftOut) {
  CoprocessSpec outer;
  outer.watchdog = seconds{5};
  outer.restart.policy = Restart::Always;
  const CoprocessSpec spec = below(outer, "", "type = \"oneshot\"");
  EXPECT_EQ(spec.watchdog, std::nullopt);
  EXPECT_EQ(spec.restart.policy, Restart::OnFailure);
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
