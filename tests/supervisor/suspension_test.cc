// Main processes that are suspended by job control and continued: what is told of it, and what not.
#include <gmock/gmock.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <sstream>

#include "supervisor/proc_fs.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

class SuspensionTest : public ChildFixture {
 protected:
  bool until_suspended(Launched& run, bool suspended = true) {
    return run_until(loop, [&] { return run.process->suspended().is_set() == suspended; });
  }
  /// Until the kernel says so, whoever looks; without a turn of the loop.
  static bool until_in_state(pid_t pid, char state) {
    supervisor::ProcStat stat;
    for (int look = 0; look < 20'000; ++look) {
      if (supervisor::read_stat(pid, stat) != supervisor::Look::Found) return false;
      if (stat.state == state) return true;
      ::usleep(1000);
    }
    return false;
  }
  /// All that has happened until now has been seen: a child that came later has ended.
  void see_all() { (void)output_of(shell("true")); }
  std::unique_ptr<Launched> sleeper() { return launch(shell("exec sleep 1000")); }
};

TEST_P(SuspensionTest, IsToldWithItsSignalAndItsEnd) {
  const auto run = sleeper();
  for (int round = 0; round < 3; ++round) {
    ASSERT_EQ(run->process->signal(SIGSTOP), 0);
    ASSERT_TRUE(until_suspended(*run));
    EXPECT_EQ(run->process->suspended_by(), SIGSTOP);
    ASSERT_EQ(run->process->signal(SIGCONT), 0);
    ASSERT_TRUE(until_suspended(*run, false));
  }
  EXPECT_FALSE(run->process->exited().is_set());
}

TEST_P(SuspensionTest, OfManyAtOnceIsToldOfEach) {
  std::vector<std::unique_ptr<Launched>> runs;
  for (int i = 0; i < 20; ++i) runs.push_back(sleeper());
  for (const auto& run : runs) {
    run->process->signal(SIGSTOP);
    ASSERT_TRUE(until_in_state(run->process->pid(), 'T'));
  }
  for (const auto& run : runs) EXPECT_TRUE(until_suspended(*run));
}

TEST_P(SuspensionTest, ThatIsOverBeforeAnybodyLooksIsNotTold) {
  const auto run = sleeper();
  run->process->signal(SIGSTOP);
  ASSERT_TRUE(until_in_state(run->process->pid(), 'T'));
  run->process->signal(SIGCONT);
  ASSERT_TRUE(until_in_state(run->process->pid(), 'S'));
  see_all();
  EXPECT_FALSE(run->process->suspended().is_set());
}

TEST_P(SuspensionTest, OfAnotherProcessOfTheTreeIsNotTold) {
  const auto run = launch(shell("sleep 1000 & echo $!; wait"));
  ASSERT_TRUE(until_says(*run, "\n"));
  const pid_t member = std::stoi(run->out);
  ::kill(member, SIGSTOP);
  ASSERT_TRUE(until_in_state(member, 'T'));
  see_all();
  EXPECT_FALSE(run->process->suspended().is_set());
}

TEST_P(SuspensionTest, ByATracerIsNotTold) {
  const auto run = sleeper();
  const pid_t pid = run->process->pid();
  // A child does it: what this process traces, it would wait for itself.
  const auto tracer = ::fork();
  if (tracer == 0) {
    int status = 0;
    const bool attached = ::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr) == 0 &&
                          ::waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status);
    ::kill(::getpid(), SIGSTOP);  // hold it
    ::_exit(attached ? 0 : 1);
  }
  ASSERT_GT(tracer, 0);
  ASSERT_TRUE(until_in_state(tracer, 'T'));
  const bool traced = until_in_state(pid, 't');
  see_all();
  EXPECT_TRUE(traced);
  EXPECT_FALSE(run->process->suspended().is_set());
  ::kill(tracer, SIGKILL);
}

TEST_P(SuspensionTest, EndsWithItsEndByAnySignalThatIsToEndIt) {
  const auto run = sleeper();
  run->process->signal(SIGSTOP);
  ASSERT_TRUE(until_suspended(*run));
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_EQ(run->process->reap(),
            (supervisor::ExitStatus{supervisor::ExitStatus::Kind::Signalled, SIGTERM, false}));
}

TEST_P(SuspensionTest, DoesNotMakeAGroupLookEmpty) {
  const auto run = launch(shell("sleep 1000 & echo $!; exit 0"));
  ASSERT_TRUE(until_says(*run, "\n"));
  const pid_t member = std::stoi(run->out);
  ASSERT_TRUE(until_exited(*run));
  for (const int signo : {SIGSTOP, SIGCONT}) {
    ::kill(member, signo);
    ASSERT_TRUE(until_in_state(member, signo == SIGSTOP ? 'T' : 'S'));
    see_all();
    EXPECT_TRUE(exits->group_alive(run->process->pid()));
    EXPECT_FALSE(run->process->gone().is_set());
  }
}

TEST_P(SuspensionTest, OfAnAdoptedOneIsToldAlsoWhenItCameBefore) {
  for (const bool before : {true, false}) {
    const auto run = launch(shell("setsid sleep 1000 & echo $!; exit 0"));
    ASSERT_TRUE(until_says(*run, "\n"));
    const pid_t main = std::stoi(run->out);
    ASSERT_TRUE(until_exited(*run));
    if (before) {
      ::kill(main, SIGSTOP);
      ASSERT_TRUE(until_in_state(main, 'T'));
      see_all();  // told while it was nobody's
    }
    run->process->adopt(main);
    EXPECT_EQ(run->process->suspended().is_set(), before);
    if (!before) {
      ::kill(main, SIGSTOP);
      ASSERT_TRUE(until_suspended(*run));
      EXPECT_EQ(run->process->suspended_by(), SIGSTOP);
    }
    ::kill(main, SIGCONT);
    EXPECT_TRUE(until_suspended(*run, false));
  }
}

INSTANTIATE_TEST_SUITE_P(Daemon, SuspensionTest,
                         testing::Values(Source::Sigchld, Source::SigchldCgroup), source_name);

class PidfdSuspensionTest : public SuspensionTest {};

TEST_P(PidfdSuspensionTest, IsNotSeen) {
  const auto run = sleeper();
  run->process->signal(SIGSTOP);
  ASSERT_TRUE(until_in_state(run->process->pid(), 'T'));
  see_all();
  EXPECT_FALSE(run->process->suspended().is_set());
}

INSTANTIATE_TEST_SUITE_P(Host, PidfdSuspensionTest, testing::Values(Source::Pidfd), source_name);

}  // namespace
}  // namespace masterd::test
