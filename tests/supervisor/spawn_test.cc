// The child's baseline, and every way in which a spawn can fail.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::SpawnError;
using supervisor::SpawnStage;

class SpawnTest : public ChildFixture {
 protected:
  void expect_failure(const config::CoprocessSpec& spec, SpawnStage stage, int error,
                      const std::string& mentions) {
    const SpawnError failure = failure_of(spec);
    EXPECT_EQ(failure.stage(), stage) << failure.what();
    EXPECT_EQ(failure.error(), error) << failure.what();
    EXPECT_NE(std::string{failure.what()}.find(mentions), std::string::npos) << failure.what();
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1) << "a child is left";
  }
  TempFolder folder;
};
/// What needs a descriptor of the source's.
class PidfdSpawnTest : public SpawnTest {};

// ---- the baseline ----

TEST_P(SpawnTest, C19_OnlyDescriptors012ReachTheChild) {
  std::vector<int> leaky;
  for (int i = 0; i < 5; ++i) leaky.push_back(::open("/dev/null", O_RDONLY));
  leaky.push_back(::fcntl(leaky.front(), F_DUPFD, 500));
  EXPECT_EQ(output_of(shell("ls /proc/$$/fd; readlink /proc/$$/fd/0")), "0\n1\n2\n/dev/null\n");
  for (const int fd : leaky) ::close(fd);
}

// Ends the process that it is in: 0 when the child of a parent without 0, 1, 2 had them all.
[[noreturn]] void launch_without_standard_descriptors() {
  const fsm::SteadyClock clock;
  fsm::EventLoop loop{clock};
  const auto exits = make_exits(Source::Pidfd, loop);
  supervisor::ChildLauncher launcher{loop, *exits};
  ::close(0);  // now, so that it is the pipes that get these numbers
  ::close(1);
  ::close(2);
  config::CoprocessSpec spec;
  spec.command = {"/bin/sh", "-c", "ls /proc/$$/fd; echo fault >&2"};
  std::string out;
  std::string err;
  const auto process =
      launcher.launch(spec, [&](supervisor::Stream stream, std::string_view bytes) {
        (stream == supervisor::Stream::Stdout ? out : err) += bytes;
      });
  const bool gone = run_until(loop, [&] { return process->gone().is_set(); });
  ::_exit(!gone ? 1 : out != "0\n1\n2\n" ? 2 : err != "fault\n" ? 3 : 0);
}

TEST_P(SpawnTest, C19_AParentWithClosedStandardDescriptorsGivesTheChildItsOwn) {
  EXPECT_EXIT(launch_without_standard_descriptors(), testing::ExitedWithCode(0), "");
}

// What a parent may have done to its signals; undone at the end.
class UnusualSignals {
 public:
  UnusualSignals() {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, &old_pipe_);
    action.sa_handler = [](int) {};
    ::sigaction(SIGUSR2, &action, &old_usr2_);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_mask_);
  }
  ~UnusualSignals() {
    pthread_sigmask(SIG_SETMASK, &old_mask_, nullptr);
    ::sigaction(SIGUSR2, &old_usr2_, nullptr);
    ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  }

 private:
  struct sigaction old_pipe_ {};
  struct sigaction old_usr2_ {};
  sigset_t old_mask_{};
};

TEST_P(SpawnTest, HandlersAreDefaultAndTheMaskEmptyWhateverTheParentDid) {
  const UnusualSignals unusual;
  // cat: grep handles SIGSEGV for itself.
  const std::string status = output_of(spec_of({"/bin/cat", "/proc/self/status"}));
  for (const char* set : {"SigBlk", "SigIgn", "SigCgt"}) {
    EXPECT_NE(status.find(std::string{set} + ":\t0000000000000000\n"), std::string::npos) << status;
  }
}

TEST_P(SpawnTest, TheParentsHandlersAndMaskAreAsBefore) {
  const UnusualSignals unusual;
  (void)output_of(shell("true"));
  (void)failure_of(spec_of({"/nonexistent"}));
  struct sigaction action {};
  ::sigaction(SIGPIPE, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_IGN);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 1);
  ::sigaction(SIGUSR2, nullptr, &action);
  EXPECT_NE(action.sa_handler, SIG_DFL);
}

