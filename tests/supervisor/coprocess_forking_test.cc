// One life of a coprocess that makes itself a daemon: which process of its tree is the main one.
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "supervisor/proc_fs.h"
#include "tests/supervisor/coprocess_fixture.h"
#include "tests/supervisor/notify_client.h"
#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

/// A process that waits for a signal.
class Resting {
 public:
  Resting() {
    if (pid_ == 0) {
      while (true) ::pause();
    }
    ProcStat stat;
    while (read_stat(pid_, stat) == Look::Found && stat.state != 'S') ::sched_yield();
  }
  ~Resting() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Resting(const Resting&) = delete;
  Resting& operator=(const Resting&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  const pid_t pid_ = ::fork();
};

// The looks at the tree go through /proc: a child of this test stands for the daemon, its parent
// for a passing one, and itself for one that is busy. Nothing is done to them: the processes are
// fakes.
class ForkingTest : public CoprocessFixture {
 protected:
  ForkingTest() { spec.kind = config::Kind::Forking; }

  const Resting resting_;
  const pid_t daemon_ = resting_.pid();
  const pid_t passing_ = ::getppid();
  const pid_t busy_ = ::getpid();

  /// The first process ends; `left` live on.
  void forks(std::vector<pid_t> left, int code = 0) {
    process().tree = std::move(left);
    process().end({ExitStatus::Kind::Exited, code, false}, /*members_stay=*/true);
    turn();
  }
  void look(int times = 1) {
    for (int i = 0; i < times; ++i) advance(5ms);
  }
  void write_pid_file(const std::string& text) { std::ofstream{spec.pid_file} << text; }
  void with_pid_file() { spec.pid_file = folder_.path("a.pid"); }

  test::TempFolder folder_;
};

TEST_F(ForkingTest, TheOneThatStaysIsTheMainOneWhenItWasSeenSixTimes) {
  run();
  EXPECT_EQ(life->stage(), "its first process has not ended");
  forks({daemon_});
  look(4);
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  look(1);
  EXPECT_EQ(announced.back(), "running: ready");
  EXPECT_EQ(life->pid(), daemon_);
  EXPECT_FALSE(life->ended());
}

TEST_F(ForkingTest, TheMiddleProcessOfADoubleForkIsNotTakenForIt) {
  run();
  forks({passing_});
  look(4);
  process().tree = {daemon_};
  look(5);
  EXPECT_THAT(announced, ElementsAre("starting: spawn")) << "five looks at the right one";
  look(1);
  EXPECT_EQ(life->pid(), daemon_);
}

TEST_F(ForkingTest, OneThatIsNeverAtRestIsTakenAfterASecond) {
  run();
  forks({busy_});
  look(198);
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  look(1);
  EXPECT_EQ(life->pid(), busy_);
}

TEST_F(ForkingTest, WhatItNamesByMainpidIsBelievedAtOnceIfItIsOfItsTree) {
  spec.ready.how = config::ReadyNotify{};
  run();
  process().tree = {busy_, 4711};
  test::notify(process(), "MAINPID=4711\nREADY=1");
  turn();
  forks({busy_, 4711});
  EXPECT_EQ(life->pid(), 4711);
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(ForkingTest, MainpidOfAStrangerIsNotBelieved) {
  spec.ready.how = config::ReadyNotify{};
  run();
  test::notify(process(), "MAINPID=4711\nREADY=1");
  turn();
  forks({daemon_});
  look(6);
  EXPECT_EQ(life->pid(), daemon_);
}

TEST_F(ForkingTest, PidFileThatComesLateIsAwaited_D12) {
  with_pid_file();
  run();
  forks({daemon_, 4711});
  for (int i = 0; i < 60; ++i) look();
  EXPECT_EQ(life->stage(), spec.pid_file + " is not there");
  write_pid_file("4711\n");
  look();
  EXPECT_EQ(life->pid(), 4711);
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(ForkingTest, StalePidFileIsNotBelievedUntilItIsWrittenAnew_D12) {
  with_pid_file();
  write_pid_file("999");
  run();
  forks({daemon_, 4711});
  look(10);
  EXPECT_EQ(life->stage(), spec.pid_file + " names 999, which is no process of it");
  write_pid_file("4711");
  look();
  EXPECT_EQ(life->pid(), 4711);
}

TEST_F(ForkingTest, PidFileOfAnotherProgramIsAFailureThatNamesIt_D12) {
  with_pid_file();
  write_pid_file("1234567");
  spec.ready.timeout = 1s;
  run();
  forks({daemon_});
  advance(1s);
  EXPECT_EQ(announced.back(), "stopping: " + life->end().detail);
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_EQ(life->end().detail, "its first process exited with 0, but " + spec.pid_file +
                                    " names 1234567, which is no process of it");
  EXPECT_THAT(signals(), ElementsAre(SIGTERM)) << "what it left is ended";
}

TEST_F(ForkingTest, SeveralThatStayNeedAPidFile) {
  spec.ready.timeout = 1s;
  run();
  forks({daemon_, passing_, 1});
  look();
  EXPECT_THAT(life->stage(), HasSubstr("a pid_file would tell which"));
  advance(1s);
  EXPECT_EQ(life->end().how, How::NotReady);
}

TEST_F(ForkingTest, FirstProcessThatFailsIsTheEnd) {
  run();
  forks({daemon_}, 2);
  EXPECT_TRUE(life->ended());
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 2, false}));
  EXPECT_THAT(signals(), ElementsAre(SIGKILL)) << "what it left is not a coprocess";
  EXPECT_THAT(deaths, ElementsAre("exited with 2"));
}

