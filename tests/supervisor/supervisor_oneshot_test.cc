// Oneshots among others: up once they ended well, and taken back in their place.
#include <algorithm>
#include <random>

#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

config::CoprocessSpec oneshot(std::string name, Names requires_ = {}) {
  config::CoprocessSpec spec = coprocess(std::move(name), std::move(requires_));
  spec.kind = config::Kind::Oneshot;
  return spec;
}

config::CoprocessSpec undone(config::CoprocessSpec spec) {
  spec.undo = config::CommandSpec{{"/bin/undo-" + spec.name}, 30s};
  return spec;
}

class SupervisorOneshotTest : public SupervisorFixture {
 protected:
  [[nodiscard]] int launched(const std::string& name) const {
    return static_cast<int>(std::count_if(launcher.processes.begin(), launcher.processes.end(),
                                          [&name](const auto& r) { return r->name == name; }));
  }
  void ends(const std::string& name, int code = 0) { dies(name, code); }
};

TEST_F(SupervisorOneshotTest, ThatEndedWellIsReadyForItsDependents) {
  run(session({oneshot("load"), coprocess("user", {"load"})}));
  EXPECT_EQ(states(), "load=starting user=waiting");
  ends("load");
  EXPECT_EQ(states(), "load=exited user=running");
  EXPECT_TRUE(supervisor->view("load").ready);
  EXPECT_TRUE(supervisor->all_ready());
  EXPECT_TRUE(supervisor->settled());
}

TEST_F(SupervisorOneshotTest, ThatEndedWellWithAnUndoIsReadyToo) {
  run(session({undone(oneshot("load")), coprocess("user", {"load"})}));
  ends("load");
  EXPECT_EQ(states(), "load=exited user=running");
  const CoprocessView view = supervisor->view("load");
  EXPECT_FALSE(view.pid);
  EXPECT_FALSE(view.since);
  EXPECT_EQ(view.last_exit, (ExitStatus{ExitStatus::Kind::Exited, 0, false}));
}

TEST_F(SupervisorOneshotTest, ThatFailedFailsItsDependents) {
  run(session({oneshot("load"), coprocess("user", {"load"})}));
  ends("load", 1);
  EXPECT_EQ(states(), "load=failed user=failed");
  EXPECT_EQ(reason("user"), "dependency: load");
}

TEST_F(SupervisorOneshotTest, AreUndoneInReverseOrderOfDependencies) {
  run(session({undone(oneshot("a")), undone(oneshot("b", {"a"})), coprocess("c", {"b"})}));
  ends("a");
  ends("b");
  launcher.deaf = true;
  supervisor->shutdown("end");
  settle();
  EXPECT_EQ(states(), "a=exited b=stopping c=stopped");
  EXPECT_EQ(launched("a.undo"), 0);
  ends("b.undo");
  EXPECT_EQ(states(), "a=stopping b=stopped c=stopped");
  ends("a.undo");
  EXPECT_TRUE(over);
  EXPECT_EQ(states(), "a=stopped b=stopped c=stopped");
}

TEST_F(SupervisorOneshotTest, IsNotUndoneWhileWhatUsesItThroughALifelessOneRuns) {
  run(session({undone(oneshot("a")), oneshot("b", {"a"}), coprocess("c", {"b"})}));
  ends("a");
  ends("b");
  process("c").obeys = {SIGKILL};
  supervisor->shutdown("end");
  settle();
  EXPECT_EQ(states(), "a=exited b=exited c=stopping");
  EXPECT_THAT(supervisor->view("a").waiting_for, ElementsAre("b"));
  EXPECT_EQ(launched("a.undo"), 0);
  advance(5s);
  EXPECT_EQ(launched("a.undo"), 1);
}

TEST_F(SupervisorOneshotTest, RequirementOfADeadOneWaitsForThoseBehindIt) {
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  process("c").obeys = {SIGKILL};
  dies("b");
  EXPECT_EQ(states(), "a=running b=failed c=stopping");
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_EQ(states(), "a=running b=failed c=stopping");
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_THAT(process("c").signals, ElementsAre(SIGTERM, SIGKILL)) << "now reaches it, too";
  EXPECT_EQ(state("a"), State::Stopped);
}

TEST_F(SupervisorOneshotTest, RemovedTogetherTheyGoInOrderThroughALifelessOne) {
  run(session({undone(oneshot("a")), oneshot("b", {"a"}), coprocess("c", {"b"})}));
  ends("a");
  ends("b");
  process("c").obeys = {SIGKILL};
  supervisor->reconfigure(session({coprocess("other")}));
  settle();
  EXPECT_EQ(launched("a.undo"), 0);
  advance(5s);
  EXPECT_EQ(launched("a.undo"), 1);
  ends("a.undo");
  EXPECT_EQ(states(), "other=running");
}

TEST_F(SupervisorOneshotTest, StopRunsTheUndo) {
  run(session({undone(oneshot("load"))}));
  ends("load");
  supervisor->stop_coprocess("load", false);
  EXPECT_TRUE(supervisor->possible("load", State::Stopped)) << "it is on its way";
  settle();
  EXPECT_EQ(state("load"), State::Stopping);
  ends("load.undo");
  EXPECT_EQ(state("load"), State::Stopped);
}

TEST_F(SupervisorOneshotTest, StopOfOneWithoutAnUndoTakesItsDependentsDown) {
  run(session({oneshot("load"), coprocess("user", {"load"})}));
  ends("load");
  supervisor->stop_coprocess("load", false);
  settle();
  EXPECT_EQ(states(), "load=stopped user=waiting");
}

