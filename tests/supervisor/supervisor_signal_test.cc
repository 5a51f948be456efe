// What an operator may ask for, in every state: signal.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorSignalTest : public SupervisorFixture {
 protected:
  /// The leader dies by what it got.
  void deliver(int signo) {
    ASSERT_EQ(supervisor->signal_coprocess("a", signo), 0);
    process("a").end_by(signo);
    settle();
  }
};

TEST_F(SupervisorSignalTest, TermIntAndKillMakeItDesiredDownWithoutALadder) {
  for (const int signo : {SIGTERM, SIGINT, SIGKILL}) {
    run(session({restarting(coprocess("a"), config::Restart::Always)}));
    ASSERT_EQ(supervisor->signal_coprocess("a", signo), 0);
    settle();
    EXPECT_EQ(state("a"), State::Running) << "raw delivery: it may handle the signal";
    EXPECT_EQ(supervisor->view("a").desired, Desired::Down);
    EXPECT_THAT(process("a").leader_signals, ElementsAre(signo));
    EXPECT_THAT(process("a").signals, IsEmpty());
    dies("a", 3);
    EXPECT_EQ(state("a"), State::Stopped);
    advance(60s);
    EXPECT_EQ(state("a"), State::Stopped) << "not restarted";
  }
}

TEST_F(SupervisorSignalTest, DeathByTheOperatorsSignalIsNoFailure_P13) {
  run(session({restarting(coprocess("a"))}));
  deliver(SIGHUP);
  EXPECT_EQ(state("a"), State::Exited) << "on-failure does not restart what did not fail";
  EXPECT_THAT(sink.ends, IsEmpty());
  EXPECT_FALSE(supervisor->degraded());
}

TEST_F(SupervisorSignalTest, ExitCodeOfAShellForTheOperatorsSignalIsNoFailureEither_P13) {
  run(session({restarting(coprocess("a"))}));
  ASSERT_EQ(supervisor->signal_coprocess("a", SIGHUP), 0);
  dies("a", 128 + SIGHUP);
  EXPECT_EQ(state("a"), State::Exited);
}

TEST_F(SupervisorSignalTest, DeathByASignalThatWeDidNotSendIsAFailure_P13) {
  run(session({coprocess("a")}));
  process("a").end_by(SIGHUP);
  settle();
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(reason("a"), "killed by SIGHUP");
}

TEST_F(SupervisorSignalTest, DeathByAnotherSignalThanTheOperatorsIsAFailure_P13) {
  run(session({coprocess("a")}));
  ASSERT_EQ(supervisor->signal_coprocess("a", SIGHUP), 0);
  process("a").end_by(SIGSEGV);
  settle();
  EXPECT_EQ(state("a"), State::Failed);
}

TEST_F(SupervisorSignalTest, DeathByTheSignalOfAnEarlierLifeIsAFailure_P13) {
  run(session({coprocess("a")}));
  deliver(SIGHUP);
  supervisor->start_coprocess("a");
  settle();
  process("a").end_by(SIGHUP);
  settle();
  EXPECT_EQ(state("a"), State::Failed);
}

TEST_F(SupervisorSignalTest, SignalThatAnEarlierLifeHandledExcusesNoLaterDeath_P13) {
  run(session({restarting(coprocess("a"))}));
  ASSERT_EQ(supervisor->signal_coprocess("a", SIGHUP), 0);
  dies("a", 1);
  advance(1s);
  process("a").end_by(SIGHUP);
  settle();
  EXPECT_EQ(state("a"), State::Backoff);
}

TEST_F(SupervisorSignalTest, AlwaysRestartsAlsoAfterTheOperatorsSignal) {
  run(session({restarting(coprocess("a"), config::Restart::Always)}));
  deliver(SIGHUP);
  EXPECT_EQ(state("a"), State::Backoff);
}

TEST_F(SupervisorSignalTest, StartTakesBackThatASignalMadeItDesiredDown) {
  run(session({restarting(coprocess("a"))}));
  ASSERT_EQ(supervisor->signal_coprocess("a", SIGTERM), 0);
  supervisor->start_coprocess("a");
  dies("a");
  EXPECT_EQ(state("a"), State::Backoff);
}

TEST_F(SupervisorSignalTest, DependentsOfOneThatASignalEndedGoDownAndWait) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  deliver(SIGTERM);
  EXPECT_EQ(states(), "a=stopped b=waiting");
  supervisor->start_coprocess("b");
  settle();
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorSignalTest, NoProcessNoSignal) {
  run(session({coprocess("a")}));
  dies("a");
  EXPECT_EQ(supervisor->signal_coprocess("a", SIGTERM), ESRCH);
  EXPECT_EQ(supervisor->view("a").desired, Desired::Up) << "a refused signal changes nothing";
}

}  // namespace
}  // namespace masterd::supervisor
