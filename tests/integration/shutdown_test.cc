// Every way to end, in every phase: what is there is taken down, and nothing is left.
#include <gmock/gmock.h>

#include <csignal>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

enum class Way { Sigterm, Sigint, Request, EndSession };

/// A session, and what to wait for until it is in the phase of interest.
struct Phase {
  const char* name;
  std::string toml;  // empty: no session
  std::vector<std::pair<std::string, std::string>> states;
  std::vector<std::string> deaf;    // lines to wait for
  std::string stopped_before = {};  // the end has begun already, by this method
};

const std::vector<Phase>& phases() {
  static const std::string kDeafOne = coprocess("deaf", kDeaf, term_grace("800ms"));
  static const std::vector<Phase> kPhases{
      {"Waiting", "", {}, {}},
      {"StartingWithOneInBackoff",
       coprocess("dies", "exit 1", kLongBackoff) + coprocess("up", kSleeper),
       {{"dies", "backoff"}, {"up", "running"}},
       {}},
      {"StartingWithOneThatWaitsForARequirement",
       coprocess("dies", "exit 1", kLongBackoff) + coprocess("next", kSleeper, requires_("dies")),
       {{"dies", "backoff"}, {"next", "waiting"}},
       {}},
      {"StartingWithADeafOne",
       kDeafOne + coprocess("dies", "exit 1", kLongBackoff),
       {{"dies", "backoff"}},
       {"deaf"}},
      {"RunningWithFailedDependents",
       coprocess("bad", "exit 1") + coprocess("next", kSleeper, requires_("bad")) +
           coprocess("last", kSleeper, requires_("next")) + coprocess("up", kSleeper),
       {{"last", "failed"}, {"up", "running"}},
       {}},
      {"Running",
       coprocess("a", kSleeper) + coprocess("b", kSleeper, requires_("a")),
       {{"b", "running"}},
       {}},
      {"Stopping", kDeafOne + coprocess("base", kSleeper), {}, {"deaf"}, "end_session"},
      {"ShuttingDown", kDeafOne + coprocess("base", kSleeper), {}, {"deaf"}, "shutdown"},
  };
  return kPhases;
}

using Case = std::tuple<std::size_t, Way>;

class EndTest : public DaemonTest, public testing::WithParamInterface<Case> {
 protected:
  void bring_about(const Phase& phase) {
    start();
    if (!phase.toml.empty()) set_config(session_file(phase.toml), false);
    for (const auto& [name, state] : phase.states) await_state(name, state);
    if (!phase.deaf.empty()) await_line(phase.deaf, "deaf");
    if (!phase.stopped_before.empty()) call(phase.stopped_before);
  }
};

TEST_P(EndTest, D1_P4_EndsInOrderAndLeavesNothing) {
  const auto& [index, way] = GetParam();
  const Phase& phase = phases().at(index);
  bring_about(phase);
  switch (way) {
    case Way::Sigterm:
      daemon().signal(SIGTERM);
      break;
    case Way::Sigint:
      daemon().signal(SIGINT);
      break;
    case Way::Request:
      call("shutdown");
      break;
    case Way::EndSession:
      if (phase.toml.empty()) {
        EXPECT_EQ(reason("end_session"), "no_session");
      } else if (phase.stopped_before == "shutdown") {
        EXPECT_EQ(reason("end_session"), "shutting_down");
      } else {
        call("end_session", {{"wait", true}});
      }
      break;
  }
  const bool stays = way == Way::EndSession && phase.stopped_before != "shutdown";
  if (!stays) {
    EXPECT_EQ(exit_status(), 0);
    return;
  }
  EXPECT_TRUE(processes().empty()) << describe(processes());
  EXPECT_TRUE(call("status").at("session").is_null());
  set_config(session_file(coprocess("again", kSleeper)));
}

std::string name_of(const testing::TestParamInfo<Case>& info) {
  constexpr const char* kWays[] = {"Sigterm", "Sigint", "Request", "EndSession"};
  return std::string{kWays[static_cast<int>(std::get<1>(info.param))]} + "While" +
         phases().at(std::get<0>(info.param)).name;
}

INSTANTIATE_TEST_SUITE_P(All, EndTest,
                         testing::Combine(testing::Range<std::size_t>(0, phases().size()),
                                          testing::Values(Way::Sigterm, Way::Sigint, Way::Request,
                                                          Way::EndSession)),
                         name_of);

class ShutdownTest : public DaemonTest {};

TEST_F(ShutdownTest, ASecondSignalDuringAShutdownChangesNothing) {
  start_session(coprocess("deaf", kDeaf, term_grace("2s")));
  await_line({"deaf"}, "deaf");
  daemon().signal(SIGTERM);
  await_session("stopping");
  for (int i = 0; i < 20; ++i) {
    daemon().signal(i % 2 == 0 ? SIGTERM : SIGINT);
    call("ping");
  }
  EXPECT_TRUE(call("shutdown").at("already_in_progress").as_bool());
  EXPECT_EQ(exit_status(), 0);
  EXPECT_THAT(log(), HasSubstr("already"));
}

TEST_F(ShutdownTest, WhatHasBegunToEndIsRefusedToBeginAnew) {
  start_session(coprocess("deaf", kDeaf, term_grace("2s")) + coprocess("b", kSleeper));
  await_line({"deaf"}, "deaf");
  call("end_session");
  EXPECT_EQ(reason("set_config", {{"config", folder().path("stack.toml")}}), "busy");
  EXPECT_EQ(reason("start", {{"names", {"b"}}}), "busy");
  call("shutdown");
  EXPECT_EQ(reason("set_config", {{"config", folder().path("stack.toml")}}), "shutting_down");
  EXPECT_EQ(reason("start", {{"names", {"b"}}}), "shutting_down");
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(ShutdownTest, M4_ADeafChildIsKilledAndReapedBeforeTheDaemonEnds) {
  start_session(coprocess("deaf", kDeaf, term_grace("300ms")));
  await_line({"deaf"}, "deaf");
  const pid_t deaf = pid_of("deaf");
  EXPECT_EQ(shut_down(), 0);
  EXPECT_FALSE(is_alive(deaf));
  EXPECT_EQ(::kill(deaf, 0), -1);  // not even a zombie
}

TEST_F(ShutdownTest, P15_StatusTellsWhatAShutdownWaitsFor) {
  start_session(coprocess("base", kSleeper) +
                coprocess("deaf", kDeaf, requires_("base") + term_grace("1h")) +
                coprocess("quick", kSleeper));
  await_line({"deaf"}, "deaf");
  call("end_session");
  await_state("quick", "stopped");
  await_state("deaf", "stopping");
  const auto base = coprocess_status("base");
  EXPECT_EQ(base.at("waiting_for"), (json::value{"deaf"})) << json::serialize(base);
  EXPECT_EQ(text_of(call("status").at("session").as_object(), "state"), "stopping");
  call("stop", {{"names", {"deaf"}}, {"now", true}});
  await_session("");
}

TEST_F(ShutdownTest, C23_AShutdownThatTakesTooLongIsCutShortByAStopNow) {
  start_session(coprocess("deaf", kDeaf, term_grace("1h")));
  await_line({"deaf"}, "deaf");
  call("shutdown");
  await_state("deaf", "stopping");
  call("stop", {{"names", {"deaf"}}, {"now", true}});
  EXPECT_EQ(exit_status(), 0);
}

}  // namespace
}  // namespace masterd::test
