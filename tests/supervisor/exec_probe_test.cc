// Probes: over processes that only the test moves, and with real ones.
#include "supervisor/exec_probe.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/health.h"
#include "supervisor/pid_words.h"
#include "tests/supervisor/child_fixture.h"
#include "tests/supervisor/specs.h"
#include "tests/support/fake_process.h"
#include "tests/support/manual_clock.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::string text_of(const ProbeResult& result) {
  return result.passed ? "passed" : "failed: " + result.reason;
}

class ExecProbeTest : public ::testing::Test {
 protected:
  void begin() {
    probe.emplace(loop, launcher, coprocess("a"), std::vector<std::string>{"check", "${pid}"},
                  ExecProbe::Timing{100ms, 1000ms}, 4711, [this](const ProbeResult& result) {
                    results.push_back(text_of(result));
                    return again;
                  });
    probe->on_end([this] { ended = true; });
    probe->start();
    turn();
  }
  void turn() {
    for (int i = 0; i < 6; ++i) loop.run_once(fsm::Duration::zero());
  }
  void advance(fsm::Duration d) {
    clock.advance(d);
    turn();
  }
  test::FakeRecord& run() { return *launcher.processes.back(); }
  void end_with(int code) {
    run().end_with(code);
    turn();
  }

  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  test::FakeLauncher launcher;
  bool again = true;
  bool ended = false;
  std::vector<std::string> results;
  std::optional<ExecProbe> probe;
};

TEST_F(ExecProbeTest, ARunThatEndsWellHasPassed) {
  begin();
  end_with(0);
  EXPECT_THAT(results, ElementsAre("passed"));
  EXPECT_TRUE(run().reaped);
}

TEST_F(ExecProbeTest, TheReasonOfAFailureIsHowItEnded) {
  begin();
  end_with(1);
  advance(100ms);
  run().end_by(SIGSEGV);
  turn();
  EXPECT_THAT(results, ElementsAre("failed: exited with 1", "failed: killed by SIGSEGV"));
}

TEST_F(ExecProbeTest, TheLastLineOfItsOutputIsPartOfTheReason) {
  begin();
  run().output(Stream::Stdout, "trying\n");
  run().output(Stream::Stderr, "no \xFF answer\n\n");
  end_with(1);
  advance(100ms);
  run().output(Stream::Stdout, "cut off");
  end_with(2);
  advance(100ms);
  end_with(3);
  EXPECT_THAT(results, ElementsAre("failed: exited with 1: no \xEF\xBF\xBD answer",
                                   "failed: exited with 2: cut off", "failed: exited with 3"));
}

TEST_F(ExecProbeTest, ALongLastLineIsCut) {
  begin();
  run().output(Stream::Stdout, std::string(5000, 'x'));
  end_with(1);
  EXPECT_EQ(results.at(0), "failed: exited with 1: " + std::string(200, 'x'));
}

