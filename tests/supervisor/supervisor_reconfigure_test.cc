// Another configuration under a running session: only what changed moves, and in order.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorReconfigureTest : public SupervisorFixture {
 protected:
  Changes reconfigure(config::SessionSpec spec) {
    sink.take_steps();
    Changes changes = supervisor->reconfigure(std::move(spec));
    settle();
    return changes;
  }
  [[nodiscard]] pid_t pid(const std::string& name) const {
    return supervisor->view(name).pid.value_or(0);
  }
};

TEST_F(SupervisorReconfigureTest, SameFileAHundredTimesChangesNothing_P9) {
  const auto spec = session({member("a", "g"), coprocess("b", {"g"})});
  run(spec);
  for (int i = 0; i < 100; ++i) reconfigure(spec);
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorReconfigureTest, AddedOneIsStartedInItsPlace) {
  run(session({coprocess("a"), coprocess("c")}));
  reconfigure(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c")}));
  EXPECT_THAT(sink.take_steps(), ElementsAre("b waiting", "b starting", "b running"));
  EXPECT_EQ(states(), "a=running b=running c=running");
}

TEST_F(SupervisorReconfigureTest, RemovedOneIsStoppedAndForgotten) {
  run(session({coprocess("a"), coprocess("b")}));
  reconfigure(session({coprocess("b")}));
  EXPECT_THAT(sink.take_steps(), ElementsAre("a stopping", "a stopped"));
  EXPECT_FALSE(supervisor->has("a"));
  EXPECT_EQ(states(), "b=running");
}

TEST_F(SupervisorReconfigureTest, RemovedOneStaysVisibleUntilItIsGone) {
  launcher.deaf = true;
  run(session({member("a", "g"), coprocess("b")}));
  reconfigure(session({coprocess("b")}));
  EXPECT_EQ(states(), "b=running a=stopping");
  EXPECT_EQ(supervisor->view("a").group, "") << "it is in no group of the new file";
  advance(5s);
  EXPECT_EQ(states(), "b=running");
}

TEST_F(SupervisorReconfigureTest, ChangedOneAndItsDependentsRestartInOrderNobodyElse_C14) {
  std::vector<config::CoprocessSpec> all{coprocess("a"), coprocess("b", {"a"}),
                                         coprocess("c", {"b"})};
  for (int i = 0; i < 47; ++i) all.push_back(coprocess("other" + std::to_string(i)));
  run(session(all));
  all[1] = with_command(all[1], "-v");
  const Changes changes = reconfigure(session(all));
  EXPECT_THAT(changes.changed, ElementsAre("b"));
  EXPECT_THAT(sink.take_steps(), ElementsAre("c stopping", "c waiting", "b stopping", "b waiting",
                                             "b starting", "b running", "c starting", "c running"));
  EXPECT_EQ(launcher.launches, 52);
  EXPECT_TRUE(supervisor->all_ready());
}

TEST_F(SupervisorReconfigureTest, RestartNeutralKeysKeepThePidAndAct_S14) {
  run(session({coprocess("a")}));
  const pid_t before = pid("a");
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.stop = {{SIGQUIT, 1s}, {SIGKILL, 2s}};
  const Changes changes = reconfigure(session({spec}));
  EXPECT_THAT(changes.updated, ElementsAre("a"));
  EXPECT_EQ(pid("a"), before);
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  dies("a");
  EXPECT_EQ(state("a"), State::Backoff) << "the new policy";
  advance(1s);
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_THAT(process("a").signals, ElementsAre(SIGQUIT)) << "the new ladder";
}

TEST_F(SupervisorReconfigureTest, RestartAfterAnEditUsesTheNewSpec_S14) {
  class Seen final : public Launcher {
   public:
    explicit Seen(Launcher& launcher) : inner{launcher} {}
    std::unique_ptr<Process> launch(Launch launch) override {
      commands.push_back(launch.spec.command.back());
      return inner.launch(std::move(launch));
    }
    Launcher& inner;
    std::vector<std::string> commands;
  } seen{launcher};
  launcher.deaf = true;
  supervisor.emplace(loop, seen, session({coprocess("a")}), sink);
  supervisor->start();
  settle();
  reconfigure(session({with_command(coprocess("a"), "-v")}));
  reconfigure(session({with_command(coprocess("a"), "-w")}));
  EXPECT_EQ(state("a"), State::Stopping) << "the old one still has its grace";
  advance(5s);
  EXPECT_THAT(seen.commands, ElementsAre("/bin/a", "-w"));
  supervisor.reset();
}

TEST_F(SupervisorReconfigureTest, ChangeTakenBackWhileItStopsStillRestartsIt) {
  launcher.deaf = true;
  run(session({coprocess("a")}));
  reconfigure(session({with_command(coprocess("a"), "-v")}));
  reconfigure(session({coprocess("a")}));
  advance(5s);
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorReconfigureTest, ChangedWhileStoppedByHandStaysStopped_C13) {
  run(session({coprocess("a")}));
  supervisor->stop_coprocess("a", false);
  settle();
  reconfigure(session({with_command(coprocess("a"), "-v")}));
  EXPECT_EQ(state("a"), State::Stopped);
}

TEST_F(SupervisorReconfigureTest, ChangedWhileFailedStartsAnewWithANewHistory) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.limit = 1;
  run(session({spec}));
  dies("a");
  advance(1s);
  dies("a");
  EXPECT_EQ(state("a"), State::Failed);
  reconfigure(session({with_command(spec, "-v")}));
  EXPECT_EQ(state("a"), State::Running);
  dies("a");
  EXPECT_EQ(state("a"), State::Backoff);
}

