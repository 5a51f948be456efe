// Ends that nobody asked for: restart policy, limits, failed requirements, what they do to the
// session.
#include <functional>

#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

using config::OnExit;
using config::Restart;
using config::Then;

class SupervisorFailureTest : public SupervisorFixture {
 protected:
  /// Five restarts and the end that is one too many.
  void exhaust(const std::string& name) {
    for (int i = 0; i < 6; ++i) {
      dies(name);
      if (state(name) == State::Backoff) advance(*supervisor->view(name).next_try - clock.now());
    }
  }
};

TEST_F(SupervisorFailureTest, NeverMeansFailedAfterAnErrorAndExitedAfterSuccess) {
  run(session({coprocess("a"), coprocess("b")}));
  dies("a", 2);
  dies("b", 0);
  EXPECT_EQ(states(), "a=failed b=exited");
  EXPECT_EQ(reason("a"), "exited with 2");
  EXPECT_FALSE(supervisor->view("b").reason);
  EXPECT_TRUE(supervisor->degraded());
  EXPECT_TRUE(supervisor->settled());
  EXPECT_FALSE(supervisor->all_ready());
}

TEST_F(SupervisorFailureTest, OnFailureRestartsAfterAnErrorOnly) {
  run(session({restarting(coprocess("a")), restarting(coprocess("b"))}));
  dies("a", 2);
  dies("b", 0);
  EXPECT_EQ(states(), "a=backoff b=exited");
}

TEST_F(SupervisorFailureTest, AlwaysRestartsAfterSuccessToo) {
  run(session({restarting(coprocess("a"), Restart::Always)}));
  dies("a", 0);
  EXPECT_EQ(state("a"), State::Backoff);
}

TEST_F(SupervisorFailureTest, BackoffTellsWhyAndUntilWhenAndEndsOnTime) {
  run(session({restarting(coprocess("a"))}));
  process("a").end({ExitStatus::Kind::Signalled, SIGSEGV, true});
  settle();
  EXPECT_EQ(sink.cause("a"), "killed by SIGSEGV (core dumped); restart in 1000 ms");
  EXPECT_EQ(reason("a"), "killed by SIGSEGV (core dumped)");
  EXPECT_EQ(supervisor->view("a").next_try, clock.now() + 1s);
  EXPECT_EQ(sink.transitions.back().exit, supervisor->view("a").last_exit);
  EXPECT_EQ(sink.transitions.back().pid, process("a").pid);
  advance(1s - 1ns);
  EXPECT_EQ(state("a"), State::Backoff);
  advance(1ns);
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(supervisor->view("a").restarts, 1U);
  EXPECT_FALSE(supervisor->view("a").reason);
}

TEST_F(SupervisorFailureTest, MissingBinaryBacksOffAndGivesUpWithoutHarmToOthers_C2) {
  launcher.fail_next = launcher.fail_always = ENOENT;
  config::CoprocessSpec broken = restarting(coprocess("broken"), Restart::Always);
  broken.restart.delay = 0ms;
  run(session({broken}));
  EXPECT_EQ(state("broken"), State::Backoff);
  EXPECT_EQ(launcher.launches, 4) << "three at once, then with a delay";
  advance(100ms);
  advance(200ms);
  EXPECT_EQ(state("broken"), State::Failed);
  EXPECT_EQ(launcher.launches, 6);
  EXPECT_THAT(reason("broken"),
              HasSubstr("restart limit (5 in 60000 ms): exec /bin/broken: No such file"));
}

TEST_F(SupervisorFailureTest, DependencysCrashLoopStopsAtItsLimitAndFailsItsDependents_D3) {
  run(session({restarting(coprocess("a"), Restart::Always),
               restarting(coprocess("b", {"a"}), Restart::Always),
               restarting(coprocess("c", {"b"}), Restart::Always)}));
  exhaust("a");
  EXPECT_EQ(states(), "a=failed b=failed c=failed");
  EXPECT_EQ(reason("a"), "restart limit (5 in 60000 ms): exited with 1");
  EXPECT_EQ(reason("b"), "dependency: a");
  EXPECT_EQ(reason("c"), "dependency: b");
  EXPECT_EQ(supervisor->view("a").restarts, 5U);
  EXPECT_EQ(supervisor->view("b").restarts, 0U) << "they did not die";
  const int launches = launcher.launches;
  EXPECT_EQ(launches, 3 * 6);
  advance(3600s);
  EXPECT_EQ(launcher.launches, launches) << "no storm after the limit";
}

TEST_F(SupervisorFailureTest, SpawnFailureOfARequirementFailsAChainOfThreeInOrder) {
  launcher.fail_next = ENOENT;
  run(session(
      {coprocess("d", {"c"}), coprocess("c", {"b"}), coprocess("b", {"a"}), coprocess("a")}));
  EXPECT_EQ(states(), "d=failed c=failed b=failed a=failed");
  EXPECT_EQ(reason("d"), "dependency: c");
  EXPECT_EQ(reason("b"), "dependency: a");
  EXPECT_EQ(launcher.launches, 1);
  EXPECT_TRUE(supervisor->settled());
}

TEST_F(SupervisorFailureTest, DependentsHealWhenTheFailedOneIsStarted) {
  launcher.fail_next = ENOENT;
  run(session({coprocess("a"), coprocess("b", {"a"}), coprocess("c", {"b"})}));
  EXPECT_FALSE(supervisor->possible("c", State::Running));
  supervisor->start_coprocess("a");
  EXPECT_TRUE(supervisor->possible("c", State::Running)) << "at once, not a turn later";
  EXPECT_FALSE(supervisor->settled());
  settle();
  EXPECT_EQ(states(), "a=running b=running c=running");
  EXPECT_FALSE(supervisor->degraded());
}

