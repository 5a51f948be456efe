// What a child is given besides its program, seen from inside of it; and each refusal's stage.
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/capabilities.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::SpawnError;
using supervisor::SpawnStage;

class AttributesTest : public ChildFixture {
 protected:
  void SetUp() override {
    ChildFixture::SetUp();
    if (::geteuid() != 0) GTEST_SKIP() << "only root may give most of these";
  }
  static config::CoprocessSpec status() { return spec_of({"/bin/cat", "/proc/self/status"}); }
  /// The words after "NAME:" in /proc/PID/status.
  std::string field(const config::CoprocessSpec& spec, const std::string& name) {
    std::istringstream lines{output_of(spec)};
    for (std::string line; std::getline(lines, line);) {
      if (line.compare(0, name.size() + 1, name + ":") != 0) continue;
      std::istringstream words{line.substr(name.size() + 1)};
      std::string all;
      for (std::string word; words >> word;) all += (all.empty() ? "" : " ") + word;
      return all;
    }
    return "no such field";
  }
  void expect_refused(const config::CoprocessSpec& spec, SpawnStage stage, int error,
                      const std::string& mentions) {
    const SpawnError failure = failure_of(spec);
    EXPECT_EQ(failure.stage(), stage) << failure.what();
    EXPECT_EQ(failure.error(), error) << failure.what();
    EXPECT_NE(std::string{failure.what()}.find(mentions), std::string::npos) << failure.what();
  }
  static config::CoprocessSpec as_nobody(config::CoprocessSpec spec) {
    spec.user = "nobody";
    return spec;
  }
  TempFolder folder;
};

// ---- umask, limits, priorities ----

TEST_P(AttributesTest, TheUmaskIsAsGiven) {
  auto spec = shell("umask");
  spec.umask = 077;
  EXPECT_EQ(output_of(spec), "0077\n");
}

TEST_P(AttributesTest, LimitsAreSetSoftAndHard) {
  auto spec = shell("ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc");
  spec.limits = {{"nofile", RLIMIT_NOFILE, 100, 200}, {"core", RLIMIT_CORE, 0, 0}};
  EXPECT_EQ(output_of(spec), "100\n200\n0\n0\n");
}

TEST_P(AttributesTest, AHardLimitThatMayNotBeRaisedIsARefusal) {
  rlimit own{};
  ::getrlimit(RLIMIT_NOFILE, &own);
  auto spec = as_nobody(shell("true"));
  spec.limits = {{"core", RLIMIT_CORE, 0, 0},
                 {"nofile", RLIMIT_NOFILE, own.rlim_max + 1, own.rlim_max + 1}};
  if (::prctl(PR_CAPBSET_READ, 24, 0, 0, 0) == 1) GTEST_SKIP() << "CAP_SYS_RESOURCE may raise it";
  expect_refused(spec, SpawnStage::Limits, EPERM, "limits nofile: ");
}

TEST_P(AttributesTest, ASoftLimitAboveTheHardOneIsARefusal) {
  auto spec = shell("true");
  spec.limits = {{"nofile", RLIMIT_NOFILE, 200, 100}};
  expect_refused(spec, SpawnStage::Limits, EINVAL, "nofile");
}

TEST_P(AttributesTest, NiceAndOomScoreAreSet) {
  auto spec = shell("nice; cat /proc/self/oom_score_adj; exec 3<&-");
  spec.nice = 7;
  spec.oom_score_adj = 500;
  EXPECT_EQ(output_of(spec), "7\n500\n");
  std::string own;
  std::ifstream{"/proc/self/oom_score_adj"} >> own;
  EXPECT_NE(own, "500") << "the child's alone";
}

TEST_P(AttributesTest, AnOomScoreThatMayNotBeLoweredIsARefusal) {
  if (::prctl(PR_CAPBSET_READ, 24, 0, 0, 0) == 1) GTEST_SKIP() << "CAP_SYS_RESOURCE may lower it";
  auto spec = shell("true");
  spec.oom_score_adj = -1000;
  expect_refused(spec, SpawnStage::OomScore, EACCES, "oom-score -1000: ");
}

