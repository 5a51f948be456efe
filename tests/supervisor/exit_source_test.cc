// The exit sources themselves: what they tell, and what they leave alone.
#include "supervisor/exit_source.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <system_error>
#include <thread>

#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::ExitStatus;
using Kind = ExitStatus::Kind;

/// A child that leads its own group and runs `body`.
pid_t fork_leader(const std::function<void()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    body();
    ::_exit(0);
  }
  ::setpgid(pid, pid);  // whoever is first
  return pid;
}

void until_zombie(pid_t pid) {
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
}

struct Listener final : supervisor::ExitListener {
  void leader_exited() override {
    ++exits;
    if (at_exit) at_exit();
  }
  void member_exited() override { ++members; }
  std::function<void()> at_exit;
  int exits = 0;
  int members = 0;
};

int exit_code_of(pid_t pid) {
  int status = 0;
  return ::waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class ExitSourceTest : public ChildFixture {
 protected:
  std::string make_fifo(const std::string& name) const {
    const std::string fifo = (folder.path() / name).string();
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    return fifo;
  }
  TempFolder folder;
};
class SigchldTest : public ExitSourceTest {};
class PidfdTest : public ExitSourceTest {};

// ---- either ----

TEST_P(ExitSourceTest, ALeaderThatEndedBeforeItsWatchIsTold) {
  const pid_t leader = fork_leader([] {});
  until_zombie(leader);
  Listener listener;
  const fsm::Watch watch = exits->watch(leader, listener);
  EXPECT_EQ(listener.exits, 0) << "never inside the call";
  EXPECT_TRUE(run_until(loop, [&] { return listener.exits == 1; }));
  EXPECT_EQ(exit_code_of(leader), 0) << "it is the listener who reaps";
}

TEST_P(ExitSourceTest, ALeaderIsToldOnceHoweverOftenOthersEnd) {
  const pid_t leader = fork_leader([] {});
  Listener listener;
  const fsm::Watch watch = exits->watch(leader, listener);
  for (int i = 0; i < 5; ++i) (void)output_of(shell("true"));
  EXPECT_TRUE(run_until(loop, [&] { return listener.exits != 0; }));
  EXPECT_EQ(listener.exits, 1);
  exit_code_of(leader);
}

TEST_P(ExitSourceTest, AListenerMayEndAnotherWatchThatIsDueInTheSameTurn) {
  const pid_t first = fork_leader([] {});
  const pid_t second = fork_leader([] {});
  until_zombie(first);
  until_zombie(second);
  Listener one;
  Listener other;
  fsm::Watch watch_one = exits->watch(first, one);
  fsm::Watch watch_other = exits->watch(second, other);
  const auto end_both = [&] {
    watch_one.reset();
    watch_other.reset();
  };
  one.at_exit = end_both;
  other.at_exit = end_both;
  EXPECT_TRUE(run_until(loop, [&] { return one.exits + other.exits == 1; }));
  for (int turn = 0; turn < 5; ++turn) loop.run_once(fsm::Duration::zero());
  EXPECT_EQ(one.exits + other.exits, 1);
  ::waitpid(first, nullptr, WNOHANG);
  ::waitpid(second, nullptr, WNOHANG);
}

TEST_P(ExitSourceTest, AGroupIsAliveWhileAMemberIsAlsoOneWhoseFirstThreadHasEnded) {
  int hold[2];
  int told[2];
  ASSERT_EQ(::pipe(hold), 0);
  ASSERT_EQ(::pipe(told), 0);
  const pid_t leader = fork_leader([&] {
    if (::fork() != 0) ::_exit(0);
    ::close(hold[1]);
    std::thread{[&] {
      // Not before the first thread has ended: a zombie's stat says so.
      std::string state;
      while (state != "Z") {
        std::ifstream stat{"/proc/self/stat"};
        stat >> state >> state >> state;
      }
      const pid_t self = ::getpid();
      (void)!::write(told[1], &self, sizeof self);
      char byte = 0;
      (void)!::read(hold[0], &byte, 1);
      ::_exit(0);
    }}.detach();
    ::syscall(SYS_exit, 0);  // this thread only
  });
  ::close(hold[0]);
  pid_t member = 0;
  ASSERT_EQ(::read(told[0], &member, sizeof member), static_cast<ssize_t>(sizeof member));
  until_zombie(leader);
  EXPECT_TRUE(exits->group_alive(leader));
  ::close(hold[1]);
  EXPECT_TRUE(until_dead(member));
  EXPECT_FALSE(exits->group_alive(leader));
  exit_code_of(leader);
  ::close(told[0]);
  ::close(told[1]);
}

TEST_P(ExitSourceTest, ALivingLeaderIsAMemberOfItsGroup) {
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  EXPECT_TRUE(exits->group_alive(run->process->pid()));
}

TEST_P(ExitSourceTest, AnAbandonedChildIsReapedWhenItEnds) {
  const pid_t living = fork_leader([] { ::pause(); });
  const pid_t zombie = fork_leader([] {});
  until_zombie(zombie);
  exits->abandon(living);
  exits->abandon(zombie);
  ::kill(living, SIGKILL);
  EXPECT_TRUE(run_until(loop, [&] { return no_such_process(living) && no_such_process(zombie); }));
}

INSTANTIATE_TEST_SUITE_P(Either, ExitSourceTest, testing::Values(Source::Sigchld, Source::Pidfd),
                         source_name);

// ---- SIGCHLD ----

TEST_P(SigchldTest, OrphansAreReaped) {
  const std::string fifo = make_fifo("fifo");
  const auto run = launch(shell("setsid sh -c 'echo $$; read word <" + fifo + "' & wait $!"));
  ASSERT_TRUE(until_says(*run, "\n"));
  const pid_t orphan = std::stoi(run->out);
  ASSERT_EQ(::kill(-run->process->pid(), SIGKILL), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(no_such_process(orphan)) << "it has left the group";
  EXPECT_FALSE(run->process->gone().is_set());
  std::ofstream{fifo} << "\n";
  EXPECT_TRUE(run_until(loop, [&] { return no_such_process(orphan); }));
}

TEST_P(SigchldTest, APinnedLeaderHidesNeitherOrphansNorOtherLeaders) {
  const auto pinned = launch(shell("sleep 1000 & exit 0"));
  ASSERT_TRUE(until_exited(*pinned));
  ASSERT_FALSE(pinned->process->gone().is_set());
  const auto later = launch(shell("setsid sh -c 'echo $$; exec sleep 1000' & wait $!"));
  ASSERT_TRUE(until_says(*later, "\n"));
  const pid_t orphan = std::stoi(later->out);
  ASSERT_EQ(::kill(-later->process->pid(), SIGKILL), 0);
  EXPECT_TRUE(until_exited(*later)) << "the leader after the pinned one";
  ::kill(orphan, SIGKILL);
  EXPECT_TRUE(run_until(loop, [&] { return no_such_process(orphan); }));
  EXPECT_FALSE(pinned->process->gone().is_set());
  EXPECT_EQ(pinned->process->signal_group(SIGKILL), 0);
  EXPECT_TRUE(until_gone(*pinned));
}

TEST_P(SigchldTest, TheProcessIsASubreaperOnlyWhileThereIsASource) {
  const auto subreaper = [] {
    int on = -1;
    ::prctl(PR_GET_CHILD_SUBREAPER, &on);
    return on;
  };
  EXPECT_EQ(subreaper(), 1);
  exits.reset();
  EXPECT_EQ(subreaper(), 0);
}

TEST_P(SigchldTest, AnIgnoredSigchldLosesNoStatusAndIsIgnoredAgainAfterwards) {
  exits.reset();
  struct sigaction ignore {};
  struct sigaction old {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &old);
  exits = make_exits(Source::Sigchld, loop);
  {
    supervisor::ChildLauncher own{loop, *exits};
    const auto process = own.launch(shell("exit 9"), {});
    EXPECT_TRUE(run_until(loop, [&] { return process->gone().is_set(); }));
    EXPECT_EQ(process->reap(), (ExitStatus{Kind::Exited, 9, false}));
  }
  exits.reset();
  struct sigaction now {};
  ::sigaction(SIGCHLD, &old, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
}

INSTANTIATE_TEST_SUITE_P(Daemon, SigchldTest, testing::Values(Source::Sigchld), source_name);

// ---- pidfd ----

TEST_P(PidfdTest, C16_TheHostsOwnChildrenAreLeftToIt) {
  const pid_t hosts = fork_leader([] { ::_exit(7); });
  until_zombie(hosts);
  for (int i = 0; i < 5; ++i) (void)output_of(shell("true"));
  (void)launch(spec_of({"/bin/sleep", "1000"}));  // and one that is abandoned
  exits.reset();
  EXPECT_EQ(exit_code_of(hosts), 7);
}

TEST_P(PidfdTest, C16_TheHostsSignalsAndSubreaperSettingAreNotTouched) {
  struct sigaction action {};
  ::sigaction(SIGCHLD, nullptr, &action);
  EXPECT_EQ(action.sa_handler, SIG_DFL);
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGCHLD), 0);
  int subreaper = -1;
  ::prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  EXPECT_EQ(subreaper, 0);
}

TEST_P(PidfdTest, AHostThatIgnoresSigchldIsRefused) {
  struct sigaction ignore {};
  struct sigaction old {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &old);
  EXPECT_THROW(supervisor::make_pidfd_exits(loop), std::system_error);
  ::sigaction(SIGCHLD, &old, nullptr);
}

TEST_P(PidfdTest, TheEndOfTheSourceWaitsForWhatWasAbandoned) {
  for (int i = 0; i < 10; ++i) (void)launch(spec_of({"/bin/sleep", "1000"}));
  exits.reset();
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
  EXPECT_EQ(errno, ECHILD) << "all were killed, and none is left as a zombie";
}

TEST_P(PidfdTest, AStatusThatTheHostHasTakenIsUnknownButTheEndIsTold) {
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  ::kill(run->process->pid(), SIGKILL);
  ASSERT_EQ(::waitpid(run->process->pid(), nullptr, 0), run->process->pid());
  EXPECT_EQ(end_of(*run), ExitStatus::lost());
}

INSTANTIATE_TEST_SUITE_P(Host, PidfdTest, testing::Values(Source::Pidfd), source_name);

}  // namespace
}  // namespace masterd::test
