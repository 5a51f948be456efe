// Ends of every kind and what the restart policy makes of them; and requirements that some do
// without.
#include <system_error>

#include "tests/supervisor/notify_client.h"
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

class SupervisorPolicyTest : public SupervisorFixture {
 protected:
  [[nodiscard]] int launched(const std::string& name) const {
    int count = 0;
    for (const auto& record : launcher.processes) count += record->name == name ? 1 : 0;
    return count;
  }
};

TEST_F(SupervisorPolicyTest, BeforeThatFailsThreeTimesAndThenPassesComesUpByPolicy_C20) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.before = {{{"/bin/check"}, 30s}};
  run(session({spec}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(state("a"), State::Starting);
    dies("a.before", 1);
    EXPECT_EQ(state("a"), State::Backoff);
    EXPECT_EQ(reason("a"), "before: /bin/check: exited with 1");
    advance(std::chrono::seconds{1 << i});
  }
  dies("a.before", 0);
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(supervisor->view("a").restarts, 3U);
}

TEST_F(SupervisorPolicyTest, FailedReadinessIsExactlyOneRestart_P6) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.ready.how = config::ReadyNotify{};
  run(session({spec, coprocess("b", {"a"})}));
  advance(30s);
  EXPECT_EQ(states(), "a=backoff b=waiting");
  advance(1s);
  EXPECT_EQ(launched("a"), 2);
  test::notify(process("a"), "READY=1");
  settle();
  EXPECT_EQ(states(), "a=running b=running");
  advance(1h);
  EXPECT_EQ(launched("a"), 2);
  EXPECT_EQ(supervisor->view("a").restarts, 1U);
}

TEST_F(SupervisorPolicyTest, FailedReadinessWithoutARestartFailsTheDependents_P7) {
  config::CoprocessSpec spec = coprocess("a");
  spec.ready.how = config::ReadyNotify{};
  run(session({spec, coprocess("b", {"a"})}));
  advance(30s);
  EXPECT_EQ(states(), "a=failed b=failed");
  EXPECT_EQ(reason("a"), "not ready within 30000 ms: no READY=1 came");
}

TEST_F(SupervisorPolicyTest, EndBeforeReadyIsAFailureAlsoWithZero_P7) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.ready.how = config::ReadyNotify{};
  run(session({spec}));
  dies("a", 0);
  EXPECT_EQ(state("a"), State::Backoff);
  EXPECT_EQ(reason("a"), "exited with 0 before it was ready");
}

TEST_F(SupervisorPolicyTest, RestartedOneIsNotReadyUntilItSaysSoAnew_D11) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.ready.how = config::ReadyNotify{};
  run(session({spec, coprocess("b", {"a"})}));
  test::notify(process("a"), "READY=1");
  settle();
  EXPECT_EQ(states(), "a=running b=running");
  process("a").tree.clear();
  dies("a");
  advance(1s);
  EXPECT_EQ(states(), "a=starting b=waiting");
  test::notify(process("a"), "READY=1");
  settle();
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorPolicyTest, UnhealthyOneGoesDownByItsLadderAndIsRestarted) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.watchdog = 2s;
  run(session({spec, coprocess("b", {"a"})}));
  process("a").obeys = {SIGKILL};
  advance(2s);
  EXPECT_EQ(states(), "a=stopping b=waiting");
  EXPECT_EQ(reason("a"), "no WATCHDOG=1 within 2000 ms");
  advance(5s);
  EXPECT_EQ(state("a"), State::Backoff);
  EXPECT_EQ(reason("a"), "no WATCHDOG=1 within 2000 ms");
  advance(1s);
  EXPECT_EQ(states(), "a=running b=running");
}

TEST_F(SupervisorPolicyTest, SuccessCodesAndSignalsAreNormalEnds) {
  config::CoprocessSpec code = restarting(coprocess("code"));
  code.success.codes = {0, 75};
  config::CoprocessSpec signal = restarting(coprocess("signal"));
  signal.success.signals = {SIGUSR1};
  run(session({code, signal}));
  dies("code", 75);
  process("signal").end_by(SIGUSR1);
  settle();
  EXPECT_EQ(states(), "code=exited signal=exited");
}