TEST_P(SpawnTest, NoSignalIsBlockedInTheParentAfterALaunch) {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  (void)output_of(shell("true"));
  (void)failure_of(spec_of({"/nonexistent"}));
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signo = 1; signo < NSIG; ++signo) {
    EXPECT_EQ(sigismember(&before, signo), sigismember(&after, signo)) << signo;
  }
}

TEST_P(SpawnTest, TheChildLeadsItsOwnSessionAndGroup) {
  const auto run = launch(spec_of({"/usr/bin/cut", "-d ", "-f1,5,6", "/proc/self/stat"}));
  ASSERT_TRUE(until_gone(*run));
  const std::string pid = std::to_string(run->process->pid());
  EXPECT_EQ(run->out, pid + " " + pid + " " + pid + "\n");
}

TEST_P(SpawnTest, TheUmaskIs022WhateverTheParentsIs) {
  const mode_t old = ::umask(077);
  EXPECT_EQ(output_of(shell("umask")), "0022\n");
  EXPECT_EQ(::umask(old), 077u);
}

TEST_P(SpawnTest, TheFolderIsTheSpecsAndTheParentsStays) {
  const auto before = std::filesystem::current_path();
  auto spec = shell("pwd");
  spec.cwd = folder.path().string();
  EXPECT_EQ(output_of(spec), folder.path().string() + "\n");
  EXPECT_EQ(std::filesystem::current_path(), before);
}

TEST_P(SpawnTest, ArgumentsArriveAsWritten) {
  EXPECT_EQ(
      output_of(spec_of({"sh", "-c", "printf '[%s]' \"$0\" \"$@\"", "zero", "a b", "", "$HOME"})),
      "[zero][a b][][$HOME]");
  EXPECT_EQ(output_of(spec_of({"sh", "-c", "echo $0"})), "sh\n") << "argv[0] is the command";
}

TEST_P(SpawnTest, TheEnvironmentIsTheParentsWithoutWhatIsMasterdsAlone) {
  const std::array own{"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
                       "LISTEN_PID",    "LISTEN_FDS",   "LISTEN_FDNAMES"};
  for (const char* name : own) ::setenv(name, "parents", 1);
  ::setenv("INHERITED", "yes", 1);
  ::setenv("REPLACED", "old", 1);
  auto spec = spec_of({"env"});
  spec.env = {{"REPLACED", "new"}, {"ADDED", "a=b"}, {"LISTEN_FDS", "own"}};
  const std::string env = "\n" + output_of(spec);
  for (const char* name : own) ::unsetenv(name);
  ::unsetenv("INHERITED");
  ::unsetenv("REPLACED");
  EXPECT_EQ(env.find("parents"), std::string::npos) << env;
  for (const char* line : {"INHERITED=yes", "REPLACED=new", "ADDED=a=b", "LISTEN_FDS=own",
                           "MASTERD_COPROCESS=under-test"}) {
    EXPECT_NE(env.find("\n" + std::string{line} + "\n"), std::string::npos)
        << line << " in " << env;
  }
  EXPECT_EQ(env.find("REPLACED=old"), std::string::npos);
}

// ---- the lookup ----

TEST_P(SpawnTest, ACommandIsLookedUpInThePathOfTheChild) {
  folder.file("bin/only-here", "#!/bin/sh\necho found\n", 0755);
  auto spec = spec_of({"only-here"});
  spec.env = {{"PATH", "/nonexistent:" + (folder.path() / "bin").string()}};
  EXPECT_EQ(output_of(spec), "found\n");
}

TEST_P(SpawnTest, RelativeAndEmptyPathEntriesAreSeenFromTheChildsFolder) {
  folder.file("bin/inner", "#!/bin/sh\necho inner\n", 0755);
  folder.file("outer", "#!/bin/sh\necho outer\n", 0755);
  auto spec = spec_of({"inner"});
  spec.cwd = folder.path().string();
  spec.env = {{"PATH", "bin"}};
  EXPECT_EQ(output_of(spec), "inner\n");
  spec.command = {"outer"};
  spec.env = {{"PATH", "/nonexistent:"}};
  EXPECT_EQ(output_of(spec), "outer\n");
}

