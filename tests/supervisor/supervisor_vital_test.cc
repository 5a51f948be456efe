// What a death does beyond its own coprocess: the fail-safe hook, the session's end or restart.
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

config::CoprocessSpec vital(config::CoprocessSpec spec) {
  spec.vital = true;
  return spec;
}

class SupervisorVitalTest : public SupervisorFixture {
 protected:
  SupervisorVitalTest() {
    sink.on_vital_death = [this] {
      for (const auto& record : launcher.processes) signals_then += record->signals.size();
      transitions_then = sink.transitions.size();
    };
  }
  /// `spec`'s only life in each of so many sessions, of which each knows what happened before.
  void dies_in_sessions(const config::CoprocessSpec& spec, int sessions) {
    std::map<std::string, RestartHistory> histories;
    for (int i = 0; i < sessions; ++i) {
      supervisor.emplace(loop, launcher, session({spec}), sink);
      supervisor->remember(histories);
      supervisor->start();
      settle();
      dies(spec.name);
      histories = supervisor->histories();
    }
  }
  std::size_t signals_then = 0;
  std::size_t transitions_then = 0;
};

// ---- every kind of death: once, before anything is done about it ----

TEST_F(SupervisorVitalTest, ExitIsTold) {
  run(session({vital(coprocess("a")), coprocess("b", {"a"})}));
  const std::size_t before = sink.transitions.size();
  process("a").end({ExitStatus::Kind::Exited, 1, false}, /*members_stay=*/true);
  settle();
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: exited with 1"));
  EXPECT_EQ(signals_then, 0U) << "before the sweep, and before its dependents are told";
  EXPECT_EQ(transitions_then, before);
}

TEST_F(SupervisorVitalTest, NormalExitOfALongRunningOneIsTold) {
  run(session({vital(coprocess("a"))}));
  dies("a", 0);
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: exited with 0"));
}

TEST_F(SupervisorVitalTest, NormalExitOfOneWithOnExitIsNoDeath) {
  config::CoprocessSpec spec = vital(coprocess("a"));
  spec.on_exit = config::OnExit::EndSession;
  run(session({spec}));
  dies("a", 0);
  EXPECT_THAT(sink.vital_deaths, testing::IsEmpty());
}

TEST_F(SupervisorVitalTest, AnyOtherExitOfOneWithOnExitIsTold) {
  config::CoprocessSpec spec = vital(coprocess("a"));
  spec.on_exit = config::OnExit::EndSession;
  run(session({spec}));
  dies("a", 1);
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: exited with 1"));
}

TEST_F(SupervisorVitalTest, DeathBySignalIsTold) {
  run(session({vital(coprocess("a"))}));
  process("a").end_by(SIGSEGV);
  settle();
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: killed by SIGSEGV"));
}

TEST_F(SupervisorVitalTest, SpawnFailureIsTold) {
  launcher.fail_next = ENOENT;
  run(session({vital(coprocess("a"))}));
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: exec /bin/a: No such file or directory (ENOENT)"));
}

TEST_F(SupervisorVitalTest, NotReadyIsTold) {
  config::CoprocessSpec spec = vital(coprocess("a"));
  spec.ready.how = config::ReadyNotify{};
  run(session({spec}));
  advance(30s);
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: not ready within 30000 ms: no READY=1 came"));
  EXPECT_EQ(signals_then, 0U);
}

TEST_F(SupervisorVitalTest, UnhealthyIsTold) {
  config::CoprocessSpec spec = vital(coprocess("a"));
  spec.watchdog = 1s;
  run(session({spec}));
  advance(1s);
  EXPECT_THAT(sink.vital_deaths, ElementsAre("a: no WATCHDOG=1 within 1000 ms"));
  EXPECT_EQ(signals_then, 0U);
}

