// The ways of becoming ready that need nothing of the system.
#include <csignal>
#include <iterator>
#include <string>
#include <variant>

#include "tests/supervisor/readiness_fixture.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ReadinessTest : public ReadinessFixture {
 protected:
  void line(std::string_view text, Stream stream = Stream::Stdout) {
    readiness->line(stream, text);
  }
};

// ---- started ----

TEST_F(ReadinessTest, StartedIsReadyAsSoonAsItRuns) {
  make(config::ReadyStarted{});
  EXPECT_FALSE(ready());
  readiness->begin(kPid);
  EXPECT_TRUE(ready());
  EXPECT_TRUE(readiness->at_rest().is_set());
}

// ---- notify ----

TEST_F(ReadinessTest, NotifyIsReadyWhenItSaysSo) {
  begin(config::ReadyNotify{});
  say("STATUS=nearly\nWATCHDOG=1");
  EXPECT_FALSE(ready());
  say("READY=1");
  EXPECT_TRUE(ready());
}

TEST_F(ReadinessTest, NotifyFailsWhenItIsSilent) {
  begin(config::ReadyNotify{}, 10s);
  advance(9999ms);
  EXPECT_FALSE(failed());
  advance(1ms);
  EXPECT_TRUE(failed());
  EXPECT_FALSE(ready());
  EXPECT_EQ(readiness->failure(), "not ready within 10000 ms: no READY=1 came");
}

TEST_F(ReadinessTest, ReadyAfterTheTimeoutIsTooLate) {
  begin(config::ReadyNotify{}, 10s);
  advance(10s);
  say("READY=1");
  EXPECT_FALSE(ready());
  EXPECT_TRUE(failed());
}

TEST_F(ReadinessTest, ReadyItFailsNoMore) {
  begin(config::ReadyNotify{}, 10s);
  say("READY=1");
  advance(60s);
  EXPECT_FALSE(failed());
  EXPECT_THAT(readiness->failure(), IsEmpty());
}

TEST_F(ReadinessTest, TheTimeoutCanBeExtendedAgainAndAgain) {
  begin(config::ReadyNotify{}, 10s);
  advance(9s);
  say("EXTEND_TIMEOUT_USEC=5000000");  // until 14 s
  advance(4s);
  say("EXTEND_TIMEOUT_USEC=5000000");  // until 18 s
  advance(4999ms);
  EXPECT_FALSE(failed());
  advance(1ms);
  EXPECT_EQ(readiness->failure(), "not ready within 18000 ms: no READY=1 came");
}

TEST_F(ReadinessTest, AnExtensionNeverMakesTheTimeoutShorter) {
  begin(config::ReadyNotify{}, 10s);
  say("EXTEND_TIMEOUT_USEC=1");
  advance(9s);
  EXPECT_FALSE(failed());
}

TEST_F(ReadinessTest, TheLongestExtensionOverflowsNothing) {
  begin(config::ReadyNotify{}, 10s);
  say("EXTEND_TIMEOUT_USEC=18446744073709551615");
  advance(100h);
  EXPECT_FALSE(failed());
}

TEST_F(ReadinessTest, WhatIsSaidBeforeItBeginsIsKept) {
  make(config::ReadyNotify{});
  say("READY=1");
  EXPECT_FALSE(ready()) << "a forking coprocess: its first process has not ended yet";
  readiness->begin(kPid);
  EXPECT_TRUE(ready());
}

TEST_F(ReadinessTest, D11_AReadinessMadeAnewKnowsNothingOfTheOneBefore) {
  begin(config::ReadyNotify{});
  say("READY=1");
  ASSERT_TRUE(ready());
  begin(config::ReadyNotify{});
  EXPECT_FALSE(ready());
  say("READY=1");
  EXPECT_TRUE(ready());
}

// ---- delay ----

TEST_F(ReadinessTest, DelayIsReadyWhenItIsOver) {
  begin(config::ReadyDelay{2s});
  advance(1999ms);
  EXPECT_FALSE(ready());
  advance(1ms);
  EXPECT_TRUE(ready());
}