TEST_F(SupervisorPolicyTest, StartWhileItIsEndedForItsHealthStartsItAfterwards) {
  config::CoprocessSpec spec = coprocess("a");
  spec.watchdog = 2s;
  run(session({spec}));
  process("a").obeys = {SIGKILL};
  advance(2s);
  supervisor->start_coprocess("a");
  settle();
  EXPECT_EQ(state("a"), State::Stopping);
  advance(5s);
  EXPECT_EQ(state("a"), State::Running);
  EXPECT_EQ(launched("a"), 2);
}

TEST_F(SupervisorPolicyTest, StatesOfOneWithAfterCommands) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.after = {{{"/bin/wipe"}, 30s}};
  run(session({spec, coprocess("b", {"a"})}));
  sink.take_steps();
  dies("a");
  EXPECT_EQ(states(), "a=stopping b=waiting") << "a dead one is not ready";
  EXPECT_EQ(supervisor->view("a").stage, "after: /bin/wipe");
  dies("a.after", 0);
  EXPECT_THAT(sink.take_steps(), ElementsAre("a stopping", "b stopping", "b waiting", "a backoff"));
  advance(1s);
  dies("a", 0);
  dies("a.after", 0);
  EXPECT_EQ(state("a"), State::Exited);
  EXPECT_FALSE(supervisor->view("a").reason);
}

TEST_F(SupervisorPolicyTest, UptimeDoesNotCountTheCommandsAround) {
  config::CoprocessSpec spec = restarting(coprocess("a"));
  spec.after = {{{"/bin/wipe"}, 60s}};
  run(session({spec}));
  for (const auto delay : {1s, 2s}) {
    dies("a");
    advance(30s);  // longer than reset_after
    dies("a.after", 0);
    EXPECT_EQ(*supervisor->view("a").next_try - clock.now(), delay);
    advance(delay);
  }
}

// ---- now, for what it has to wait for ----

TEST_F(SupervisorPolicyTest, NowIsGivenOnceToEachCommandThatItFinds_C23) {
  config::CoprocessSpec spec = coprocess("a");
  spec.after = {{{"/bin/one"}, 1h}, {{"/bin/two"}, 1h}};
  run(session({spec, coprocess("b")}));
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_EQ(supervisor->view("a").stage, "after: /bin/one");
  supervisor->reconfigure(supervisor->spec());  // concerns everybody
  settle();
  EXPECT_EQ(supervisor->view("a").stage, "after: /bin/one");
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_EQ(supervisor->view("a").stage, "after: /bin/two");
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_EQ(state("a"), State::Stopped);
}

TEST_F(SupervisorPolicyTest, NowDuringTheEndOfTheSessionGetsThrough) {
  config::CoprocessSpec spec = coprocess("a");
  spec.stop[0].grace = 1h;
  launcher.deaf = true;
  run(session({spec}));
  supervisor->shutdown("end");
  settle();
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_TRUE(over);
  EXPECT_EQ(state("a"), State::Stopped);
}

// ---- who stays ----

class SupervisorStayTest : public SupervisorPolicyTest {
 protected:
  static config::CoprocessSpec staying(std::string name, Names requires_) {
    config::CoprocessSpec spec = coprocess(std::move(name), std::move(requires_));
    spec.stay = true;
    return spec;
  }
};

TEST_F(SupervisorStayTest, StaysUpThroughADeathAndAFailureOfItsRequirement) {
  run(session({restarting(coprocess("a")), coprocess("f"), staying("b", {"a", "f"})}));
  dies("a");
  EXPECT_EQ(states(), "a=backoff f=running b=running");
  advance(1s);
  dies("f");
  EXPECT_EQ(states(), "a=running f=failed b=running");
  EXPECT_EQ(launched("b"), 1);
}

TEST_F(SupervisorStayTest, ItsRequirementDoesNotWaitForItAndNowLeavesItAlone) {
  run(session({coprocess("a"), staying("b", {"a"})}));
  supervisor->stop_coprocess("a", true);
  settle();
  EXPECT_EQ(states(), "a=stopped b=running");
  EXPECT_THAT(process("b").signals, IsEmpty());
}