TEST_F(ForkingTest, FirstProcessThatDoesNotEndIsEndedInTime) {
  spec.ready.timeout = 1s;
  run();
  advance(1s);
  EXPECT_EQ(life->end().detail, "its first process has not ended within 1000 ms");
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
}

TEST_F(ForkingTest, DaemonThatDiesWhileItIsLookedForIsTold) {
  run();
  forks({daemon_});
  look(2);
  process().tree.clear();
  process().end_group();
  turn();
  EXPECT_TRUE(life->ended()) << "no look is awaited";
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_EQ(life->end().detail, "its first process exited with 0, but nothing of it is left");
  EXPECT_EQ(deaths.size(), 1U);
}

TEST_F(ForkingTest, NobodyWhoStaysIsTold) {
  run();
  ends(process());
  EXPECT_EQ(life->end().detail, "its first process exited with 0, but nothing of it is left");
}

TEST_F(ForkingTest, OneThatCannotBeAdoptedIsLookedForAgain) {
  run();
  process().adopt_error = ESRCH;  // it ended between the look and the adoption
  forks({daemon_});
  look(8);
  EXPECT_THAT(life->stage(), HasSubstr("could not be watched: "));
  EXPECT_THAT(announced, ElementsAre("starting: spawn"));
  process().adopt_error = 0;
  look();
  EXPECT_EQ(announced.back(), "running: ready");
}

TEST_F(ForkingTest, OneThatCanNeverBeAdoptedIsAFailureWithTheErrno) {
  spec.ready.timeout = 1s;
  run();
  process().adopt_error = EMFILE;
  forks({daemon_});
  look(8);
  advance(1s);
  EXPECT_EQ(life->end().how, How::NotReady);
  EXPECT_THAT(life->end().detail, HasSubstr("Too many open files"));
}

TEST_F(ForkingTest, EndOfTheAdoptedOneIsTheEnd) {
  run();
  forks({daemon_});
  look(5);
  process().tree.clear();
  ends(process(), 7);
  EXPECT_EQ(life->end().how, How::Ended);
  EXPECT_EQ(life->end().pid, daemon_);
  EXPECT_EQ(life->end().status, (ExitStatus{ExitStatus::Kind::Exited, 7, false}));
  EXPECT_THAT(deaths, ElementsAre("exited with 7"));
}

TEST_F(ForkingTest, ShutdownWhileTheDaemonIsLookedForEndsTheTree) {
  run();
  forks({daemon_});
  look(2);
  stop();
  EXPECT_THAT(signals(), ElementsAre(SIGTERM));
  EXPECT_TRUE(life->ended());
  EXPECT_THAT(deaths, IsEmpty());
}

TEST_F(ForkingTest, ReadinessIsAwaitedOfTheOneThatStays) {
  spec.ready.how = config::ReadyNotify{};
  spec.ready.timeout = 1s;
  run();
  forks({daemon_});
  look(5);
  EXPECT_EQ(life->stage(), "no READY=1 came");
  EXPECT_EQ(life->waits_until(), clock.now() + 1s);
  process().tree = {busy_};  // who sends
  test::notify(process(), "READY=1");
  turn();
  EXPECT_EQ(announced.back(), "running: ready");
}

}  // namespace
}  // namespace masterd::supervisor
