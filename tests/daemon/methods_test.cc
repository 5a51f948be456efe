// Every method once as it should be and once as it should not.
#include "daemon/methods.h"

#include <gmock/gmock.h>

#include "tests/daemon/methods_fixture.h"

namespace masterd::daemon {
namespace {

using test::kTwo;
using testing::ElementsAre;
using testing::HasSubstr;
namespace json = boost::json;

class MethodsTest : public test::MethodsFixture {};

// ---- the table ----

TEST_F(MethodsTest, UnknownMethodNamesTheNearest) {
  send("statsu");
  EXPECT_EQ(answer().at("error").at("code"), proto::kMethodNotFound);
  EXPECT_THAT(std::string{answer().at("error").at("message").as_string()},
              HasSubstr("did you mean 'status'?"));
}

TEST_F(MethodsTest, EveryMethodRefusesAParameterThatItDoesNotKnow) {
  pick(kTwo);
  for (const auto name : Methods::names()) {
    send(std::string{name}, R"({"no_such_parameter":1})");
    ASSERT_TRUE(answered()) << name;
    EXPECT_EQ(answer().at("error").at("code"), proto::kInvalidParams) << name;
  }
  EXPECT_EQ(fsm_.state(), "session");
}

TEST_F(MethodsTest, S18_ObserverReadsAndDoesNotAct) {
  pick(kTwo);
  for (const auto name : Methods::names()) {
    const std::string reason = refusal(std::string{name}, "{}", Role::Observer);
    const bool reads = name == "ping" || name == "rpc.discover" || name == "status" ||
                       name == "list_configs" || name == "check_config" || name == "wait" ||
                       name == "tree" || name == "logs" || name == "history";
    EXPECT_EQ(reason == "not_permitted", !reads) << name << " " << reason;
  }
}

TEST_F(MethodsTest, ConfigurationFromOutsideTheFoldersIsForAdmins) {
  const std::string text = set_text(kTwo);
  const std::string path = R"({"config":"/etc/x.toml"})";
  EXPECT_EQ(refusal("set_config", text, Role::Operator), "not_permitted");
  EXPECT_EQ(refusal("set_config", path, Role::Operator), "not_permitted");
  EXPECT_EQ(refusal("check_config", text, Role::Observer), "not_permitted");
  folder_.file("mine.toml", kTwo);
  EXPECT_EQ(refusal("set_config", R"({"config":"mine"})", Role::Operator), "");
  EXPECT_NE(fsm_.session(), nullptr);
}

TEST_F(MethodsTest, OperatorsPickByPathWhatIsBelowTheFolders) {
  folder_.file("sub/deep/mine.toml", kTwo);
  const auto with = [&](const std::string& path) {
    return refusal("set_config", R"({"dry_run":true,"config":")" + path + R"("})", Role::Operator);
  };
  EXPECT_EQ(with(folder_.path("sub/deep/mine.toml")), "");
  EXPECT_EQ(with(folder_.path("sub/../sub/deep/mine.toml")), "");
  const test::TempFolder outside;
  outside.file("other.toml", kTwo);
  std::filesystem::create_directory_symlink(outside.path(), folder_.path("link"));
  EXPECT_EQ(with(outside.path("other.toml")), "not_permitted");
  EXPECT_EQ(with(folder_.path("link/other.toml")), "not_permitted");
  EXPECT_EQ(with(folder_.path("../") + outside.path().filename().string() + "/other.toml"),
            "not_permitted");
  EXPECT_EQ(with(folder_.path().string() + "-not/mine.toml"), "not_permitted");
}

TEST_F(MethodsTest, ANameOfSeveralConfigurationsIsRefusedWithTheirPaths) {
  const std::string text = std::string{"[session]\nname = \"mill\"\n"} + kTwo;
  folder_.file("one/a.toml", text);
  folder_.file("two/b.toml", text);
  send("set_config", R"({"config":"mill"})");
  settle();
  const boost::json::value told = answer();
  const auto& data = told.at("error").at("data");
  EXPECT_EQ(data.at("reason"), "ambiguous_config");
  EXPECT_EQ(data.at("paths").at(0).as_string(), folder_.path("one/a.toml"));
  EXPECT_EQ(data.at("paths").at(1).as_string(), folder_.path("two/b.toml"));
}

TEST_F(MethodsTest, AfterShutdownWhatActsIsRefusedAndWhatReadsWorks) {
  launcher_.deaf = true;
  pick(kTwo);
  const auto first = result("shutdown", R"({"reason":"lunch"})");
  EXPECT_EQ(first.at("accepted"), true);
  EXPECT_EQ(first.at("already_in_progress"), false);
  EXPECT_EQ(result("shutdown").at("already_in_progress"), true);
  EXPECT_EQ(refusal("start", R"({"names":["a"]})"), "shutting_down");
  EXPECT_EQ(refusal("set_config", set_text(kTwo)), "shutting_down");
  EXPECT_EQ(result("status").at("daemon").at("state"), "stopping");
  EXPECT_EQ(fsm_.shutdown_reason(), "lunch");
}

// ---- reading ----

TEST_F(MethodsTest, PingTellsVersionProtocolAndEvents) {
  const std::string endpoint = publisher_.bind("ipc://" + (folder_.path() / "e").string());
  const auto pong = result("ping");
  EXPECT_EQ(pong.at("protocol"), proto::kProtocolVersion);
  EXPECT_EQ(pong.at("pid"), ::getpid());
  EXPECT_EQ(pong.at("events"), json::array{json::value_from(endpoint)});
}

TEST_F(MethodsTest, StatusWithoutASessionHasNullAndNoCoprocesses) {
  const auto status = result("status");
  EXPECT_TRUE(status.at("session").is_null());
  EXPECT_TRUE(status.at("coprocesses").as_array().empty());
  EXPECT_EQ(status.at("daemon").at("state"), "waiting");
  EXPECT_EQ(refusal("status", R"({"name":"a"})"), "no_session");
}

TEST_F(MethodsTest, D15_StatusHasNoFieldThatMeansNothing) {
  pick(kTwo);
  auto status = result("status");
  EXPECT_EQ(status.at("session").at("state"), "running");
  EXPECT_EQ(status.at("session").at("degraded"), false);
  EXPECT_FALSE(status.at("session").as_object().contains("config"));  // it was text
  const auto& a = status.at("coprocesses").at(0).as_object();
  EXPECT_EQ(a.at("name"), "a");
  EXPECT_EQ(a.at("pid"), launcher_.of("a")->pid);
  for (const char* absent : {"group", "last_exit", "reason", "waiting_for", "next_try_s"}) {
    EXPECT_FALSE(a.contains(absent)) << absent;
  }
  launcher_.of("b")->end_by(SIGSEGV);
  settle();
  status = result("status", R"({"name":"b"})");
  ASSERT_EQ(status.at("coprocesses").as_array().size(), 1U);
  const auto& b = status.at("coprocesses").at(0).as_object();
  EXPECT_EQ(b.at("state"), "failed");
  EXPECT_EQ(b.at("last_exit"), (json::object{{"signal", "SIGSEGV"}}));
  EXPECT_FALSE(b.contains("pid"));
  EXPECT_FALSE(b.contains("uptime_s"));
  EXPECT_EQ(result("status").at("session").at("degraded"), true);
}

TEST_F(MethodsTest, StatusSeqIsThatOfTheNewestEvent) {
  pick(kTwo);
  EXPECT_EQ(result("status").at("seq"), history_.find({}, 0, 1).at(0).seq);
}

TEST_F(MethodsTest, CheckConfigAnswersWhatIsWrongAndChangesNothing) {
  EXPECT_EQ(result("check_config", set_text(kTwo)).at("ok"), true);
  const auto bad = result("check_config", set_text("[coprocess.a]\ncommand = 1\nx = 2\n"));
  EXPECT_EQ(bad.at("ok"), false);
  ASSERT_EQ(bad.at("diagnostics").as_array().size(), 2U);
  EXPECT_EQ(bad.at("diagnostics").at(0).at("line"), 2);
  EXPECT_EQ(bad.at("diagnostics").at(0).at("key"), "coprocess.a.command");
  EXPECT_EQ(refusal("check_config", R"({"config":"none"})"), "unknown_config");
  EXPECT_EQ(refusal("check_config"), "bad_params");
  EXPECT_EQ(fsm_.session(), nullptr);
}

TEST_F(MethodsTest, ListConfigsIsThePicker) {
  folder_.file("good.toml", std::string{"[session]\ndescription = \"D\"\n"} + kTwo);
  folder_.file("bad.toml", "[");
  const auto configs = result("list_configs").at("configs").as_array();
  ASSERT_EQ(configs.size(), 2U);
  EXPECT_EQ(configs[0].at("name"), "bad");
  EXPECT_TRUE(configs[0].as_object().contains("error"));
  EXPECT_EQ(configs[1].at("description"), "D");
  EXPECT_FALSE(configs[1].as_object().contains("error"));
}

TEST_F(MethodsTest, LogsAreTheNewestLinesOldestFirst) {
  pick(kTwo);
  launcher_.of("a")->output(supervisor::Stream::Stderr, "one\ntwo\nthree\n");
  const auto lines = result("logs", R"({"name":"a","lines":2})").at("lines").as_array();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].at("text"), "two");
  EXPECT_EQ(lines[1].at("text"), "three");
  EXPECT_EQ(lines[1].at("stream"), "stderr");
  EXPECT_EQ(lines[1].at("seq"), 3);
  EXPECT_EQ(refusal("logs", R"({"name":"z"})"), "unknown_coprocess");
}