TEST_F(SupervisorStayTest, AtTheEndOfTheSessionItGoesFirstAllTheSame) {
  run(session({coprocess("a"), staying("b", {"a"})}));
  process("b").obeys = {SIGKILL};
  supervisor->shutdown("end");
  settle();
  EXPECT_EQ(states(), "a=running b=stopping");
}

TEST_F(SupervisorStayTest, StartStillWaitsForTheRequirement) {
  config::CoprocessSpec b = staying("b", {"a"});
  b.restart.policy = config::Restart::Always;
  run(session({restarting(coprocess("a")), b}));
  dies("a");
  dies("b");
  advance(100ms);
  EXPECT_EQ(states(), "a=backoff b=waiting");
  advance(900ms);
  EXPECT_EQ(states(), "a=running b=running");
}

// ---- errors of our own ----

class Flaky final : public Launcher {
 public:
  std::unique_ptr<Process> launch(Launch launch) override {
    if (launch.name() == broken) throw std::bad_alloc{};
    return real.launch(std::move(launch));
  }
  test::FakeLauncher real;
  std::string broken;
};

class SupervisorBrokenTest : public SupervisorFixture {
 protected:
  ~SupervisorBrokenTest() override { supervisor.reset(); }  // before its launcher

  void run_broken(const std::string& what, config::CoprocessSpec spec) {
    flaky.broken = what;
    supervisor.emplace(loop, flaky, session({std::move(spec), coprocess("b")}), sink);
    supervisor->start();
    turn();
  }
  void turn() {
    for (int i = 0; i < 20; ++i) loop.run_once(fsm::Duration::zero());
  }
  Flaky flaky;
};

TEST_F(SupervisorBrokenTest, NoMemoryForTheSpawnIsTheFailureOfThatOne) {
  run_broken("a", restarting(coprocess("a")));
  EXPECT_EQ(states(), "a=backoff b=running");
  EXPECT_EQ(reason("a"), "std::bad_alloc");
}

TEST_F(SupervisorBrokenTest, InBeforeItIsTheFailureOfThatOne) {
  config::CoprocessSpec spec = coprocess("a");
  spec.before = {{{"/bin/x"}, 30s}};
  run_broken("a.before", spec);
  EXPECT_EQ(states(), "a=failed b=running");
  EXPECT_EQ(reason("a"), "before: /bin/x: std::bad_alloc");
}

TEST_F(SupervisorBrokenTest, InTheStopCommandTheLadderGoesOn) {
  config::CoprocessSpec spec = coprocess("a");
  spec.stop_command = config::CommandSpec{{"/bin/x"}, 30s};
  run_broken("a.stop", spec);
  supervisor->stop_coprocess("a", false);
  turn();
  EXPECT_THAT(flaky.real.of("a")->signals, ElementsAre(SIGTERM));
  EXPECT_EQ(states(), "a=stopped b=running");
}

TEST_F(SupervisorBrokenTest, InAfterTheEndGoesOn) {
  config::CoprocessSpec spec = coprocess("a");
  spec.after = {{{"/bin/x"}, 30s}};
  run_broken("a.after", spec);
  supervisor->stop_coprocess("a", false);
  turn();
  EXPECT_EQ(states(), "a=stopped b=running");
}

TEST_F(SupervisorBrokenTest, InAHealthProbeItCountsAsItsFailure) {
  config::CoprocessSpec spec = coprocess("a");
  spec.health = config::HealthSpec{{"/bin/x"}, 5000ms, 1000ms, 1};
  run_broken("a.probe", spec);
  EXPECT_EQ(states(), "a=failed b=running");
  EXPECT_EQ(reason("a"), "1 health probe failed: std::bad_alloc");
  EXPECT_THAT(flaky.real.of("a")->signals, ElementsAre(SIGTERM)) << "nothing of it is left";
}

}  // namespace
}  // namespace masterd::supervisor