TEST_F(SupervisorVitalTest, EachDeathOfARestartedOneIsToldOnce) {
  run(session({vital(restarting(coprocess("a")))}));
  dies("a");
  advance(1s);
  dies("a");
  EXPECT_EQ(sink.vital_deaths.size(), 2U);
  EXPECT_THAT(sink.ends, IsEmpty()) << "a restart comes first";
}

// ---- ends that were asked for ----

TEST_F(SupervisorVitalTest, StopRestartAndShutdownAreNoDeaths) {
  run(session({vital(coprocess("a")), coprocess("b")}));
  supervisor->restart_coprocess("a", false);
  settle();
  supervisor->stop_coprocess("a", true);
  settle();
  supervisor->start_coprocess("a");
  settle();
  supervisor->shutdown("end");
  settle();
  EXPECT_THAT(sink.vital_deaths, IsEmpty());
}

TEST_F(SupervisorVitalTest, OperatorsKillIsNoDeath) {
  run(session({vital(coprocess("a"))}));
  supervisor->signal_coprocess("a", SIGKILL);
  process("a").end_by(SIGKILL);
  settle();
  EXPECT_EQ(state("a"), State::Stopped);
  EXPECT_THAT(sink.vital_deaths, IsEmpty());
}

TEST_F(SupervisorVitalTest, EndForALostRequirementIsNoDeath) {
  run(session({coprocess("a"), vital(coprocess("b", {"a"}))}));
  dies("a");
  EXPECT_THAT(sink.vital_deaths, IsEmpty());
}

TEST_F(SupervisorVitalTest, DeathOfOneThatIsNotVitalIsNotTold) {
  run(session({coprocess("a")}));
  dies("a");
  EXPECT_THAT(sink.vital_deaths, IsEmpty());
}

// ---- the session begins anew ----

TEST_F(SupervisorVitalTest, ScopeSessionAsksForTheSessionByPolicy) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.scope = config::RestartSpec::Scope::Session;
  run(session({spec}));
  dies("a");
  EXPECT_EQ(state("a"), State::Failed);
  EXPECT_EQ(sink.cause("a"), "exited with 1; the session restarts");
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 1000 ms: a exited with 1"));
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(SupervisorVitalTest, ScopeSessionDoesNotActOnANormalEnd) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.scope = config::RestartSpec::Scope::Session;
  run(session({spec}));
  dies("a", 0);
  EXPECT_EQ(state("a"), State::Exited);
  EXPECT_THAT(sink.ends, IsEmpty());
}

TEST_F(SupervisorVitalTest, LimitAndDelayOfScopeSessionGoOnOverSessions) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.scope = config::RestartSpec::Scope::Session;
  spec.restart.limit = 2;
  dies_in_sessions(spec, 3);
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 1000 ms: a exited with 1",
                                     "restart-session in 2000 ms: a exited with 1"));
  EXPECT_EQ(reason("a"), "restart limit (2 in 60000 ms): exited with 1");
}

TEST_F(SupervisorVitalTest, ThenRestartSessionCannotSpin_C2) {
  config::CoprocessSpec spec = coprocess("a");
  spec.restart.then = config::Then::RestartSession;
  dies_in_sessions(spec, 12);
  EXPECT_EQ(sink.ends.at(0), "restart-session in 100 ms: a failed: exited with 1");
  EXPECT_EQ(sink.ends.at(1), "restart-session in 200 ms: a failed: exited with 1");
  EXPECT_EQ(sink.ends.at(11), "restart-session in 30000 ms: a failed: exited with 1");
}

TEST_F(SupervisorVitalTest, ThenRestartSessionActsWhenTheLimitIsReached) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.restart.limit = 1;
  spec.restart.then = config::Then::RestartSession;
  run(session({spec}));
  dies("a");
  advance(1s);
  dies("a");
  EXPECT_THAT(sink.ends, ElementsAre("restart-session in 2000 ms: a failed: restart limit (1 in "
                                     "60000 ms): exited with 1"));
}

}  // namespace
}  // namespace masterd::supervisor
