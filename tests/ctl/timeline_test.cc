#include "ctl/timeline.h"

#include <gtest/gtest.h>

#include "ctl/exit_code.h"
#include "tests/ctl/timeline_fixture.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using test::Past;
using test::status_at;

constexpr const char* kAB =
    R"({"name":"a","state":"running","type":"simple"},{"name":"b","state":"failed","type":"simple"})";

std::string told(const Bar& bar) {
  std::string out;
  for (const Phase& phase : bar.phases) {
    out += fmt::format("{} {:.3f}-{:.3f} ", phase.state, phase.from_s, phase.to_s);
  }
  return out;
}

TEST(Timeline, APhaseLastsUntilTheNextAndTheLastUntilNow) {
  Past past;
  past.at(1000, "session.", "waiting", "starting").came_up("a", 1000, 1100, 1350);
  past.at(1350, "session.", "starting", "running");
  const Timeline timeline = make_timeline(status_at(5000, kAB), past.history());
  EXPECT_EQ(timeline.session, "s");
  EXPECT_EQ(timeline.end_s, 4.0);
  EXPECT_EQ(timeline.ready_s, 0.35);
  ASSERT_EQ(timeline.bars.size(), 2U);
  EXPECT_EQ(told(timeline.bars[0]),
            "waiting 0.000-0.100 starting 0.100-0.350 running 0.350-4.000 ");
  EXPECT_EQ(timeline.bars[0].started_s, 0.1);
  EXPECT_EQ(timeline.bars[0].ready_s, 0.35);
  EXPECT_EQ(told(timeline.bars[1]), "");  // nothing is known of it
  EXPECT_EQ(timeline.bars[1].ready_s, std::nullopt);
}

TEST(Timeline, AnEarlierSessionIsNotInIt) {
  Past past;
  past.at(0, "session.", "waiting", "starting").came_up("a", 0, 10, 20);
  past.at(500, "session.", "stopping", "waiting");
  past.at(1000, "session.", "waiting", "starting").came_up("a", 1000, 1200, 1300);
  const Timeline timeline = make_timeline(status_at(2000, kAB), past.history());
  EXPECT_EQ(told(timeline.bars[0]),
            "waiting 0.000-0.200 starting 0.200-0.300 running 0.300-1.000 ");
}

TEST(Timeline, AChangedConfigurationDoesNotBeginASession) {
  Past past;
  past.at(0, "session.", "waiting", "starting").came_up("a", 0, 10, 20);
  past.at(20, "session.", "starting", "running").at(500, "session.", "running", "starting");
  past.at(900, "session.", "starting", "running");
  const Timeline timeline = make_timeline(status_at(1000, kAB), past.history());
  EXPECT_EQ(timeline.ready_s, 0.02);  // the first time
  EXPECT_EQ(timeline.bars[0].started_s, 0.01);
}

TEST(Timeline, AllTriesUntilTheFirstReadinessCount) {
  Past past;
  past.at(0, "session.", "waiting", "starting");
  past.at(0, "a", "stopped", "waiting").at(10, "a", "waiting", "starting");
  past.at(30, "a", "starting", "backoff").at(100, "a", "backoff", "starting");
  past.at(150, "a", "starting", "running").at(160, "a", "running", "backoff");
  past.at(170, "a", "backoff", "starting").at(190, "a", "starting", "running");
  const Timeline timeline = make_timeline(status_at(200, kAB), past.history());
  EXPECT_EQ(timeline.bars[0].started_s, 0.01);
  EXPECT_EQ(timeline.bars[0].ready_s, 0.15);
}

TEST(Timeline, AOneshotIsReadyWhenItHasEndedWellAndNoOtherIs) {
  Past past;
  past.at(0, "session.", "waiting", "starting");
  for (const char* name : {"once", "plain"}) {
    past.at(0, name, "waiting", "starting").at(40, name, "starting", "exited");
  }
  const Timeline timeline = make_timeline(
      status_at(100, R"({"name":"once","type":"oneshot"},{"name":"plain","type":"simple"})"),
      past.history());
  EXPECT_EQ(timeline.bars[0].ready_s, 0.04);
  EXPECT_EQ(timeline.bars[1].ready_s, std::nullopt);
}

TEST(Timeline, AClockThatWasSetBackMakesNoNegativeTime) {
  Past past;
  past.at(5000, "session.", "waiting", "starting").came_up("a", 5000, 1000, 2000);
  const Timeline timeline = make_timeline(status_at(100, kAB), past.history());
  EXPECT_EQ(timeline.end_s, 0.0);
  EXPECT_EQ(told(timeline.bars[0]),
            "waiting 0.000-0.000 starting 0.000-0.000 running 0.000-0.000 ");
}

TEST(Timeline, WithoutASessionItFails) {
  for (const char* status : {R"({"session":null})", "{}", "5"}) {
    try {
      make_timeline(json::parse(status), json::parse("{}"));
      ADD_FAILURE() << status;
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.code, kFailed);
    }
  }
}

TEST(Timeline, StrangeAnswersAreNoHarm) {
  const json::value status = json::parse(R"({"session":{},"coprocesses":[1,{},{"name":"a"}]})");
  for (const char* history : {"null", "{}", R"({"transitions":5})",
                              R"({"transitions":[1,{},{"time":"soon","name":"a"}]})",
                              R"({"transitions":[{"time":"2026-03-01T12:00:00.000Z"}]})"}) {
    EXPECT_EQ(make_timeline(status, json::parse(history)).bars.size(), 3U) << history;
  }
}

TEST(Timeline, AsJsonItHasTheSameNumbers) {
  Past past;
  past.at(0, "session.", "waiting", "starting").came_up("a", 0, 100, 250);
  past.at(250, "session.", "starting", "running");
  const auto object = timeline_json(
      make_timeline(status_at(1000, R"({"name":"a","state":"running"})"), past.history()));
  EXPECT_EQ(json::value(object), json::parse(R"({"session":"s","ready_s":0.25,"end_s":1.0,
      "coprocesses":[{"name":"a","state":"running","started_s":0.1,"ready_s":0.25,"phases":[
        {"state":"waiting","from_s":0.0,"to_s":0.1},{"state":"starting","from_s":0.1,"to_s":0.25},
        {"state":"running","from_s":0.25,"to_s":1.0}]}]})"));
}

TEST(WireTime, IsReadToTheMillisecond) {
  EXPECT_EQ(wire_time("1970-01-01T00:00:00.000Z"), milliseconds{0});
  EXPECT_EQ(wire_time("2026-01-02T03:04:05.678Z"), milliseconds{1'767'323'045'678});
  EXPECT_EQ(wire_time("2024-02-29T23:59:59.999Z"), milliseconds{1'709'251'199'999});
}

TEST(WireTime, AnythingElseIsNone) {
  for (const char* text : {"", "now", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+01:00",
                           "2026-13-02T03:04:05.678Z", "2025-02-29T03:04:05.678Z",
                           "2026-01-02T03:04:0x.678Z", "2026-01-02 03:04:05.678Z"}) {
    EXPECT_EQ(wire_time(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace masterd::ctl
