// What each key of a coprocess comes to.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "config/load.h"
#include "tests/config/results.h"

namespace masterd::config {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

CoprocessSpec with(const std::string& keys) {
  return coprocess("[coprocess.a]\ncommand = [\"x\"]\n" + keys);
}

template <class How>
How ready(const std::string& keys) {
  return std::get<How>(with(keys).ready.how);
}

TEST(Type, IsOneOfThree) {
  EXPECT_EQ(with("").kind, Kind::Simple);
  EXPECT_EQ(with("type = \"simple\"").kind, Kind::Simple);
  EXPECT_EQ(with("type = \"oneshot\"").kind, Kind::Oneshot);
  EXPECT_EQ(with("type = \"forking\"").kind, Kind::Forking);
}

TEST(Ready, IsStartedUnlessSaid) {
  EXPECT_EQ(with("").ready, ReadySpec{});
  EXPECT_EQ(with("ready = {}").ready, ReadySpec{});
  EXPECT_EQ(with("ready.started = true").ready, (ReadySpec{ReadyStarted{}, seconds{30}}));
}

TEST(Ready, TakesNotifyAndItsTimeout) {
  EXPECT_EQ(with("ready = { notify = true, timeout = \"10s\" }").ready,
            (ReadySpec{ReadyNotify{}, seconds{10}}));
}

TEST(Ready, TakesAProbeThatKeepsThePidForTheSupervisor) {
  EXPECT_EQ(ready<ReadyExec>("ready.exec = [\"./probe\", \"${pid}\", \"${config.dir}\"]"),
            (ReadyExec{{"/etc/masterd/probe", "${pid}", "/etc/masterd"},
                       milliseconds{100},
                       milliseconds{1000}}));
  EXPECT_EQ(
      ready<ReadyExec>("ready = { exec = [\"p\"], interval = \"1s\", probe_timeout = \"2s\" }"),
      (ReadyExec{{"p"}, seconds{1}, seconds{2}}));
}

TEST(Ready, TakesListenersOnTcp) {
  using Family = ReadyListen::Family;
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"tcp:5007\""),
            (ReadyListen{Family::Tcp, "", 5007}));
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"tcp:127.0.0.1:65535\""),
            (ReadyListen{Family::Tcp, "127.0.0.1", 65535}));
}

TEST(Ready, WritesAnIpv6AddressAsTheKernelDoes) {
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"tcp:[0:0::0:1]:80\"").address, "::1");
}

TEST(Ready, TakesListenersOnUnixSockets) {
  using Family = ReadyListen::Family;
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"unix:/run/x.sock\""),
            (ReadyListen{Family::Unix, "/run/x.sock", 0}));
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"unix:x.sock\"").address, "/etc/masterd/x.sock");
  EXPECT_EQ(ready<ReadyListen>("ready.listen = \"unix:@x\"").address, "@x");
}

TEST(Ready, TakesALineAFileAndADelay) {
  EXPECT_EQ(ready<ReadyOutput>("ready.output = '^ready in \\d{1,4} ms$'").pattern,
            "^ready in \\d{1,4} ms$");
  EXPECT_EQ(ready<ReadyFile>("ready.file = \"run/up\"").path, "/etc/masterd/run/up");
  EXPECT_EQ(ready<ReadyDelay>("ready.delay = \"2s\"").delay, seconds{2});
}

TEST(Ready, TakesPatternsThatRepeatReasonably) {
  for (const char* pattern : {"(\\d{1,3}\\.){3}\\d{1,3}", "[0-9a-f]{8}(-[0-9a-f]{4}){3}", "a{1000}",
                              "x{0}", "\\{ready\\}", "[{(]", "a{3,}"}) {
    const std::string keys = std::string{"ready.output = '"} + pattern + "'";
    EXPECT_EQ(ready<ReadyOutput>(keys).pattern, pattern);
  }
}

TEST(Ready, WaitsLongerThanALongDelay) {
  EXPECT_EQ(with("ready.delay = \"29s\"").ready.timeout, seconds{30});
  EXPECT_EQ(with("ready.delay = \"5m\"").ready.timeout, minutes{5} + seconds{30});
}

TEST(Ready, TakesOnlyATimeoutForWhatIsReadyAtItsEnd) {
  EXPECT_EQ(with("type = \"oneshot\"\nready.timeout = \"2m\"").ready,
            (ReadySpec{ReadyStarted{}, minutes{2}}));
  EXPECT_EQ(with("type = \"forking\"\nready.timeout = \"2m\"").ready,
            (ReadySpec{ReadyStarted{}, minutes{2}}));
}

TEST(Health, FillsInWhatIsNotSaid) {
  EXPECT_EQ(with("").health, std::nullopt);
  EXPECT_EQ(with("health.exec = [\"ping\", \"${pid}\"]").health,
            (HealthSpec{{"ping", "${pid}"}, seconds{5}, seconds{1}, 3}));
  EXPECT_EQ(
      with("health = { exec = [\"p\"], interval = \"1m\", timeout = \"3s\", failures = 1 }").health,
      (HealthSpec{{"p"}, minutes{1}, seconds{3}, 1}));
}