TEST_P(AttributesTest, TheSchedulingPolicyIsSet) {
  auto spec = spec_of({"/usr/bin/cut", "-d ", "-f40,41", "/proc/self/stat"});
  spec.realtime = {config::RealtimeSpec::Policy::Fifo, 42, {}};
  EXPECT_EQ(output_of(spec), "42 1\n") << "priority, SCHED_FIFO";
  spec.realtime = {config::RealtimeSpec::Policy::Batch, 0, {}};
  EXPECT_EQ(output_of(spec), "0 3\n");
}

TEST_P(AttributesTest, AnImpossiblePriorityIsARefusal) {
  auto spec = shell("true");
  spec.realtime = {config::RealtimeSpec::Policy::Fifo, 100, {}};
  expect_refused(spec, SpawnStage::Scheduler, EINVAL, "scheduler");
}

TEST_P(AttributesTest, TheCpusAreAsGiven) {
  auto spec = status();
  spec.realtime = {config::RealtimeSpec::Policy::Other, 0, {0}};
  EXPECT_EQ(field(spec, "Cpus_allowed_list"), "0");
}

TEST_P(AttributesTest, ACpuThatIsNotThereIsARefusalAlsoBesideOneThatIs) {
  auto spec = shell("true");
  spec.realtime = {config::RealtimeSpec::Policy::Other, 0, {0, 4000}};
  expect_refused(spec, SpawnStage::Affinity, EINVAL, "affinity");
  spec.realtime->cpus = {1000000};
  expect_refused(spec, SpawnStage::Affinity, EINVAL, "1000000");
}

// ---- identity ----

TEST_P(AttributesTest, TheUserIsItsGroupsAndItsEnvironment) {
  const passwd* nobody = ::getpwnam("nobody");
  ASSERT_NE(nobody, nullptr);
  const std::string id = std::to_string(nobody->pw_uid);
  const std::string gid = std::to_string(nobody->pw_gid);
  ASSERT_EQ(::setenv("HOME", "/masterds/own", 1), 0);
  EXPECT_EQ(output_of(as_nobody(shell("id -u; id -g; id -G; echo $USER $LOGNAME $HOME $SHELL"))),
            id + "\n" + gid + "\n" + gid + "\nnobody nobody " + nobody->pw_dir + " " +
                nobody->pw_shell + "\n");
  EXPECT_EQ(field(as_nobody(status()), "Uid"), id + " " + id + " " + id + " " + id);
  auto spec = as_nobody(shell("echo $HOME"));
  spec.env = {{"HOME", "/elsewhere"}};
  EXPECT_EQ(output_of(spec), "/elsewhere\n");
}

TEST_P(AttributesTest, GroupAndSupplementaryGroupsAreAsGiven) {
  auto spec = as_nobody(shell("id -g; id -G"));
  spec.group_name = "daemon";
  spec.supplementary_groups = {"bin", "4711"};
  const auto number = [](const char* name) { return std::to_string(::getgrnam(name)->gr_gid); };
  const std::string out = output_of(spec);
  EXPECT_EQ(out.substr(0, out.find('\n')), number("daemon"));
  for (const std::string& group : {number("daemon"), number("bin"), std::string{"4711"}}) {
    EXPECT_NE((" " + out.substr(out.find('\n') + 1)).find(group), std::string::npos) << out;
  }
}

TEST_P(AttributesTest, ANumberIsAUserToo) {
  auto spec = shell("id -u; id -g; id -G");
  spec.user = "54321";
  expect_refused(spec, SpawnStage::User, ENOENT, "54321");
  spec.group_name = "12345";
  EXPECT_EQ(output_of(spec), "54321\n12345\n12345\n");
}

TEST_P(AttributesTest, UnknownNamesAreNamed) {
  auto spec = shell("true");
  spec.user = "no-such-user";
  expect_refused(spec, SpawnStage::User, ENOENT, "'no-such-user'");
  spec.user.clear();
  spec.group_name = "no-such-group";
  expect_refused(spec, SpawnStage::User, ENOENT, "'no-such-group'");
  spec.group_name.clear();
  spec.supplementary_groups = {"no-such-third"};
  expect_refused(spec, SpawnStage::User, ENOENT, "'no-such-third'");
}