TEST_F(SupervisorReconfigureTest, NeutralChangeOfAFailedOneDoesNotStartIt) {
  run(session({coprocess("a")}));
  dies("a");
  reconfigure(session({restarting(coprocess("a"))}));
  EXPECT_EQ(state("a"), State::Failed);
}

TEST_F(SupervisorReconfigureTest, RemovedInABackoffIsForgottenWithItsTimer) {
  run(session({restarting(coprocess("a")), coprocess("b")}));
  dies("a");
  reconfigure(session({coprocess("b")}));
  EXPECT_THAT(sink.take_steps(), ElementsAre("a stopped"));
  EXPECT_FALSE(supervisor->has("a"));
  advance(3600s);
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(SupervisorReconfigureTest, RemovedBeforeItsSpawnNeverSpawns) {
  supervisor.emplace(loop, launcher, session({coprocess("a")}), sink);
  supervisor->start();
  loop.run_once(fsm::Duration::zero());
  reconfigure(session({coprocess("b")}));
  EXPECT_EQ(states(), "b=running");
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorReconfigureTest, RemovedWhileItStarts) {
  sink.on_transition = [this](const Transition& t) {
    if (t.to == State::Starting && t.name == "a") supervisor->reconfigure(session({}));
  };
  run(session({coprocess("a")}));
  EXPECT_FALSE(supervisor->has("a"));
  EXPECT_FALSE(anything_lives());
}

TEST_F(SupervisorReconfigureTest, ReaddedWhileLeavingStartsAgainWhenTheOldProcessIsGone_P7) {
  launcher.deaf = true;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  reconfigure(session({}));
  EXPECT_EQ(states(), "a=running b=stopping");
  reconfigure(session({coprocess("a"), coprocess("b", {"a"})}));
  EXPECT_EQ(states(), "a=running b=stopping");
  EXPECT_EQ(launcher.launches, 2);
  advance(5s);
  EXPECT_EQ(states(), "a=stopping b=waiting");
  advance(5s);
  EXPECT_EQ(states(), "a=running b=running");
  EXPECT_EQ(launcher.launches, 4);
}

TEST_F(SupervisorReconfigureTest, OtherFileTakesTheOldStackDownInItsOrder) {
  launcher.deaf = true;
  run(session({member("rt-host", "rt"), member("ui", "app"), member("log", "app")},
              {{"rt", {}}, {"app", {"rt"}}}));
  reconfigure(session({member("else", "rt")}));
  EXPECT_EQ(states(), "else=waiting rt-host=running ui=stopping log=stopping")
      << "who still requires the group is not mixed with its new members";
  advance(5s);
  EXPECT_EQ(states(), "else=running rt-host=stopping");
  advance(5s);
  EXPECT_EQ(states(), "else=running");
}

TEST_F(SupervisorReconfigureTest, DependentsOfAGroupGoOnWhenAMemberIsRemoved) {
  launcher.deaf = true;
  run(session({member("m1", "g"), member("m2", "g"), coprocess("user", {"g"})}));
  const pid_t before = pid("user");
  reconfigure(session({member("m1", "g"), coprocess("user", {"g"})}));
  advance(5s);
  EXPECT_EQ(states(), "m1=running user=running");
  EXPECT_EQ(pid("user"), before);
}

TEST_F(SupervisorReconfigureTest, NewRequirementThatDoesNotRunTakesTheDependentDownUntilItDoes) {
  run(session({coprocess("a")}));
  reconfigure(session({coprocess("a", {"b"}), coprocess("b")}));
  EXPECT_THAT(sink.take_steps(), ElementsAre("b waiting", "a stopping", "a waiting", "b starting",
                                             "b running", "a starting", "a running"));
}

TEST_F(SupervisorReconfigureTest, NewRequirementThatRunsAlreadyKeepsThePid_S14) {
  run(session({coprocess("a"), coprocess("b")}));
  const pid_t before = pid("a");
  reconfigure(session({coprocess("a", {"b"}), coprocess("b")}));
  EXPECT_EQ(pid("a"), before);
  supervisor->stop_coprocess("b", false);
  settle();
  EXPECT_EQ(states(), "a=waiting b=stopped") << "and counts from now on";
}

TEST_F(SupervisorReconfigureTest, GroupThatRequiresMoreNowHoldsForItsMembers) {
  const std::vector<config::CoprocessSpec> all{member("a", "g"), coprocess("b")};
  run(session(all));
  reconfigure(session(all, {{"g", {"b"}}}));
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  supervisor->stop_coprocess("b", false);
  settle();
  EXPECT_EQ(states(), "a=waiting b=stopped");
  reconfigure(session(all));
  EXPECT_EQ(states(), "a=running b=stopped") << "required no more";
}

TEST_F(SupervisorReconfigureTest, MovedToAnotherGroupItCountsThere) {
  run(session({member("m", "g"), member("x", "h"), coprocess("user", {"h"})}));
  reconfigure(session({member("m", "h"), member("x", "h"), coprocess("user", {"h"})}));
  EXPECT_THAT(sink.take_steps(), IsEmpty());
  supervisor->stop_coprocess("m", false);
  settle();
  EXPECT_EQ(states(), "m=stopped x=running user=waiting");
}

TEST_F(SupervisorReconfigureTest, FailedForARequirementThatItDoesNotNeedAnyMoreHeals) {
  launcher.fail_next = ENOENT;
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  EXPECT_EQ(states(), "a=failed b=failed");
  supervisor->reconfigure(session({coprocess("a"), coprocess("b")}));
  EXPECT_FALSE(supervisor->settled()) << "at once, not a turn later";
  EXPECT_TRUE(supervisor->possible("b", State::Running));
  settle();
  EXPECT_EQ(states(), "a=failed b=running");
}

TEST_F(SupervisorReconfigureTest, RequirementsTurnedAroundDoNotWaitForEachOther) {
  run(session({coprocess("a", {"b"}), coprocess("b")}));
  // a changes, so that its process must go; b only has another key: a mix of both files is a cycle.
  reconfigure(session({with_command(coprocess("a"), "-v"), coprocess("b", {"a"})}));
  EXPECT_EQ(states(), "a=running b=running");
  EXPECT_EQ(launcher.launches, 4);
}

TEST_F(SupervisorReconfigureTest, LeavingOneIsNoLinkOfACycleOfTheNewFile) {
  launcher.deaf = true;
  run(session(
      {coprocess("app", {"rt"}), member("m", "rt"), coprocess("b", {"x"}, "rt"), coprocess("x")}));
  reconfigure(session({coprocess("app", {"rt"}), member("m", "rt"), coprocess("x", {"app"})}));
  advance(5s);
  EXPECT_EQ(states(), "app=running m=running x=running");
}

TEST_F(SupervisorReconfigureTest, NameOfARemovedOneMayNameAGroupNow) {
  launcher.deaf = true;
  run(session({coprocess("rt"), coprocess("app", {"rt"})}));
  const pid_t before = pid("app");
  reconfigure(session({member("host", "rt"), coprocess("app", {"rt"})}));
  advance(5s);
  advance(5s);
  EXPECT_EQ(states(), "host=running app=running");
  EXPECT_NE(pid("app"), before) << "the new requirement was not there yet";
}

TEST_F(SupervisorReconfigureTest, BeforeTheFirstTurnItIsWhatGetsStarted) {
  supervisor.emplace(loop, launcher, session({coprocess("a")}), sink);
  supervisor->start();
  reconfigure(session({coprocess("b"), coprocess("a", {"b"})}));
  EXPECT_EQ(states(), "b=running a=running");
  EXPECT_EQ(launcher.launches, 2);
}

}  // namespace
}  // namespace masterd::supervisor