TEST(Watchdog, IsADuration) {
  EXPECT_EQ(with("").watchdog, std::nullopt);
  EXPECT_EQ(with("watchdog = \"5s\"").watchdog, seconds{5});
}

TEST(Success, ReplacesCodesAndSignalsEach) {
  EXPECT_EQ(with("").success, (SuccessSpec{{0}, {}}));
  EXPECT_EQ(with("success.codes = [3, 0, 3]").success, (SuccessSpec{{0, 3}, {}}));
  EXPECT_EQ(with("success.signals = [\"SIGHUP\", 15]").success,
            (SuccessSpec{{0}, {SIGHUP, SIGTERM}}));
}

TEST(RestartKeys, TakeJitterResetScopeAndTheSession) {
  const RestartSpec restart =
      with(
          "restart = { jitter = 1, reset_after = \"1m\", scope = \"session\", then = "
          "\"restart-session\" }")
          .restart;
  EXPECT_EQ(restart.jitter, 1.0);
  EXPECT_EQ(restart.reset_after, minutes{1});
  EXPECT_EQ(restart.scope, RestartSpec::Scope::Session);
  EXPECT_EQ(restart.then, Then::RestartSession);
  EXPECT_EQ(with("restart.jitter = 0.25").restart.jitter, 0.25);
}

TEST(StopKeys, TakeACommandBesideTheLadder) {
  EXPECT_EQ(with("").stop_command, std::nullopt);
  const CoprocessSpec spec =
      with("stop = { command = [\"bin/halt\", \"${pid}\"], timeout = \"3s\", ladder = [] }");
  EXPECT_EQ(spec.stop_command, (CommandSpec{{"/etc/masterd/bin/halt", "${pid}"}, seconds{3}}));
  EXPECT_THAT(spec.stop, ElementsAre(StopStep{SIGKILL, seconds{2}}));
  EXPECT_EQ(with("stop.command = [\"halt\"]").stop, CoprocessSpec{}.stop);
}

TEST(Commands, AreArraysOrTables) {
  const CoprocessSpec spec = with(R"(
type = "oneshot"
undo = { command = ["rmmod", "x"], timeout = "1m" }
before = [["mkdir", "-p", "/run/x"], { command = ["./check"], timeout = "5s" }]
after = []
)");
  EXPECT_THAT(spec.before, ElementsAre(CommandSpec{{"mkdir", "-p", "/run/x"}, seconds{30}},
                                       CommandSpec{{"/etc/masterd/check"}, seconds{5}}));
  EXPECT_THAT(spec.after, IsEmpty());
  EXPECT_EQ(spec.undo, (CommandSpec{{"rmmod", "x"}, minutes{1}}));
}

TEST(Commands, BelongToTheSessionToo) {
  const SessionSpec spec = session(R"(
[session]
fail_safe = ["./halt-motion"]
before = [["preflight"]]
after = [{ command = ["clean"], timeout = "1s" }]
[coprocess.a]
command = ["x"]
)");
  EXPECT_EQ(spec.fail_safe, (CommandSpec{{"/etc/masterd/halt-motion"}, seconds{30}}));
  EXPECT_THAT(spec.before, ElementsAre(CommandSpec{{"preflight"}, seconds{30}}));
  EXPECT_THAT(spec.after, ElementsAre(CommandSpec{{"clean"}, seconds{1}}));
}

TEST(PidFile, CountsFromTheConfigFolder) {
  EXPECT_EQ(with("type = \"forking\"\npid_file = \"run/x.pid\"").pid_file,
            "/etc/masterd/run/x.pid");
}

TEST(Output, FillsInWhatIsNotSaid) {
  EXPECT_EQ(with("").output, OutputSpec{});
  EXPECT_EQ(with("output = { stderr = \"null\" }").output.capture_stderr, false);
  EXPECT_EQ(with("output = { stderr = \"null\" }").output.capture_stdout, true);
}

TEST(Output, TakesEveryKey) {
  OutputSpec expected;
  expected.capture_stdout = false;
  expected.ring_bytes = 1024;
  expected.log = false;
  expected.file = "/etc/masterd/x.log";
  expected.max_size = 4096;
  expected.keep = 0;
  EXPECT_EQ(with("output = { stdout = \"null\", stderr = \"capture\", ring = \"1K\", log = false, "
                 "file = \"x.log\", max_size = 4096, keep = 0 }")
                .output,
            expected);
}

TEST(Stdin, IsNullUnlessAPipe) {
  EXPECT_EQ(with("").stdin_kind, StdinKind::Null);
  EXPECT_EQ(with("stdin = \"pipe\"").stdin_kind, StdinKind::Pipe);
}