TEST_P(AttributesTest, TheFolderIsEnteredAsTheUser) {
  std::filesystem::create_directory(folder.path("private"));
  std::filesystem::permissions(folder.path("private"), std::filesystem::perms::owner_all);
  auto spec = as_nobody(shell("true"));
  spec.cwd = folder.path("private");
  expect_refused(spec, SpawnStage::Chdir, EACCES, "private");
}

TEST_P(AttributesTest, TheParentStaysDumpableAndWhoItWas) {
  ASSERT_EQ(::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), 0);
  EXPECT_NE(output_of(as_nobody(shell("id -u"))), "0\n");
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 1);
  EXPECT_EQ(::geteuid(), 0u);
}

TEST_P(AttributesTest, AChildOfAnotherUserIsKilledWithItsTree) {
  const auto run = launch(as_nobody(shell("setsid sleep 1000 & echo up; exec sleep 1000")));
  ASSERT_TRUE(until_says(*run, "up"));
  ASSERT_TRUE(run_until(loop, [&] { return run->process->tree().size() == 2; }));
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0);
  EXPECT_TRUE(until_gone(*run));
}

// ---- rights ----

std::string mask_of(unsigned bit) {
  std::ostringstream text;
  text.fill('0');
  text.width(16);
  text << std::hex << (1ULL << bit);
  return text.str();
}

TEST_P(AttributesTest, OnlyTheCapabilitiesThatAreKeptAreLeft) {
  constexpr unsigned kNetBindService = 10;
  for (const bool other_user : {false, true}) {
    auto spec = other_user ? as_nobody(status()) : status();
    spec.capabilities = {"CAP_NET_BIND_SERVICE"};
    const std::string only = mask_of(kNetBindService);
    for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
      EXPECT_EQ(field(spec, set), only) << set << other_user;
    }
  }
}

TEST_P(AttributesTest, KeepingNoneDropsThemAllAlsoFromRoot) {
  auto spec = status();
  spec.capabilities.emplace();
  for (const char* set : {"CapPrm", "CapEff", "CapBnd", "CapAmb"}) {
    EXPECT_EQ(field(spec, set), "0000000000000000") << set;
  }
}

TEST_P(AttributesTest, AnotherUserHasNoneUnlessTheyAreKept) {
  EXPECT_EQ(field(as_nobody(status()), "CapEff"), "0000000000000000");
}

TEST_P(AttributesTest, ACapabilityThatTheParentHasNotIsARefusal) {
  if (::prctl(PR_CAPBSET_READ, 24, 0, 0, 0) == 1) GTEST_SKIP() << "it has them all";
  auto spec = shell("true");
  spec.capabilities = {"CAP_SYS_RESOURCE"};
  expect_refused(spec, SpawnStage::Capabilities, EPERM, "capabilities");
}

TEST_P(AttributesTest, AnUnknownCapabilityIsNamed) {
  auto spec = shell("true");
  spec.capabilities = {"CAP_NO_SUCH"};
  expect_refused(spec, SpawnStage::Capabilities, EINVAL, "CAP_NO_SUCH");
}

TEST_P(AttributesTest, NoNewPrivsIsSet) {
  EXPECT_EQ(field(status(), "NoNewPrivs"), "0");
  auto spec = status();
  spec.no_new_privs = true;
  EXPECT_EQ(field(spec, "NoNewPrivs"), "1");
}

// Ends the process that it is in once it has told the pid of a child that is to die with it.
[[noreturn]] void die_with_a_child(int to_test, bool other_user) {
  const fsm::SteadyClock clock;
  fsm::EventLoop loop{clock};
  const auto exits = make_exits(Source::Pidfd, loop);
  supervisor::ChildLauncher launcher{loop, *exits};
  config::CoprocessSpec spec;
  spec.command = {"/bin/sleep", "1000"};
  spec.pdeathsig = SIGKILL;
  if (other_user) spec.user = "nobody";
  const auto process = launcher.launch(spec, {});
  const pid_t pid = process->pid();
  (void)!::write(to_test, &pid, sizeof pid);
  ::_exit(0);
}