TEST_F(MethodsTest, HistoryFiltersByNameAndSeq) {
  pick(kTwo);
  const auto of_a = result("history", R"({"name":"a"})").at("transitions").as_array();
  ASSERT_EQ(of_a.size(), 3U);
  EXPECT_EQ(of_a[0].at("from"), "stopped");
  EXPECT_EQ(of_a[2].at("to"), "running");
  const auto of_session = result("history", R"({"name":"session."})").at("transitions").as_array();
  ASSERT_EQ(of_session.size(), 2U);
  EXPECT_EQ(of_session[1].at("to"), "running");
  const auto since = json::serialize(json::object{{"since_seq", of_session[1].at("seq")}});
  EXPECT_TRUE(result("history", since).at("transitions").as_array().empty());
}

// ---- the session ----

TEST_F(MethodsTest, SetConfigSaysWhatChanges) {
  const auto set = result("set_config", set_text(kTwo));
  EXPECT_EQ(set.at("session"), "inline");
  EXPECT_EQ(set.at("generation"), 1);
  EXPECT_EQ(set.at("changes").at("added"), (json::array{"a", "b"}));
}

TEST_F(MethodsTest, DryRunShowsTheDifferenceAndChangesNothing) {
  pick(kTwo);
  const auto set =
      result("set_config", set_text("[coprocess.a]\ncommand = [\"x\"]\n", {{"dry_run", true}}));
  EXPECT_EQ(set.at("changes").at("changed"), json::array{"a"});
  EXPECT_EQ(set.at("changes").at("removed"), json::array{"b"});
  EXPECT_EQ(fsm_.session()->generation(), 1U);
  EXPECT_EQ(launcher_.launches, 2);
}

