#include "ctl/render.h"

#include <gtest/gtest.h>

#include "ctl/status.h"
#include "proto/event.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

std::string rendered(const char* verb, const char* result) {
  return render_result(verb, json::parse(result), false);
}

TEST(Render, EveryVerbSurvivesEveryShapeOfResult) {
  for (const char* verb :
       {"ping", "status", "list", "set-config", "check", "end-session", "shutdown", "start",
        "signal", "tree", "wait", "logs", "rotate", "history", "call"}) {
    for (const char* result :
         {"null", "5", "[]", "{}", R"("x")",
          R"({"daemon":5,"session":[],"coprocesses":[1,null,{}]})",
          R"({"configs":[{}],"changes":3,"lines":[4,{}],"transitions":[{}],"coprocesses":{}})",
          R"({"session":{},"daemon":{"uptime_s":"x"},"changes":{"added":[1,{}]}})"}) {
      EXPECT_NO_THROW(rendered(verb, result)) << verb << " " << result;
      EXPECT_NO_THROW(render_details(json::parse(result), true)) << result;
    }
  }
}

TEST(Render, WhatADaemonSaysCannotGarbleTheTerminal) {
  const std::string evil = "\x1b]0;x\x07\r\n";
  const json::value scalar(evil);
  const json::object item{
      {"name", scalar},          {"state", scalar},
      {"reason", scalar},        {"path", scalar},
      {"text", scalar},          {"time", scalar},
      {"cause", scalar},         {"to", scalar},
      {"from", scalar},          {"stage", scalar},
      {"group", scalar},         {"status_text", scalar},
      {"command", scalar},       {"pid", scalar},
      {"ppid", scalar},          {"requires", {scalar}},
      {"waiting_for", {scalar}}, {"processes", {json::object{{"command", scalar}}}},
      {"stream", scalar},        {"version", scalar},
      {"config", scalar},        {"type", "coprocess"}};
  const json::object result{{"daemon", item},
                            {"session", item},
                            {"coprocesses", {json::value(item)}},
                            {"configs", {json::value(item)}},
                            {"lines", {json::value(item)}},
                            {"transitions", {json::value(item)}},
                            {"changes", {{"added", {scalar}}}},
                            {"name", scalar},
                            {"version", scalar}};
  std::string all = render_event(item, false) + render_error({1, evil, item});
  for (const char* verb : {"ping", "status", "list", "set-config", "end-session", "start", "tree",
                           "wait", "logs", "rotate", "history", "call"}) {
    all += render_result(verb, json::value(result), false);
  }
  all += render_details(json::value(result), false);
  for (const char c : all) {
    EXPECT_TRUE(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F)) << int{c};
  }
}

TEST(Render, SetConfigShowsWhatChanges) {
  EXPECT_EQ(rendered("set-config", R"({"session":"s","generation":3,"changes":
                     {"added":["a","b"],"removed":[],"changed":["c"],"unchanged":["d"]}})"),
            "session s, generation 3\n  added: a, b\n  changed: c\n  unchanged: d\n");
}

TEST(Render, ADryRunIsAPlanInWords) {
  EXPECT_EQ(rendered("set-config", R"({"session":"s","generation":3,"dry_run":true,"changes":
                     {"added":["a","b"],"removed":["c"],"changed":["d"],"updated":["e"],
                      "unchanged":["f","g"],"dependents":["f"]}})"),
            "session s: it would\n  stop: c\n  restart: d\n  restart with what they require: f\n"
            "  start: a, b\n  take over new settings, without a restart: e\n");
  EXPECT_EQ(rendered("set-config", R"({"session":"s","generation":3,"dry_run":true,"changes":
                     {"added":[],"removed":[],"changed":[],"updated":[],"unchanged":["f"]}})"),
            "session s: nothing would change\n");
}

TEST(Render, ASessionThatBeginsAnewIsToldInWords) {
  EXPECT_EQ(rendered("set-config", R"({"session":"s","generation":1,"anew":true,"changes":
                     {"added":[],"removed":[],"changed":["a","b"],"unchanged":[]}})"),
            "session s, generation 1\n  changed: a, b\n  the session is begun anew\n");
  EXPECT_EQ(rendered("set-config", R"({"session":"s","generation":1,"anew":true,"dry_run":true,
                     "changes":{"added":["c"],"removed":[],"changed":["a","b"]}})"),
            "session s: it would\n  restart: a, b\n  start: c\n"
            "  end in order, and be begun anew, all of it\n");
}