TEST_F(ReadinessTest, DelayOfNothingIsReadyOnTheNextTurn) {
  begin(config::ReadyDelay{0s});
  EXPECT_TRUE(ready());
}

// ---- output ----

TEST_F(ReadinessTest, OutputIsReadyByAMatchAnywhereInALineOfEitherStream) {
  for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
    begin(config::ReadyOutput{R"(listening on \S+:(\d+)$)"});
    line("starting", stream);
    line("listening on nothing", stream);
    EXPECT_FALSE(ready());
    line("12:00 server listening on 127.0.0.1:5007", stream);
    EXPECT_TRUE(ready());
  }
}

TEST_F(ReadinessTest, OutputTellsWhatItMissed) {
  begin(config::ReadyOutput{"up"}, 10s);
  line("down");
  advance(10s);
  EXPECT_EQ(readiness->failure(),
            "not ready within 10000 ms: no line of its output matches \"up\"");
}

TEST_F(ReadinessTest, OutputBeforeItBeginsIsKept) {
  make(config::ReadyOutput{"up"});
  line("up");
  EXPECT_FALSE(ready());
  readiness->begin(kPid);
  EXPECT_TRUE(ready());
}

TEST_F(ReadinessTest, OutputIsSearchedUpToOneKibibyteOfALine) {
  begin(config::ReadyOutput{"up"});
  line(std::string(1023, 'x') + "up");
  EXPECT_FALSE(ready());
  line(std::string(1022, 'x') + "up");
  EXPECT_TRUE(ready());
  begin(config::ReadyOutput{"x$"});
  line(std::string(1025, 'x'));
  EXPECT_FALSE(ready()) << "where it is cut is no end of a line";
  line(std::string(1024, 'x'));
  EXPECT_TRUE(ready());
}

// Each of these takes a backtracking matcher without a bound longer than the universe.
TEST_F(ReadinessTest, OutputWithARunawayPatternIsGivenUpAndTold) {
  for (const char* pattern : {"(a+)+$", "(a|aa)+b", "(.*)*x.*y.*z", ".*.*.*.*="}) {
    begin(config::ReadyOutput{pattern}, 10s);
    line(std::string(8192, 'a') + "!");
    EXPECT_FALSE(ready());
    advance(10s);
    EXPECT_THAT(readiness->failure(), HasSubstr("1 would have taken too long")) << pattern;
  }
}

TEST_F(ReadinessTest, OutputSurvivesEveryByteOfALine) {
  begin(config::ReadyOutput{"[^a]{3}up"});
  line(std::string_view{"\0\xFF\n", 3});
  line("");
  EXPECT_FALSE(ready());
  line(std::string_view{"\0\xFF\nup", 5});
  EXPECT_TRUE(ready());
}

TEST_F(ReadinessTest, OutputWithABrokenPatternFailsWithTheReason) {
  begin(config::ReadyOutput{"(up"});
  line("up");
  EXPECT_FALSE(ready());
  EXPECT_TRUE(failed());
  EXPECT_THAT(readiness->failure(), HasSubstr("\"(up\" cannot be used"));
}

// ---- exec ----

class ExecReadinessTest : public ReadinessTest {
 protected:
  ExecReadinessTest() { begin(config::ReadyExec{{"check", "${pid}"}, 100ms, 1000ms}, 10s); }
  test::FakeRecord& run() { return *launcher.processes.back(); }
  void probe_ends_with(int code) {
    run().end_with(code);
    turn();
  }
};

TEST_F(ExecReadinessTest, ExecIsReadyByTheFirstProbeThatPasses) {
  probe_ends_with(1);
  advance(100ms);
  EXPECT_FALSE(ready());
  probe_ends_with(0);
  EXPECT_TRUE(ready());
  EXPECT_TRUE(readiness->at_rest().is_set());
  advance(60s);
  EXPECT_EQ(launcher.launches, 2) << "and probes no more";
}