TEST_F(ExecProbeTest, TheIntervalLiesBetweenAnEndAndTheNextStart) {
  begin();
  advance(900ms);
  EXPECT_EQ(launcher.launches, 1) << "one in flight";
  end_with(1);
  advance(99ms);
  EXPECT_EQ(launcher.launches, 1);
  advance(1ms);
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(ExecProbeTest, ARunThatTakesTooLongIsKilledAndHasFailed) {
  begin();
  advance(999ms);
  EXPECT_THAT(run().signals, IsEmpty());
  advance(1ms);
  EXPECT_THAT(run().signals, ElementsAre(SIGKILL));
  EXPECT_TRUE(run().reaped);
  EXPECT_THAT(results, ElementsAre("failed: timed out after 1000 ms"));
}

TEST_F(ExecProbeTest, AnUnkillableRunHoldsUpNothing) {
  launcher.unkillable = true;
  begin();
  advance(1000ms);
  EXPECT_THAT(results, IsEmpty());
  advance(2000ms);
  EXPECT_THAT(results, ElementsAre("failed: timed out after 1000 ms"));
  EXPECT_TRUE(run().destroyed);
  advance(100ms);
  EXPECT_EQ(launcher.launches, 2);
}

TEST_F(ExecProbeTest, WhatARunLeavesBehindIsKilledBeforeTheResultIsTold) {
  begin();
  run().obeys.clear();
  run().end({ExitStatus::Kind::Exited, 0, false}, true);
  turn();
  EXPECT_THAT(run().signals, ElementsAre(SIGKILL));
  EXPECT_THAT(results, IsEmpty());
  run().end_group();
  turn();
  EXPECT_THAT(results, ElementsAre("passed"));
}

TEST_F(ExecProbeTest, ASpawnThatFailsIsAFailureAndTriedAgain) {
  launcher.fail_next = ENOENT;
  begin();
  EXPECT_THAT(results, ElementsAre(StartsWith("failed: exec check: ")));
  advance(100ms);
  end_with(0);
  EXPECT_EQ(results.at(1), "passed");
}

TEST_F(ExecProbeTest, ItEndsWhenItIsNotWantedAgain) {
  again = false;
  begin();
  end_with(0);
  EXPECT_TRUE(ended);
  advance(10s);
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(ExecProbeTest, AShutdownKillsTheRunInFlightAndEndsWhenItIsGone) {
  launcher.unkillable = true;
  begin();
  probe->shutdown("test");
  turn();
  EXPECT_THAT(run().signals, ElementsAre(SIGKILL));
  EXPECT_FALSE(ended);
  run().end_by(SIGKILL);
  turn();
  EXPECT_TRUE(ended);
  EXPECT_TRUE(run().reaped);
  EXPECT_THAT(results, IsEmpty()) << "it has no result";
}

TEST_F(ExecProbeTest, AShutdownBetweenRunsEndsAtOnce) {
  begin();
  end_with(1);
  probe->shutdown("test");
  turn();
  EXPECT_TRUE(ended);
  advance(10s);
  EXPECT_EQ(launcher.launches, 1);
}

TEST_F(ExecProbeTest, DestroyedItTakesTheRunInFlightWithIt) {
  begin();
  probe.reset();
  EXPECT_TRUE(run().destroyed) << "which kills and reaps";
  advance(10s);
  EXPECT_EQ(launcher.launches, 1);
  EXPECT_THAT(results, IsEmpty());
}

// ---- what is launched ----

TEST(PidWordsTest, ThePidIsPutInWhereverItIsNamed) {
  EXPECT_THAT(with_pid({"kill", "-0", "${pid}", "x${pid}y${pid}", "$pid"}, 4711),
              ElementsAre("kill", "-0", "4711", "x4711y4711", "$pid"));
  EXPECT_THAT(with_pid({"${pid}"}, std::nullopt), ElementsAre(""));
}

TEST_F(ExecProbeTest, ItsProcessIsAHelperOfItsOwnName) {
  begin();
  EXPECT_TRUE(run().helper);
  EXPECT_EQ(run().name, "a.probe");
}

// ---- health ----

class HealthTest : public ExecProbeTest {
 protected:
  HealthTest() {
    spec.health = config::HealthSpec{{"check"}, 5000ms, 1000ms, 3};
    health.emplace(loop, launcher, spec, 4711);
    turn();
  }
  void probe_ends_with(int code) {
    end_with(code);
    advance(5s);
  }
  config::CoprocessSpec spec = coprocess("a");
  std::optional<Health> health;
};

TEST_F(HealthTest, SoManyFailuresInARowAreAFailure) {
  probe_ends_with(1);
  probe_ends_with(1);
  EXPECT_FALSE(health->failed().is_set());
  probe_ends_with(2);
  EXPECT_TRUE(health->failed().is_set());
  EXPECT_EQ(health->failure(), "3 health probes in a row failed, the last: exited with 2");
  EXPECT_EQ(launcher.launches, 3) << "and no probe more";
  EXPECT_TRUE(health->at_rest().is_set());
}

TEST_F(HealthTest, AProbeThatPassesForgivesTheFailuresBeforeIt) {
  for (const int code : {1, 1, 0, 1, 1, 0}) probe_ends_with(code);
  EXPECT_FALSE(health->failed().is_set());
}

TEST_F(HealthTest, ShutDownItKillsTheProbeInFlightAndSaysNothing) {
  health->shutdown();
  turn();
  EXPECT_TRUE(health->at_rest().is_set());
  EXPECT_TRUE(run().reaped);
  EXPECT_FALSE(health->failed().is_set());
  advance(60s);
  EXPECT_EQ(launcher.launches, 1);
}

// ---- real processes ----

class RealProbeTest : public test::ChildFixture {
 protected:
  void begin(const std::string& script, ExecProbe::Timing timing, unsigned runs = 1) {
    probe.emplace(loop, launcher, shell(""), std::vector<std::string>{"/bin/sh", "-c", script},
                  timing, ::getpid(), [this, runs](const ProbeResult& result) {
                    results.push_back(text_of(result));
                    return results.size() < runs;
                  });
    start();
  }
  void start() {
    probe->on_end([this] {
      ended = true;
      loop.post([] {});  // this turn goes on to its poll: it must not wait there for the next event
    });
    probe->start();
  }
  bool until_end() {
    return test::run_until(loop, [this] { return ended; });
  }
  /// A probe that tells its pid and then hangs; the pid.
  pid_t begin_hanging() {
    const std::string path = folder.path("fifo");
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const OwnedFd fifo{::open(path.c_str(), O_RDWR | O_CLOEXEC)};  // both: it opens at once
    bool told = false;
    const auto readable = loop.watch_fd(fifo.get(), EPOLLIN, [&](std::uint32_t) { told = true; });
    begin("echo $$ > " + path + "; exec sleep 1000", {1ms, 1000s});
    if (!test::run_until(loop, [&] { return told; })) return -1;
    std::array<char, 32> text{};
    EXPECT_GT(::read(fifo.get(), text.data(), text.size() - 1), 0);
    return std::atoi(text.data());
  }
  test::TempFolder folder;
  std::vector<std::string> results;
  bool ended = false;
  std::optional<ExecProbe> probe;
};

TEST_P(RealProbeTest, ResultsAreThoseOfTheCommand) {
  begin("echo run >> " + folder.path("runs") + "; test $(wc -l < " + folder.path("runs") +
            ") -ge 3 || { echo not yet >&2; exit 4; }",
        {1ms, 10s}, 3);
  ASSERT_TRUE(until_end());
  EXPECT_THAT(results, ElementsAre("failed: exited with 4: not yet",
                                   "failed: exited with 4: not yet", "passed"));
}

TEST_P(RealProbeTest, ThePidCanBeLookedAt) {
  begin("kill -0 ${pid}", {1ms, 10s});
  ASSERT_TRUE(until_end());
  EXPECT_THAT(results, ElementsAre("passed"));
}

TEST_P(RealProbeTest, ACommandThatHangsIsKilledWithItsChildren) {
  begin("trap '' TERM; sleep 1000 & echo $! > " + folder.path("pid") + "; wait", {1ms, 300ms});
  ASSERT_TRUE(until_end());
  EXPECT_THAT(results, ElementsAre(StartsWith("failed: timed out after 300 ms")));
  pid_t sleeper = 0;  // unless the shell did not get so far
  if (std::ifstream{folder.path("pid")} >> sleeper) {
    EXPECT_TRUE(test::until_dead(sleeper));
  }
}

TEST_P(RealProbeTest, ACommandThatDoesNotExistIsAFailure) {
  probe.emplace(loop, launcher, shell(""), std::vector<std::string>{"/no/such/probe"},
                ExecProbe::Timing{1ms, 1s}, 1, [this](const ProbeResult& result) {
                  results.push_back(text_of(result));
                  return false;
                });
  start();
  ASSERT_TRUE(until_end());
  EXPECT_THAT(results, ElementsAre(HasSubstr("/no/such/probe")));
}

TEST_P(RealProbeTest, AfterAShutdownNoProcessIsLeft) {
  const pid_t pid = begin_hanging();
  ASSERT_GT(pid, 0);
  probe->shutdown("test");
  ASSERT_TRUE(until_end());
  EXPECT_TRUE(test::no_such_process(pid)) << "killed and reaped";
  EXPECT_THAT(results, IsEmpty());
}

TEST_P(RealProbeTest, DestroyedInFlightItIsKilledAndReapedLater) {
  const pid_t pid = begin_hanging();
  ASSERT_GT(pid, 0);
  probe.reset();
  ASSERT_TRUE(test::until_dead(pid));
  for (int i = 0; i < 100 && !test::no_such_process(pid); ++i) loop.run_once(100ms);
  EXPECT_TRUE(test::no_such_process(pid));
}

INSTANTIATE_TEST_SUITE_P(, RealProbeTest,
                         ::testing::Values(test::Source::Sigchld, test::Source::Pidfd),
                         test::source_name);

}  // namespace
}  // namespace masterd::supervisor