TEST(Render, TheSmallResultsAreOneLine) {
  EXPECT_EQ(rendered("ping", R"({"version":"0.1.0","protocol":1,"pid":7,"events":[]})"),
            "masterd 0.1.0, protocol 1, pid 7\n");
  EXPECT_EQ(rendered("check", R"({"ok":true,"diagnostics":[]})"), "ok\n");
  EXPECT_EQ(rendered("wait", R"({"name":"a","state":"running"})"), "a running\n");
  EXPECT_EQ(rendered("shutdown", R"({"accepted":true,"already_in_progress":false})"), "accepted\n");
  EXPECT_EQ(rendered("shutdown", R"({"accepted":true,"already_in_progress":true})"),
            "already in progress\n");
  EXPECT_EQ(rendered("signal", "{}"), "");
  EXPECT_EQ(rendered("call", R"({"a":1.5})"), "{\"a\":1.5}\n");
}

TEST(Render, ListsAndHistoriesAreTables) {
  EXPECT_EQ(rendered("list", R"({"configs":[{"name":"a","path":"/a.toml","description":"A a"}]})"),
            "NAME  DESCRIPTION  PATH\na     A a          /a.toml\n");
  EXPECT_EQ(rendered("list", R"({"configs":[]})"), "no configs\n");
  EXPECT_EQ(rendered("list", R"({"configs":[{"name":"a","path":"/a.ini","description":"A",
                                             "profile":"p","error":"no"}],"truncated":true})"),
            "NAME  DESCRIPTION  PATH    ERROR\na     A            /a.ini  no\n"
            "there are more files than are looked at\n");
  EXPECT_EQ(
      rendered("history", R"({"transitions":[{"seq":1,"time":"T","name":"a","from":"starting",
                                   "to":"running","cause":"ready"}]})"),
      "SEQ  TIME  NAME  FROM      TO       CAUSE\n1    T     a     starting  running  ready\n");
  EXPECT_EQ(rendered("stop", R"({"coprocesses":[{"name":"a","state":"stopped"}]})"),
            "NAME  STATE\na     stopped\n");
}

TEST(Render, LogLinesShowTimeStreamAndText) {
  EXPECT_EQ(rendered("logs", R"({"lines":[{"seq":1,"time":"T","stream":"stdout","text":"one"},
                                {"seq":2,"time":"T","stream":"stderr","text":"two\u001b[1m"}]})"),
            "T stdout one\nT stderr two\\x1b[1m\n");
}

TEST(Render, EventsAreOneLineEach) {
  json::object event =
      proto::coprocess_event("a", "running", "stopping", "stop", 7, proto::exit_code(1));
  event["time"] = "T";
  EXPECT_EQ(render_event(event, false),
            "T coprocess a: running -> stopping, pid 7, code 1 (stop)\n");
  event = proto::session_event("s", "starting", "running", "");
  event["time"] = "T";
  EXPECT_EQ(render_event(event, false), "T session s: starting -> running\n");
  event = proto::log_event("a", "stderr", "x", 1);
  event["time"] = "T";
  EXPECT_EQ(render_event(event, false), "T a stderr: x\n");
  event = proto::heartbeat_event(61);
  event["time"] = "T";
  EXPECT_EQ(render_event(event, false), "T heartbeat, up 1m01s\n");
}

TEST(Render, AnEventOfATypeFromTheFutureIsShownAsJson) {
  EXPECT_EQ(render_event({{"type", "moon"}, {"phase", 3}}, false),
            "{\"type\":\"moon\",\"phase\":3}\n");
}

TEST(Render, AMessageThatOnlyRepeatsTheFirstDiagnosticIsNotShownTwice) {
  const json::value diagnostics =
      json::parse(R"([{"file":"/a","line":1,"column":2,"message":"bad"}])");
  EXPECT_EQ(render_error(proto::application_error("bad_config", "/a:1:2: bad",
                                                  {{"diagnostics", diagnostics}})),
            "the config is not valid (bad_config)\n/a:1:2: bad");
}

TEST(Render, AnErrorShowsItsReasonAndDiagnostics) {
  const json::value diagnostics = json::parse(
      R"([{"file":"/a.toml","line":3,"column":7,"key":"coprocess.a.stop","message":"unknown key"},
          {"file":"/a.toml","line":0,"column":0,"key":"","message":"no coprocess"}])");
  EXPECT_EQ(render_error(proto::application_error("bad_config", "the config is not valid",
                                                  {{"diagnostics", diagnostics}})),
            "the config is not valid (bad_config)\n"
            "/a.toml:3:7: coprocess.a.stop: unknown key\n"
            "/a.toml: no coprocess");
  EXPECT_EQ(render_error({-32601, "no such method", nullptr}), "no such method");
}

}  // namespace
}  // namespace masterd::ctl