TEST_P(SpawnTest, ARelativeCommandIsSeenFromTheChildsFolder) {
  folder.file("bin/tool", "#!/bin/sh\necho tool\n", 0755);
  auto spec = spec_of({"bin/tool"});
  spec.cwd = folder.path().string();
  EXPECT_EQ(output_of(spec), "tool\n");
}

TEST_P(SpawnTest, FoldersAndPlainFilesOnThePathArePassedOver) {
  std::filesystem::create_directories(folder.path() / "a" / "tool");
  folder.file("b/tool", "no program", 0644);
  folder.file("c/tool", "#!/bin/sh\necho third\n", 0755);
  auto spec = spec_of({"tool"});
  spec.cwd = folder.path().string();
  spec.env = {{"PATH", "a:b:c"}};
  EXPECT_EQ(output_of(spec), "third\n");
  spec.env = {{"PATH", "a:b"}};
  expect_failure(spec, SpawnStage::Lookup, EACCES, "tool");
  spec.env = {{"PATH", "a"}};
  expect_failure(spec, SpawnStage::Lookup, ENOENT, "tool");
}

TEST_P(SpawnTest, ACommandThatIsNowhereFailsInTheLookup) {
  expect_failure(spec_of({"no-such-command-anywhere"}), SpawnStage::Lookup, ENOENT,
                 "lookup no-such-command-anywhere: No such file or directory (ENOENT)");
  expect_failure(spec_of({""}), SpawnStage::Lookup, ENOENT, "lookup");
}

TEST_P(SpawnTest, WhatNoProgramCanBeGivenIsRefused) {
  expect_failure(spec_of({}), SpawnStage::Lookup, EINVAL, "empty command");
  expect_failure(spec_of({"/bin/echo", std::string("a\0b", 3)}), SpawnStage::Lookup, EINVAL,
                 "command[1]");
  auto spec = shell("true");
  spec.env = {{"A=B", "c"}};
  expect_failure(spec, SpawnStage::Lookup, EINVAL, "A=B");
  spec.env = {{"NAME", std::string("\0", 1)}};
  expect_failure(spec, SpawnStage::Lookup, EINVAL, "env.NAME");
}

// ---- exec and before ----

TEST_P(SpawnTest, AMissingProgramFailsInExec) {
  expect_failure(spec_of({"/nonexistent/program"}), SpawnStage::Exec, ENOENT,
                 "exec /nonexistent/program: No such file or directory (ENOENT)");
}

TEST_P(SpawnTest, AFileThatIsNotExecutableFailsInExec) {
  const std::string file = folder.file("plain", "#!/bin/sh\n", 0644);
  expect_failure(spec_of({file}), SpawnStage::Exec, EACCES, file);
}

TEST_P(SpawnTest, AFolderFailsInExec) {
  expect_failure(spec_of({folder.path().string()}), SpawnStage::Exec, EACCES,
                 folder.path().string());
}

TEST_P(SpawnTest, AFileOfNoKnownFormatFailsInExec) {
  const std::string file = folder.file("noise", "neither a script nor a binary", 0755);
  expect_failure(spec_of({file}), SpawnStage::Exec, ENOEXEC, file);
}

TEST_P(SpawnTest, AMissingInterpreterIsNamedAsWhatIsMissing) {
  const std::string file = folder.file("script", "#!/nonexistent/interpreter\n", 0755);
  expect_failure(spec_of({file}), SpawnStage::Exec, ENOENT, file + " (its interpreter)");
}