TEST_F(MethodsTest, S13_BadConfigChangesNothingAndNamesFileLineAndKey) {
  pick(kTwo);
  send("set_config", set_text("[coprocess.a]\ncommand = []\n"));
  EXPECT_EQ(test::FakePort::reason(answer()), "bad_config");
  const auto wrong = answer().at("error").at("data").at("diagnostics").at(0);
  EXPECT_EQ(wrong.at("file"), "inline");
  EXPECT_EQ(wrong.at("line"), 2);
  EXPECT_EQ(wrong.at("key"), "coprocess.a.command");
  settle();
  EXPECT_EQ(launcher_.launches, 2);
  EXPECT_EQ(fsm_.session()->generation(), 1U);
}

TEST_F(MethodsTest, SetConfigDuringAnEndIsBusy) {
  launcher_.deaf = true;
  pick(kTwo);
  result("end_session");
  EXPECT_EQ(refusal("set_config", set_text(kTwo)), "busy");
  EXPECT_EQ(refusal("start", R"({"names":["a"]})"), "busy");
  EXPECT_EQ(result("end_session").at("session"), "inline");  // already ending: the same answer
}

TEST_F(MethodsTest, EndSessionWithoutOneIsRefused) {
  EXPECT_EQ(refusal("end_session"), "no_session");
}