TEST(Environment, IsClearedUnsetAndReadFromFiles) {
  const CoprocessSpec spec =
      with("clear_env = true\nenv_unset = [\"A\", \"B\"]\nenv_file = [\"/e\", \"-opt/e\"]\n");
  EXPECT_TRUE(spec.clear_env);
  EXPECT_THAT(spec.env_unset, ElementsAre("A", "B"));
  EXPECT_THAT(spec.env_files, ElementsAre("/e", "-/etc/masterd/opt/e"));
  EXPECT_THAT(with("env_file = \"e\"").env_files, ElementsAre("/etc/masterd/e"));
}

TEST(Attributes, AreNoneUnlessSaid) {
  const CoprocessSpec spec = with("");
  EXPECT_EQ(spec.user, "");
  EXPECT_EQ(spec.umask, std::nullopt);
  EXPECT_EQ(spec.nice, std::nullopt);
  EXPECT_EQ(spec.oom_score_adj, std::nullopt);
  EXPECT_FALSE(spec.no_new_privs);
  EXPECT_EQ(spec.capabilities, std::nullopt);
  EXPECT_EQ(spec.pdeathsig, std::nullopt);
  EXPECT_EQ(spec.realtime, std::nullopt);
  EXPECT_THAT(spec.limits, IsEmpty());
}

TEST(Attributes, AreTaken) {
  const CoprocessSpec spec = with(R"(
user = "machine"
group_name = "1000"
supplementary_groups = ["dialout", "video"]
umask = "0077"
nice = -20
oom_score_adj = -1000
no_new_privs = true
pdeathsig = "KILL"
)");
  EXPECT_EQ(spec.user, "machine");
  EXPECT_EQ(spec.group_name, "1000");
  EXPECT_THAT(spec.supplementary_groups, ElementsAre("dialout", "video"));
  EXPECT_THAT(spec.umask, Optional(mode_t{077}));
  EXPECT_THAT(spec.nice, Optional(-20));
  EXPECT_THAT(spec.oom_score_adj, Optional(-1000));
  EXPECT_TRUE(spec.no_new_privs);
  EXPECT_THAT(spec.pdeathsig, Optional(SIGKILL));
}

TEST(Capabilities, AreNormalisedSortedAndEachOnce) {
  EXPECT_THAT(
      with("capabilities = [\"sys_nice\", \"CAP_IPC_LOCK\", \"cap_sys_nice\"]").capabilities,
      Optional(ElementsAre("CAP_IPC_LOCK", "CAP_SYS_NICE")));
}

TEST(Capabilities, MayBeNone) {
  EXPECT_THAT(with("capabilities = []").capabilities, Optional(IsEmpty()));
}

TEST(Realtime, TakesPolicyPriorityAndCpus) {
  using Policy = RealtimeSpec::Policy;
  EXPECT_EQ(with("realtime = { policy = \"fifo\", priority = 80, cpus = [3, 1, 3] }").realtime,
            (RealtimeSpec{Policy::Fifo, 80, {1, 3}}));
  EXPECT_EQ(with("realtime = { policy = \"rr\", priority = 1 }").realtime,
            (RealtimeSpec{Policy::RoundRobin, 1, {}}));
  EXPECT_EQ(with("realtime.policy = \"idle\"").realtime, (RealtimeSpec{Policy::Idle, 0, {}}));
  EXPECT_EQ(with("realtime.policy = \"batch\"").realtime, (RealtimeSpec{Policy::Batch, 0, {}}));
}

TEST(Realtime, NeedsNoPolicyForCpus) {
  EXPECT_EQ(with("realtime.cpus = [0]").realtime,
            (RealtimeSpec{RealtimeSpec::Policy::Other, 0, {0}}));
}

TEST(Limits, TakeCountsSizesAndUnlimitedInTheOrderOfNames) {
  EXPECT_THAT(
      with("limits = { stack = { soft = \"8M\", hard = \"unlimited\" }, nofile = 4096, memlock = "
           "\"64M\", core = \"unlimited\", cpu = \"60\" }")
          .limits,
      ElementsAre(LimitSpec{"core", RLIMIT_CORE, std::nullopt, std::nullopt},
                  LimitSpec{"cpu", RLIMIT_CPU, 60, 60},
                  LimitSpec{"memlock", RLIMIT_MEMLOCK, 64 << 20, 64 << 20},
                  LimitSpec{"nofile", RLIMIT_NOFILE, 4096, 4096},
                  LimitSpec{"stack", RLIMIT_STACK, 8 << 20, std::nullopt}));
}

TEST(Limits, KnowEveryNameOfTheKernel) {
  EXPECT_EQ(with("limits = { as = 1, core = 1, cpu = 1, data = 1, fsize = 1, locks = 1, memlock = "
                 "1, msgqueue = 1, nice = 1, nofile = 1, nproc = 1, rss = 1, rtprio = 1, rttime = "
                 "1, sigpending = 1, stack = 1 }")
                .limits.size(),
            std::size_t{RLIM_NLIMITS});
}

TEST(Stay, IsAFlag) { EXPECT_TRUE(with("stay = true").stay); }

}  // namespace
}  // namespace masterd::config
