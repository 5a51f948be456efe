#include "ctl/status.h"

#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

namespace json = boost::json;

constexpr const char* kStatus = R"({
  "seq": 9,
  "daemon": {"state": "session", "pid": 100, "version": "0.1.0", "uptime_s": 303.5},
  "session": {"name": "two-stage", "config": "/etc/two.toml", "state": "running", "degraded": true,
              "generation": 2},
  "coprocesses": [
    {"name": "rt-host", "group": "rt", "state": "running", "desired": "up", "pid": 101, "ready": true,
     "restarts": 0, "uptime_s": 12},
    {"name": "ui", "group": "app", "state": "failed", "desired": "up", "ready": false, "restarts": 5,
     "last_exit": {"signal": "SIGSEGV"}, "reason": "restart limit"},
    {"name": "late", "group": "app", "state": "waiting", "desired": "up", "ready": false,
     "restarts": 0, "last_exit": {"code": 3}, "waiting_for": ["ui", "rt-host"]}]})";

/// The table alone, of one coprocess.
std::string row(const std::string& coprocess) {
  const std::string text =
      render_status(json::parse(R"({"session":null,"coprocesses":[)" + coprocess + "]}"), false);
  return text.substr(text.find("\n\n") + 2);
}

std::string details(const std::string& coprocess) {
  return render_details(json::parse(R"({"coprocesses":[)" + coprocess + "]}"), false);
}

TEST(Status, HasAHeadAndATable) {
  EXPECT_EQ(render_status(json::parse(kStatus), false),
            "masterd 0.1.0: session, pid 100, up 5m03s\n"
            "session two-stage: running (degraded), generation 2, /etc/two.toml\n"
            "\n"
            "NAME     STATE    PID  UPTIME  RESTARTS  NOW\n"
            "rt-host  running  101  12s     -         -\n"
            "ui       failed   -    -       5         restart limit\n"
            "late     waiting  -    -       -         waits for ui, rt-host\n");
}

TEST(Status, AStartShowsWhatIsMissingAndTheTimeLeft) {
  EXPECT_EQ(row(R"({"name":"a","state":"starting","desired":"up","stage":"no READY=1 came",
                    "time_left_s":6.25,"status_text":"loading 3 of 7"})"),
            "NAME  STATE     NOW\n"
            "a     starting  no READY=1 came, 6.2s left; \"loading 3 of 7\"\n");
}

TEST(Status, AStopShowsTheRungTheTimeLeftAndWhy) {
  EXPECT_EQ(row(R"({"name":"a","state":"stopping","desired":"down","stage":"SIGTERM",
                    "time_left_s":3,"reason":"stop requested"})"),
            "NAME  STATE     DESIRED  NOW\n"
            "a     stopping  down     SIGTERM, 3.0s left; stop requested\n");
}

TEST(Status, ABackoffShowsWhenItIsTriedAgain) {
  EXPECT_EQ(row(R"({"name":"a","state":"backoff","reason":"code 1","next_try_s":3.25})"),
            "NAME  STATE    NOW\na     backoff  code 1; again in 3.2s\n");
}

TEST(Status, WhatCameToRestWithoutAReasonShowsItsLastExit) {
  EXPECT_EQ(row(R"({"name":"a","state":"exited","desired":"up","last_exit":{"code":0}})"),
            "NAME  STATE   NOW\na     exited  ended with code 0\n");
  // Of one that runs again it is old news.
  EXPECT_EQ(row(R"({"name":"a","state":"running","pid":7,"last_exit":{"code":1}})"),
            "NAME  STATE    PID\na     running  7\n");
}

TEST(Status, ColoursAreOnlyWhereTheyAreWanted) {
  EXPECT_EQ(render_status(json::parse(kStatus), false).find('\x1b'), std::string::npos);
  EXPECT_NE(render_status(json::parse(kStatus), true).find("\x1b[31mfailed\x1b[0m"),
            std::string::npos);
}

TEST(Status, WithoutASessionItSaysSo) {
  EXPECT_EQ(render_status(json::parse(R"({"daemon":{"state":"waiting","pid":1,"version":"0.1.0",
                                          "uptime_s":1},"session":null,"coprocesses":[]})"),
                          false),
            "masterd 0.1.0: waiting, pid 1, up 1.0s\nno session\n");
}

TEST(Status, DetailsAreOneFactALine) {
  EXPECT_EQ(details(R"({"name":"ui","group":"app","type":"forking","requires":["rt","db"],
                        "state":"stopping","desired":"down","pid":820,"uptime_s":3.5,"ready":false,
                        "restarts":1,"last_exit":{"signal":"SIGKILL"},"stage":"SIGTERM",
                        "time_left_s":2,"reason":"stop requested","status_text":"draining",
                        "pids":[820,822]})"),
            "ui: stopping, wanted down\n"
            "       group: app\n"
            "        type: forking\n"
            "    requires: rt, db\n"
            "       stage: SIGTERM, 2.0s left\n"
            "      reason: stop requested\n"
            "        says: draining\n"
            "         pid: 820, up 3.5s\n"
            " still alive: 820, 822\n"
            "       ready: no\n"
            "    restarts: 1\n"
            "   last exit: SIGKILL\n");
}

TEST(Status, DetailsThatMeanNothingAreLeftOut) {
  EXPECT_EQ(details(R"({"name":"a","state":"waiting","desired":"up","ready":false,"restarts":0,
                        "waiting_for":["b"]})"),
            "a: waiting, wanted up\n"
            "   waits for: b\n"
            "       ready: no\n"
            "    restarts: 0\n");
}

}  // namespace
}  // namespace masterd::ctl