// ---- coprocesses, without waiting ----

TEST_F(MethodsTest, VerbsAnswerTheStatesAtOnce) {
  pick(kTwo);
  send("stop", R"({"names":["b"]})");
  ASSERT_TRUE(answered());
  EXPECT_EQ(answer().at("result").at("coprocesses"),
            (json::array{json::object{{"name", "b"}, {"state", "running"}}}));
  settle();
  EXPECT_EQ(fsm_.session()->supervisor().state("b"), supervisor::State::Stopped);
}

TEST_F(MethodsTest, GlobsMatchNamesAndOneThatMatchesNothingActsOnNone) {
  pick("[coprocess.ab]\ncommand = [\"x\"]\n[coprocess.ac]\ncommand = [\"x\"]\n");
  EXPECT_EQ(result("stop", R"({"names":["a*","ab"]})").at("coprocesses").as_array().size(), 2U);
  EXPECT_EQ(refusal("start", R"({"names":["ab","z*"]})"), "unknown_coprocess");
  EXPECT_EQ(answer().at("error").at("data").at("name"), "z*");
  EXPECT_EQ(fsm_.session()->supervisor().state("ab"), supervisor::State::Stopped);
}

TEST_F(MethodsTest, GlobThatWouldTakeForEverIsRefused) {
  pick(kTwo);
  EXPECT_EQ(refusal("stop", R"({"names":["*a*a*a*a*a*a*b"]})"), "bad_params");
}

TEST_F(MethodsTest, VerbsWithoutASessionAreRefused) {
  for (const char* verb : {"start", "stop", "restart"}) {
    EXPECT_EQ(refusal(verb, R"({"names":["a"]})"), "no_session") << verb;
  }
  EXPECT_EQ(refusal("signal", R"({"name":"a","signal":"HUP"})"), "no_session");
  EXPECT_EQ(refusal("wait", R"({"name":"a","state":"running"})"), "no_session");
}

TEST_F(MethodsTest, NowSkipsTheGrace) {
  launcher_.deaf = true;
  pick(kTwo);
  result("stop", R"({"names":["b"],"now":true})");
  EXPECT_THAT(launcher_.of("b")->signals, ElementsAre(SIGKILL));
}

TEST_F(MethodsTest, SignalIsDeliveredByNameOrNumber) {
  pick(kTwo);
  EXPECT_TRUE(result("signal", R"({"name":"a","signal":"HUP"})").is_object());
  EXPECT_TRUE(result("signal", R"({"name":"a","signal":"10"})").is_object());
  EXPECT_THAT(launcher_.of("a")->leader_signals, ElementsAre(SIGHUP, SIGUSR1));
  EXPECT_EQ(refusal("signal", R"({"name":"a","signal":"SIGNOT"})"), "bad_params");
  result("stop", R"({"names":["b"]})");
  EXPECT_EQ(refusal("signal", R"({"name":"b","signal":"HUP"})"), "not_running");
}

}  // namespace
}  // namespace masterd::daemon