TEST_F(ExecReadinessTest, P6_AProbeThatFailsIsNoFailureOfTheReadiness) {
  for (int i = 0; i < 50; ++i) {
    probe_ends_with(1);
    advance(100ms);
  }
  EXPECT_FALSE(failed());
  probe_ends_with(0);
  EXPECT_TRUE(ready());
}

TEST_F(ExecReadinessTest, ExecTellsItsLastProbeWhenItFails) {
  probe_ends_with(3);
  advance(100ms);
  advance(9900ms);  // over while a probe is in flight
  ASSERT_TRUE(failed());
  EXPECT_THAT(readiness->failure(), HasSubstr("not ready within 10000 ms: its last probe"));
  EXPECT_TRUE(readiness->at_rest().is_set());
  EXPECT_TRUE(run().reaped) << "nothing is in flight any more";
}

TEST_F(ExecReadinessTest, ShutDownItIsAtRestWhenTheProbeInFlightIsGone) {
  run().obeys.clear();
  readiness->shutdown();
  turn();
  EXPECT_THAT(run().signals, ElementsAre(SIGKILL));
  EXPECT_FALSE(readiness->at_rest().is_set());
  run().end_by(SIGKILL);
  turn();
  EXPECT_TRUE(readiness->at_rest().is_set());
  EXPECT_FALSE(ready() || failed());
}

TEST_F(ExecReadinessTest, DestroyedItTakesTheProbeInFlightWithIt) {
  readiness.reset();
  EXPECT_TRUE(run().destroyed);
  advance(60s);
  EXPECT_EQ(launcher.launches, 1);
}

// ---- all ways ----

class EveryWayTest : public ReadinessFixture,
                     public ::testing::WithParamInterface<config::ReadyHow> {};

TEST_P(EveryWayTest, BegunAndDestroyedItLeavesNothingBehind) {
  begin(GetParam(), 10s);
  readiness.reset();
  advance(60s);  // a timer or watch left behind would call into what is gone
  SUCCEED();
}

TEST_P(EveryWayTest, NotBegunItDecidesNothing) {
  make(GetParam(), 10s);
  advance(60s);
  EXPECT_FALSE(ready() || failed());
}

TEST_P(EveryWayTest, ShutDownItDecidesNothing) {
  make(GetParam(), 10s);
  readiness->shutdown();
  readiness->shutdown();
  turn();
  EXPECT_TRUE(readiness->at_rest().is_set());
  readiness->begin(kPid);
  say("READY=1");
  advance(60s);
  EXPECT_FALSE(ready() || failed());
}

// No polling "just in case": every way that still waits has a timer, nobody spins.
TEST_P(EveryWayTest, WaitingItIsIdleBetweenItsTimers) {
  begin(GetParam(), 10s);
  const auto turns = loop.turns();
  loop.run_once(20ms);  // by the system's clock: the manual one stands
  EXPECT_EQ(loop.turns(), turns + 1);
  const int launches = launcher.launches;
  turn();
  EXPECT_EQ(launcher.launches, launches);
}

std::string way_name(const ::testing::TestParamInfo<config::ReadyHow>& info) {
  constexpr const char* kNames[] = {"Started", "Notify", "Exec", "Listen",
                                    "Output",  "File",   "Delay"};
  static_assert(std::size(kNames) == std::variant_size_v<config::ReadyHow>);
  return kNames[info.param.index()];
}

const config::ReadyHow kEveryWay[] = {
    config::ReadyStarted{},
    config::ReadyNotify{},
    config::ReadyExec{{"check"}, 100ms, 1000ms},
    config::ReadyListen{config::ReadyListen::Family::Unix, "/nowhere/s", 0},
    config::ReadyOutput{"up"},
    config::ReadyFile{"/nowhere/to/be/found"},
    config::ReadyDelay{5s}};
static_assert(std::size(kEveryWay) == std::variant_size_v<config::ReadyHow>);

INSTANTIATE_TEST_SUITE_P(, EveryWayTest, ::testing::ValuesIn(kEveryWay), way_name);

}  // namespace
}  // namespace masterd::supervisor