TEST_F(SupervisorFailureTest, OneThatFailedByItselfDoesNotHealWithItsRequirement) {
  run(session({coprocess("a"), coprocess("b", {"a"})}));
  dies("b");
  dies("a");
  supervisor->start_coprocess("a");
  settle();
  EXPECT_EQ(states(), "a=running b=failed");
}

TEST_F(SupervisorFailureTest, MemberThatFailsFailsThoseWhoRequireItsGroup) {
  run(session({member("m1", "g"), member("m2", "g"), coprocess("user", {"g"})}));
  dies("m2");
  EXPECT_EQ(states(), "m1=running m2=failed user=failed");
  EXPECT_EQ(reason("user"), "dependency: g");
}

TEST_F(SupervisorFailureTest, RequirementThatFailsDuringABackoffFailsItWhenTheBackoffIsOver) {
  run(session({coprocess("a"), restarting(coprocess("b", {"a"}))}));
  dies("b");
  dies("a");
  EXPECT_EQ(states(), "a=failed b=backoff");
  advance(1s);
  EXPECT_EQ(states(), "a=failed b=failed");
  EXPECT_EQ(reason("b"), "dependency: a");
}

TEST_F(SupervisorFailureTest, ReadinessIsAwaitedAnewAfterARestart_D11) {
  run(session({restarting(coprocess("a")), coprocess("b", {"a"})}));
  dies("a");
  launcher.fail_next = EAGAIN;
  advance(1s);
  EXPECT_EQ(states(), "a=backoff b=waiting");
  advance(2s);
  EXPECT_EQ(states(), "a=running b=running");
}

// ---- what it does to the session ----

struct Consequence {
  const char* name;
  std::function<void(config::CoprocessSpec&)> configure;
  int exit_code;
  std::vector<std::string> ends;
};

class SupervisorConsequenceTest : public SupervisorFailureTest,
                                  public ::testing::WithParamInterface<Consequence> {};

TEST_P(SupervisorConsequenceTest, IsAskedForOnce_S17) {
  config::CoprocessSpec spec = coprocess("a");
  GetParam().configure(spec);
  run(session({spec}));
  dies("a", GetParam().exit_code);
  EXPECT_EQ(sink.ends, GetParam().ends);
  EXPECT_FALSE(over) << "the supervisor asks, it does not end by itself";
}

INSTANTIATE_TEST_SUITE_P(
    Each, SupervisorConsequenceTest,
    ::testing::Values(
        Consequence{"ThenFail", [](auto&) {}, 1, {}},
        Consequence{"ThenEndSession",
                    [](auto& s) { s.restart.then = Then::EndSession; },
                    1,
                    {"end-session by failure: a failed: exited with 1"}},
        Consequence{"ThenShutdown",
                    [](auto& s) { s.restart.then = Then::Shutdown; },
                    1,
                    {"shutdown by failure: a failed: exited with 1"}},
        Consequence{
            "ThenIsNotForANormalEnd", [](auto& s) { s.restart.then = Then::Shutdown; }, 0, {}},
        Consequence{"VitalFailure",
                    [](auto& s) { s.vital = true; },
                    1,
                    {"end-session by failure: vital a failed: exited with 1"}},
        Consequence{"VitalAndThenShutdown",
                    [](auto& s) {
                      s.vital = true;
                      s.restart.then = Then::Shutdown;
                    },
                    1,
                    {"shutdown by failure: vital a failed: exited with 1"}},
        Consequence{
            "VitalNormalEnd", [](auto& s) { s.vital = true; }, 0, {"end-session: a exited with 0"}},
        Consequence{"OnExitEndSession",
                    [](auto& s) { s.on_exit = OnExit::EndSession; },
                    0,
                    {"end-session: a exited with 0"}},
        Consequence{"OnExitShutdown",
                    [](auto& s) { s.on_exit = OnExit::Shutdown; },
                    0,
                    {"shutdown: a exited with 0"}},
        Consequence{"OnExitIsNotForAFailure", [](auto& s) { s.on_exit = OnExit::Shutdown; }, 1, {}},
        Consequence{"RestartComesBeforeVital",
                    [](auto& s) {
                      s.vital = true;
                      s.restart.policy = Restart::Always;
                    },
                    1,
                    {}}),
    [](const auto& info) { return std::string{info.param.name}; });

TEST_F(SupervisorFailureTest, ThenActsAtTheLimit) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.then = Then::EndSession;
  run(session({spec}));
  exhaust("a");
  EXPECT_THAT(sink.ends, ElementsAre("end-session by failure: a failed: restart limit (5 in 60000 "
                                     "ms): exited with 1"));
}

TEST_F(SupervisorFailureTest, VitalOneThatFailsForItsRequirementEndsTheSession) {
  config::CoprocessSpec spec = coprocess("b", {"a"});
  spec.vital = true;
  spec.restart.then = Then::Shutdown;  // for its own failures
  run(session({coprocess("a"), spec}));
  dies("a");
  EXPECT_THAT(sink.ends, ElementsAre("end-session by failure: vital b failed: dependency: a"));
}

TEST_F(SupervisorFailureTest, VitalOneStoppedByHandDoesNotEndTheSession) {
  config::CoprocessSpec spec = coprocess("a");
  spec.vital = true;
  spec.on_exit = OnExit::Shutdown;
  run(session({spec}));
  supervisor->stop_coprocess("a", false);
  settle();
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_THAT(sink.ends, IsEmpty());
}

}  // namespace
}  // namespace masterd::supervisor