TEST_F(SupervisorOneshotTest, RestartDoesItAgainWithItsDependentsDown_D10) {
  run(session({oneshot("load"), coprocess("user", {"load"})}));
  ends("load");
  process("user").obeys = {SIGKILL};
  supervisor->restart_coprocess("load", false);
  settle();
  EXPECT_EQ(states(), "load=waiting user=stopping");
  EXPECT_EQ(launched("load"), 1);
  advance(5s);
  EXPECT_EQ(states(), "load=starting user=waiting");
  ends("load");
  EXPECT_EQ(states(), "load=exited user=running");
  EXPECT_EQ(supervisor->view("load").restarts, 1U);
}

TEST_F(SupervisorOneshotTest, RestartOfOneWithAnUndoUndoesItFirst_D10) {
  run(session({undone(oneshot("load"))}));
  ends("load");
  supervisor->restart_coprocess("load", false);
  settle();
  EXPECT_EQ(launched("load"), 1);
  ends("load.undo");
  EXPECT_EQ(launched("load"), 2);
}

TEST_F(SupervisorOneshotTest, IsDoneAgainAfterARestartOfWhatItRequires) {
  run(session({restarting(coprocess("rt")), oneshot("load", {"rt"}), coprocess("ui", {"load"})}));
  ends("load");
  EXPECT_EQ(states(), "rt=running load=exited ui=running");
  dies("rt");
  EXPECT_EQ(states(), "rt=backoff load=waiting ui=waiting");
  advance(1s);
  EXPECT_EQ(states(), "rt=running load=starting ui=waiting");
  ends("load");
  EXPECT_EQ(states(), "rt=running load=exited ui=running");
}

TEST_F(SupervisorOneshotTest, ThatStaysIsNotDoneAgain) {
  config::CoprocessSpec load = oneshot("load", {"rt"});
  load.stay = true;
  run(session({restarting(coprocess("rt")), load}));
  ends("load");
  dies("rt");
  advance(1s);
  EXPECT_EQ(states(), "rt=running load=exited");
}

TEST_F(SupervisorOneshotTest, FailedUndoIsAFailureAlsoOfAStop) {
  run(session({undone(oneshot("load"))}));
  ends("load");
  supervisor->stop_coprocess("load", false);
  settle();
  ends("load.undo", 2);
  EXPECT_EQ(state("load"), State::Failed);
  EXPECT_EQ(reason("load"), "undo: /bin/undo-load: exited with 2");
}

TEST_F(SupervisorOneshotTest, BegunAndFailedItIsUndoneAndThenRestartedByPolicy) {
  run(session({restarting(undone(oneshot("load")))}));
  ends("load", 1);
  EXPECT_EQ(state("load"), State::Stopping);
  EXPECT_EQ(reason("load"), "exited with 1");
  ends("load.undo");
  EXPECT_EQ(state("load"), State::Backoff);
  advance(1s);
  EXPECT_EQ(launched("load"), 2);
}

TEST_F(SupervisorOneshotTest, VitalOneThatEndedWellEndsNoSession) {
  config::CoprocessSpec load = oneshot("load");
  load.vital = true;
  config::CoprocessSpec io = undone(oneshot("io"));
  io.vital = true;
  run(session({load, io}));
  ends("load");
  ends("io");
  EXPECT_THAT(sink.ends, IsEmpty());
  EXPECT_THAT(sink.vital_deaths, IsEmpty());
}

TEST_F(SupervisorOneshotTest, VitalOneThatFailsEndsTheSession) {
  config::CoprocessSpec load = oneshot("load");
  load.vital = true;
  run(session({load}));
  ends("load", 1);
  EXPECT_THAT(sink.vital_deaths, ElementsAre("load: exited with 1"));
  EXPECT_THAT(sink.ends, ElementsAre("end-session by failure: vital load failed: exited with 1"));
}

TEST_F(SupervisorOneshotTest, OnExitActsWhenItHasEnded) {
  config::CoprocessSpec job = undone(oneshot("job"));
  job.on_exit = config::OnExit::EndSession;
  run(session({job}));
  ends("job");
  EXPECT_THAT(sink.ends, ElementsAre("end-session: job exited with 0"));
}

// Whoever wants it done says so by a start of a stopped one, by a restart, or by a restart of what
// it requires: it is done exactly so often, and undone as often but for the last time.
TEST_F(SupervisorOneshotTest, IsDoneExactlyAsOftenAsWasIntended_D8) {
  std::mt19937 random{8};
  run(session({coprocess("rt"), undone(oneshot("load", {"rt"})), coprocess("ui", {"load"})}));
  ends("load");
  int intended = 1;
  for (int i = 0; i < 200; ++i) {
    SCOPED_TRACE(i);
    const bool down = state("load") == State::Stopped;
    switch (random() % 5) {
      case 0:
        supervisor->start_coprocess("load");
        intended += down ? 1 : 0;
        break;
      case 1:
        supervisor->stop_coprocess("load", false);
        break;
      case 2:
        supervisor->restart_coprocess("load", false);
        ++intended;
        break;
      case 3:
        supervisor->restart_coprocess("ui", false);
        intended += down ? 1 : 0;  // it requires it
        break;
      case 4:
        supervisor->restart_coprocess("rt", false);
        intended += down ? 0 : 1;
        break;
    }
    settle();
    if (launched("load.undo") > 0 && !process("load.undo").destroyed) ends("load.undo");
    if (!process("load").destroyed) ends("load");
    ASSERT_EQ(launched("load"), intended);
    ASSERT_EQ(launched("load.undo"), intended - (state("load") == State::Stopped ? 0 : 1));
  }
}

}  // namespace
}  // namespace masterd::supervisor
