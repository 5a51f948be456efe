#include "ctl/run.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "ctl/exit_code.h"
#include "proto/event.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using proto::application_error;
using proto::Request;
using test::always;
using test::Answer;
using test::FakeDaemon;

class RunTest : public testing::Test {
 protected:
  std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  std::string events() const { return "ipc://" + folder_.path("events.sock"); }

  int masterctl(std::vector<std::string> args) {
    args.insert(args.begin(), {"--endpoint", control()});
    std::istringstream in;
    std::ostringstream out;
    std::ostringstream err;
    const int code = run(std::move(args), {in, out, err});
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  /// The exit status when the daemon answers everything with `error`.
  int refused(proto::Error error, std::vector<std::string> args = {"stop", "a"}) {
    const FakeDaemon daemon{control(), events(), always(std::move(error))};
    return masterctl(std::move(args));
  }

  test::TempFolder folder_;
  std::string out_;
  std::string err_;
};

TEST_F(RunTest, AResultIsPrintedAndDone) {
  const FakeDaemon daemon{control(), events(),
                          always(json::value{{"name", "a"}, {"state", "running"}})};
  EXPECT_EQ(masterctl({"wait", "a", "running"}), kDone);
  EXPECT_EQ(out_, "a running\n");
  EXPECT_EQ(err_, "");
}

TEST_F(RunTest, WithJsonTheResultObjectIsOneLine) {
  const FakeDaemon daemon{control(), events(),
                          always(json::value{{"name", "a"}, {"state", "running"}})};
  EXPECT_EQ(masterctl({"--json", "wait", "a", "running"}), kDone);
  EXPECT_EQ(out_, "{\"name\":\"a\",\"state\":\"running\"}\n");
}

TEST_F(RunTest, TheDaemonGetsWhatWasTyped) {
  FakeDaemon daemon{control(), events(), always(json::object{})};
  EXPECT_EQ(masterctl({"stop", "a*", "b", "--now", "--wait", "--timeout", "3"}), kDone);
  const Request request = daemon.request("stop");
  EXPECT_EQ(proto::encode(request.params),
            R"({"names":["a*","b"],"now":true,"wait":true,"timeout_s":3.0})");
}

TEST_F(RunTest, TheFourKindsOfFailureHaveFourCodes) {
  const int no_daemon = masterctl({"ping"});
  const int failed = refused(application_error("busy", "the session is ending"));
  const int wrong_name = refused(application_error("unknown_coprocess", "no coprocess \"a\""));
  const int timed_out = refused(application_error("timeout", "a is still stopping"));
  EXPECT_EQ(no_daemon, 3);
  EXPECT_EQ(failed, 1);
  EXPECT_EQ(wrong_name, 2);
  EXPECT_EQ(timed_out, 4);
  EXPECT_EQ((std::set<int>{no_daemon, failed, wrong_name, timed_out, 0}).size(), 5u);
}

TEST_F(RunTest, EveryOtherReasonIsARefusal) {
  for (const char* reason :
       {"bad_config", "no_session", "superseded", "not_permitted", "impossible", "shutting_down",
        "too_many_pending", "a-word-from-the-future"}) {
    EXPECT_EQ(refused(application_error(reason, "no")), kFailed) << reason;
    EXPECT_EQ(err_, std::string{"masterctl: no ("} + reason + ")\n");
  }
}

TEST_F(RunTest, AMethodOrParameterThatTheDaemonDoesNotKnowIsUsage) {
  EXPECT_EQ(refused({proto::kMethodNotFound, "unknown method \"x\"", nullptr}, {"call", "x"}),
            kUsage);
  EXPECT_EQ(refused({proto::kInvalidParams, "parameter \"y\" is unknown", nullptr}), kUsage);
}

TEST_F(RunTest, ADaemonThatDoesNotAnswerInTimeIsATimeout) {
  const FakeDaemon daemon{control(), events(), always(std::monostate{})};
  EXPECT_EQ(masterctl({"ping", "--timeout", "0.05"}), kTimedOut);
  EXPECT_EQ(err_, "masterctl: no answer to \"ping\" within 0.05 s\n");
}

TEST_F(RunTest, ADaemonThatDiesDuringTheRequestIsNone) {
  const FakeDaemon daemon{control(), events(), [](FakeDaemon& d, const Request&) -> Answer {
                            d.die();
                            return std::monostate{};
                          }};
  EXPECT_EQ(masterctl({"wait", "a", "running"}), kNoDaemon);
}

TEST_F(RunTest, ABadEndpointIsUsage) {
  EXPECT_EQ(masterctl({"ping", "--endpoint", "nonsense"}), kUsage);
  EXPECT_NE(err_.find("nonsense"), std::string::npos);
}

TEST_F(RunTest, ABadConfigShowsEachDiagnosticOnItsLine) {
  const json::value diagnostics = json::parse(
      R"([{"file":"/a.toml","line":2,"column":1,"key":"session.nmae","message":"unknown"}])");
  EXPECT_EQ(refused(application_error("bad_config", "not valid", {{"diagnostics", diagnostics}}),
                    {"set-config", "./a.toml"}),
            kFailed);
  EXPECT_EQ(err_, "masterctl: not valid (bad_config)\n/a.toml:2:1: session.nmae: unknown\n");
}

TEST_F(RunTest, CheckFailsForABadConfigThoughTheDaemonAnswered) {
  const FakeDaemon daemon{
      control(), events(),
      always(json::parse(R"({"ok":false,"diagnostics":[{"file":"/a.toml","line":2,
                                 "column":1,"key":"k","message":"m"}]})"))};
  EXPECT_EQ(masterctl({"check", "a"}), kFailed);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "masterctl: the config is not valid (bad_config)\n/a.toml:2:1: k: m\n");
  EXPECT_EQ(masterctl({"check", "a", "--json"}), kFailed);
  EXPECT_EQ(out_.find("{\"ok\":false"), 0u);
}