TEST_P(AttributesTest, PdeathsigEndsItWithItsParentAlsoAsAnotherUser) {
  for (const bool other_user : {false, true}) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t parent = ::fork();
    if (parent == 0) die_with_a_child(pipe[1], other_user);
    pid_t child = 0;
    ASSERT_EQ(::read(pipe[0], &child, sizeof child), static_cast<ssize_t>(sizeof child));
    EXPECT_TRUE(until_dead(child));
    ::waitpid(parent, nullptr, 0);
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
}

// ---- the environment ----

TEST_P(AttributesTest, TheEnvironmentIsComposedInOrder) {
  ::setenv("INHERITED", "yes", 1);
  ::setenv("DROPPED", "yes", 1);
  auto spec = shell("echo $INHERITED-$DROPPED-$FILE-$BOTH-$SPEC-$LAUNCH");
  spec.env_unset = {"DROPPED", "NOT_THERE"};
  spec.env_files = {folder.file("env", "FILE=file\nBOTH=file\nSPEC=file\n"), "-/nonexistent"};
  spec.env = {{"BOTH", "spec"}, {"SPEC", "spec"}, {"LAUNCH", "spec"}};
  std::string out;
  const auto process = launcher.launch(supervisor::Launch{
      spec, {}, {{"LAUNCH", "launch"}}, [&](supervisor::Stream, std::string_view bytes) {
        out += bytes;
      }});
  EXPECT_TRUE(run_until(loop, [&] { return process->gone().is_set(); }));
  EXPECT_EQ(out, "yes--file-spec-spec-launch\n");
  ::unsetenv("INHERITED");
  ::unsetenv("DROPPED");
}

TEST_P(AttributesTest, AClearedEnvironmentHasThePathAndTheMarks) {
  ::setenv("INHERITED", "yes", 1);
  auto spec = spec_of({"env"});
  spec.clear_env = true;
  spec.env = {{"GIVEN", "1"}};
  std::istringstream lines{output_of(spec)};
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);)
    names.push_back(line.substr(0, line.find('=')));
  EXPECT_EQ(names, (std::vector<std::string>{"GIVEN", "MASTERD_COPROCESS", "MASTERD_COPROCESS_ID",
                                             "PATH"}));
  ::unsetenv("INHERITED");
}

TEST_P(AttributesTest, ABadEnvironmentFileIsAStageOfTheSpawn) {
  auto spec = shell("true");
  spec.env_files = {folder.file("env", "A=1\nbad\n")};
  expect_refused(spec, SpawnStage::EnvFile, EINVAL, folder.path("env") + ":2");
}

// ---- helpers ----

TEST_P(AttributesTest, AHelperHasTheAttributesButIsNotRealtimeAndHasNoStdin) {
  auto spec = shell("exit 9");
  spec.nice = 5;
  spec.realtime = {config::RealtimeSpec::Policy::Fifo, 10, {}};
  spec.stdin_kind = config::StdinKind::Pipe;
  spec.output.capture_stdout = false;
  std::string out;
  const auto process = launcher.launch(supervisor::Launch{
      spec,
      {"/bin/sh", "-c", "cut -d' ' -f19,41 /proc/self/stat; readlink /proc/self/fd/0"},
      {},
      [&](supervisor::Stream, std::string_view bytes) { out += bytes; },
      "probe"});
  EXPECT_TRUE(run_until(loop, [&] { return process->gone().is_set(); }));
  EXPECT_EQ(out, "5 0\n/dev/null\n");
  EXPECT_EQ(process->write_stdin("x"), ENOTSUP);
}

INSTANTIATE_TEST_SUITE_P(Any, AttributesTest,
                         testing::Values(Source::Sigchld, Source::SigchldCgroup), source_name);

}  // namespace
}  // namespace masterd::test