TEST_P(SpawnTest, AnArgumentThatIsTooLongFailsInExec) {
  expect_failure(spec_of({"/bin/echo", std::string(200'000, 'x')}), SpawnStage::Exec, E2BIG,
                 "/bin/echo");
}

TEST_P(SpawnTest, AFolderThatCannotBeEnteredFailsInChdir) {
  auto spec = shell("true");
  spec.cwd = "/nonexistent/folder";
  expect_failure(spec, SpawnStage::Chdir, ENOENT, "chdir /nonexistent/folder");
  spec.cwd = folder.file("file", "");
  expect_failure(spec, SpawnStage::Chdir, ENOTDIR, spec.cwd);
}

// Leaves just so many descriptors free. The limit is on the number, and there may be gaps below it.
class FewDescriptors {
 public:
  explicit FewDescriptors(int free) {
    ::getrlimit(RLIMIT_NOFILE, &old_);
    std::vector<int> taken;
    for (int i = 0; i <= free; ++i) taken.push_back(::dup(0));
    rlimit low = old_;
    low.rlim_cur = static_cast<rlim_t>(taken.back());
    for (const int fd : taken) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_{};
};

TEST_P(SpawnTest, WithoutDescriptorsLeftTheStageIsPipeAndNothingLeaks) {
  const std::size_t before = open_descriptors();
  for (int free = 0; free < 4; ++free) {  // two pipes need four
    std::optional<SpawnError> failure;
    {
      const FewDescriptors few{free};
      failure = failure_of(shell("true"));
    }
    EXPECT_EQ(failure->stage(), SpawnStage::Pipe) << failure->what();
    EXPECT_EQ(failure->error(), EMFILE);
    EXPECT_EQ(open_descriptors(), before);
  }
  EXPECT_EQ(output_of(shell("echo again")), "again\n");
}

TEST_P(PidfdSpawnTest, AChildThatCannotBeWatchedIsKilledAndTheErrorSaysSo) {
  const std::size_t before = open_descriptors();
  std::optional<SpawnError> failure;
  {
    const FewDescriptors few{4};  // two pipes, no pidfd
    failure = failure_of(spec_of({"/bin/sleep", "1000"}));
  }
  EXPECT_EQ(failure->stage(), SpawnStage::Watch) << failure->what();
  EXPECT_EQ(failure->error(), EMFILE);
  EXPECT_TRUE(run_until(loop, [&] {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0;
  })) << "the child is left";
  EXPECT_EQ(open_descriptors(), before);
}

// Ends the process that it is in: 0 when a refused vfork was reported as that.
[[noreturn]] void launch_where_fork_is_refused() {
  const fsm::SteadyClock clock;
  fsm::EventLoop loop{clock};
  const auto exits = make_exits(Source::Pidfd, loop);
  supervisor::ChildLauncher launcher{loop, *exits};
  std::array filter{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
#ifdef SYS_vfork
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_vfork, 2, 0),
#else
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
#endif
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
  };
  const sock_fprog program{filter.size(), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(4);
  }
  config::CoprocessSpec spec;
  spec.command = {"/bin/true"};
  try {
    (void)launcher.launch(spec, {});
  } catch (const SpawnError& error) {
    ::_exit(error.stage() == SpawnStage::Fork && error.error() == EAGAIN ? 0 : 2);
  }
  ::_exit(3);
}

TEST_P(SpawnTest, ARefusedForkIsReportedAsThat) {
  EXPECT_EXIT(launch_where_fork_is_refused(), testing::ExitedWithCode(0), "");
}

TEST_P(SpawnTest, NothingIsLeftAfterManyGoodAndFailedLaunches) {
  (void)output_of(shell("true"));  // what is allocated once, is now
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 200; ++i) (void)failure_of(spec_of({"/nonexistent"}));
  for (int i = 0; i < 200; ++i) {
    const auto run = launch(spec_of({"/bin/true"}));
    ASSERT_TRUE(until_gone(*run));
  }
  EXPECT_EQ(open_descriptors(), before);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
  EXPECT_EQ(errno, ECHILD);
}

INSTANTIATE_TEST_SUITE_P(Any, SpawnTest, every_source(), source_name);

INSTANTIATE_TEST_SUITE_P(Host, PidfdSpawnTest, testing::Values(Source::Pidfd), source_name);

}  // namespace
}  // namespace masterd::test