TEST_F(RunTest, RotateShowsTheFilesAndFailsWhenOneCouldNotBeRotated) {
  {
    const FakeDaemon daemon{control(), events(),
                            always(json::parse(R"({"files":[{"name":"a","path":"/a.log"}]})"))};
    EXPECT_EQ(masterctl({"rotate"}), kDone);
    EXPECT_NE(out_.find("/a.log"), std::string::npos) << out_;
  }
  const FakeDaemon daemon{control(), events(),
                          always(json::parse(R"({"files":[{"name":"a","path":"/a.log"},
                             {"name":"b","path":"/b.log","error":"Is a directory"}]})"))};
  EXPECT_EQ(masterctl({"rotate"}), kFailed);
  EXPECT_NE(out_.find("Is a directory"), std::string::npos) << out_;
  EXPECT_EQ(err_, "masterctl: not every file could be rotated\n");
}

TEST_F(RunTest, ShutdownOfADaemonThatStaysTimesOut) {
  const FakeDaemon daemon{control(), events(), always(json::value{{"accepted", true}})};
  EXPECT_EQ(masterctl({"shutdown", "--wait", "--timeout", "0.3"}), kTimedOut);
}

TEST_F(RunTest, UsageErrorsSayWhatIsWrong) {
  EXPECT_EQ(masterctl({"statsu"}), kUsage);
  EXPECT_EQ(err_, "masterctl: unknown verb \"statsu\"; did you mean \"status\"?\n");
}

TEST_F(RunTest, HelpIsNoError) {
  EXPECT_EQ(masterctl({"--help"}), kDone);
  EXPECT_NE(out_.find("set-config"), std::string::npos);
}

TEST_F(RunTest, LogsFollowOfAnUnknownNameIsRefused) {
  const FakeDaemon daemon{control(), events(), [&](FakeDaemon&, const Request& r) -> Answer {
                            if (r.method == "ping") return json::value{{"events", {events()}}};
                            return application_error("unknown_coprocess", "no coprocess \"a\"");
                          }};
  EXPECT_EQ(masterctl({"logs", "a", "-f"}), kUsage);
}

TEST_F(RunTest, EventsEndWithNoDaemonWhenItGoesAway) {
  FakeDaemon daemon{control(), events(), always(json::value{{"events", {events()}}})};
  std::thread killer{[&] {
    while (daemon.requests().empty()) std::this_thread::yield();
    daemon.die();
  }};
  EXPECT_EQ(masterctl({"events"}), kNoDaemon);
  killer.join();
}

}  // namespace
}  // namespace masterd::ctl
