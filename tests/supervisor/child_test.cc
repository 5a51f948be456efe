// The life of a real child, as its owner sees it, with either exit source.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <optional>

#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::ExitStatus;
using Kind = ExitStatus::Kind;

// Gone or a zombie: an orphan's zombie is for whoever inherits it to reap.
bool dead(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string stat;
  std::getline(file, stat);
  const std::size_t end = stat.rfind(')');
  return end == std::string::npos || stat.compare(end, 3, ") Z") == 0 ||
         stat.compare(end, 3, ") X") == 0;
}

class ChildTest : public ChildFixture {
 protected:
  /// Waits (for the event itself) until the leader is stopped.
  static void until_stopped(const Launched& run) {
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(run.process->pid()), &info, WSTOPPED | WNOWAIT), 0);
  }
  void kill_and_expect_gone(Launched& run) {
    EXPECT_EQ(run.process->signal_group(SIGKILL), 0);
    EXPECT_TRUE(until_gone(run));
  }
  TempFolder folder;
};

// ---- the end ----

TEST_P(ChildTest, C8_ExitCodesAreReported) {
  for (const int code : {0, 1, 255}) {
    const auto run = launch(shell("exit " + std::to_string(code)));
    EXPECT_EQ(end_of(*run), (ExitStatus{Kind::Exited, code, false}));
  }
}

TEST_P(ChildTest, C8_DeathBySignalIsReported) {
  for (const int signo : {SIGSEGV, SIGABRT, SIGKILL, SIGBUS}) {
    const auto run = launch(shell("ulimit -c 0; kill -" + std::to_string(signo) + " $$"));
    const auto status = end_of(*run);
    ASSERT_TRUE(status);
    EXPECT_EQ(status->kind, Kind::Signalled);
    EXPECT_EQ(status->value, signo);
  }
}

TEST_P(ChildTest, NothingIsReapedBeforeTheExitHasBeenTold) {
  const auto run = launch(shell("exit 3"));
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(run->process->pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(run->process->reap()) << "a zombie, but its last bytes are not delivered";
  EXPECT_FALSE(run->process->exited().is_set());
  EXPECT_EQ(end_of(*run), (ExitStatus{Kind::Exited, 3, false}));
  EXPECT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 3, false})) << "the answer is kept";
}

TEST_P(ChildTest, AReapedProcessCanNoLongerBeSignalled) {
  const auto run = launch(shell("exit 0"));
  ASSERT_TRUE(until_gone(*run));
  EXPECT_EQ(run->process->signal_group(SIGTERM), ESRCH);
  EXPECT_EQ(run->process->signal(SIGTERM), ESRCH);
  EXPECT_TRUE(no_such_process(run->process->pid()));
}

TEST_P(ChildTest, P16_AHundredExitsInOneTurnAreAllTold) {
  std::vector<std::unique_ptr<Launched>> runs;
  for (int i = 0; i < 100; ++i) runs.push_back(launch(spec_of({"/bin/sleep", "1000"})));
  for (const auto& run : runs) ASSERT_EQ(run->process->signal(SIGKILL), 0);
  for (const auto& run : runs) {  // all are zombies: SIGCHLD has coalesced to one
    siginfo_t info{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(run->process->pid()), &info, WEXITED | WNOWAIT), 0);
  }
  for (const auto& run : runs) {
    EXPECT_EQ(end_of(*run), (ExitStatus{Kind::Signalled, SIGKILL, false}));
  }
}

// ---- the output ----

TEST_P(ChildTest, TheStreamsAreToldApart) {
  const auto run = launch(shell("echo out; echo err >&2"));
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->out, "out\n");
  EXPECT_EQ(run->err, "err\n");
}

TEST_P(ChildTest, AMebibyteIsCompleteWhenTheExitIsTold) {
  const auto run = launch(spec_of({"/usr/bin/head", "-c", "1048576", "/dev/zero"}));
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->out.size(), 1048576u);
}

TEST_P(ChildTest, AllThatIsInTheEnlargedPipeOfAZombieIsDeliveredBeforeItsExit) {
  const std::string fifo = (folder.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto run = launch(shell("read word <" + fifo + "; exec head -c 500000 /dev/zero"));
  const std::string its_stdout = "/proc/" + std::to_string(run->process->pid()) + "/fd/1";
  {
    const supervisor::OwnedFd pipe{::open(its_stdout.c_str(), O_WRONLY | O_CLOEXEC)};
    ASSERT_GE(::fcntl(pipe.get(), F_SETPIPE_SZ, 1'000'000), 1'000'000);
  }
  std::ofstream{fifo} << "go\n";
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(run->process->pid()), &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->out.size(), 500'000u) << "more than a turn reads of one pipe";
}

TEST_P(ChildTest, TheLastWordsOfADyingChildAreDelivered) {
  const auto run = launch(shell("echo the reason >&2; kill -KILL $$"));
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->err, "the reason\n");
}

TEST_P(ChildTest, AChildThatClosesItsOutputsLivesOn) {
  const auto run = launch(shell("exec >&- 2>&-; exec sleep 1000"));
  for (int turn = 0; turn < 10; ++turn) loop.run_once(fsm::Duration::zero());
  EXPECT_FALSE(run->process->exited().is_set());
  kill_and_expect_gone(*run);
}

TEST_P(ChildTest, AListenerIsNotRequired) {
  const auto process = launcher.launch(shell("head -c 1048576 /dev/zero"), {});
  EXPECT_TRUE(run_until(loop, [&] { return process->gone().is_set(); }));
}

TEST_P(ChildTest, P2_AGrandchildThatHoldsThePipeDelaysNothing) {
  const auto run = launch(shell("setsid sleep 1000 & echo $!; exit 0"));
  ASSERT_TRUE(until_exited(*run)) << "it waits for the end of a pipe that another one holds";
  kill_and_expect_gone(*run);
}

TEST_P(ChildTest, P2_AGrandchildThatFloodsThePipeDelaysNothing) {
  const auto run = launch(shell("yes & exit 0"));
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  kill_and_expect_gone(*run);
}

TEST_P(ChildTest, WhatAGroupMemberWritesAfterTheLeadersExitIsDelivered) {
  const std::string fifo = (folder.path() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const auto run = launch(shell("(read word <" + fifo + "; echo $word) & exit 0"));
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  std::ofstream{fifo} << "late\n";
  EXPECT_TRUE(until_says(*run, "late\n"));
  EXPECT_TRUE(until_gone(*run)) << "the last member has ended";
}

// ---- the group ----

TEST_P(ChildTest, C3_AGroupWithATermDeafMemberIsNotGoneBeforeThatIsDead) {
  const auto run = launch(
      shell("trap 'exit 7' TERM; (trap '' TERM; echo deaf; exec sleep 1000) & echo $!; wait"));
  ASSERT_TRUE(until_says(*run, "deaf"));
  const pid_t deaf = std::stoi(run->out.substr(run->out.find_first_of("0123456789")));
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  EXPECT_FALSE(dead(deaf));
  EXPECT_EQ(run->process->signal(SIGTERM), ESRCH) << "the leader itself has ended";
  EXPECT_EQ(run->process->signal_group(0), 0) << "the zombie pins the group";
  kill_and_expect_gone(*run);
  EXPECT_TRUE(dead(deaf));
  EXPECT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 7, false}));
}

TEST_P(ChildTest, TheStatusOfALeaderIsKnownWhileItsGroupLives) {
  const auto run = launch(shell("sleep 1000 & echo $!; exit 4"));
  ASSERT_TRUE(until_exited(*run));
  ASSERT_FALSE(run->process->gone().is_set());
  EXPECT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 4, false}));
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0) << "the zombie still pins the group";
  EXPECT_TRUE(until_gone(*run));
}

TEST_P(ChildTest, AStoppedGroupEndsByTerm) {
  const auto run = launch(shell("sleep 1000 & echo up; exec sleep 1000"));
  ASSERT_TRUE(until_says(*run, "up"));
  EXPECT_EQ(run->process->signal_group(SIGSTOP), 0);
  until_stopped(*run);
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  EXPECT_EQ(end_of(*run), (ExitStatus{Kind::Signalled, SIGTERM, false}));
}

TEST_P(ChildTest, ASignalThatEndsNobodyLeavesAStoppedGroupStopped) {
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  EXPECT_EQ(run->process->signal_group(SIGSTOP), 0);
  until_stopped(*run);
  EXPECT_EQ(run->process->signal_group(SIGWINCH), 0);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(run->process->pid()), &info,
                     WCONTINUED | WNOHANG | WNOWAIT),
            0);
  EXPECT_EQ(info.si_pid, 0) << "it was continued";
  kill_and_expect_gone(*run);
}

TEST_P(ChildTest, ASignalToTheLeaderReachesNoMember) {
  const auto run = launch(shell("trap 'echo got; exit 0' USR1; sleep 1000 & echo $! ready; wait"));
  ASSERT_TRUE(until_says(*run, "ready"));
  const pid_t member = std::stoi(run->out);
  EXPECT_EQ(run->process->signal(SIGUSR1), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_NE(run->out.find("got"), std::string::npos);
  EXPECT_FALSE(dead(member));
  kill_and_expect_gone(*run);
}

TEST_P(ChildTest, AnImpossibleSignalIsAnError) {
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  EXPECT_EQ(run->process->signal(4711), EINVAL);
  EXPECT_EQ(run->process->signal_group(4711), EINVAL);
  kill_and_expect_gone(*run);
}

// ---- the destruction ----

TEST_P(ChildTest, DestructionKillsTheGroupAndReapsTheLeader) {
  auto run = launch(shell("sleep 1000 & echo $!; trap '' TERM; exec sleep 1000"));
  ASSERT_TRUE(until_says(*run, "\n"));
  const pid_t leader = run->process->pid();
  const pid_t member = std::stoi(run->out);
  run.reset();
  EXPECT_TRUE(run_until(loop, [&] { return no_such_process(leader); }));
  EXPECT_TRUE(until_dead(member));
}

TEST_P(ChildTest, DestructionAfterTheLeadersExitSweepsItsGroup) {
  auto run = launch(shell("sleep 1000 & echo $!; exit 0"));
  ASSERT_TRUE(until_exited(*run));
  const pid_t leader = run->process->pid();
  const pid_t member = std::stoi(run->out);
  run.reset();
  EXPECT_TRUE(no_such_process(leader)) << "a zombie can be reaped at once";
  EXPECT_TRUE(until_dead(member));
}

TEST_P(ChildTest, DestructionInAnyPhaseLeavesNoDescriptor) {
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    (void)launch(spec_of({"/bin/sleep", "1000"}));
    auto exited = launch(shell("sleep 1000 & exit 0"));
    ASSERT_TRUE(until_exited(*exited));
    auto gone = launch(shell("exit 0"));
    ASSERT_TRUE(until_gone(*gone));
  }
  EXPECT_TRUE(run_until(loop, [&] { return open_descriptors() == before; }));
}

INSTANTIATE_TEST_SUITE_P(Any, ChildTest, every_source(), source_name);

}  // namespace
}  // namespace masterd::test
