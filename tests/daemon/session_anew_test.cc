// Requests that end the session and begin it anew: a part without a life of its own is to start
// again.
#include <gmock/gmock.h>

#include "tests/daemon/methods_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using test::FakePort;
using testing::HasSubstr;
namespace json = boost::json;

constexpr const char* kBound =
    "[session]\nname = \"s\"\nafter = [[\"tidy\"]]\n"
    "[coprocess.a]\ncommand = [\"a\"]\nrestart = { scope = \"session\" }\n"
    "[coprocess.b]\ncommand = [\"b\"]\nrequires = [\"a\"]\n";
constexpr const char* kChanged =
    "[session]\nname = \"s\"\n"
    "[coprocess.a]\ncommand = [\"a\", \"-v\"]\nrestart = { scope = \"session\" }\n"
    "[coprocess.b]\ncommand = [\"b\"]\nrequires = [\"a\"]\n";

class SessionAnewTest : public test::MethodsFixture {
 protected:
  /// The session's own command, `after`, which keeps the end of the session from coming.
  void tidied() {
    launcher_.of("session")->end_with(0);
    settle();
  }
  [[nodiscard]] json::value answered_with() const {
    const json::value all = answer();
    return answered() && all.as_object().contains("result") ? all.at("result") : json::value{};
  }
  [[nodiscard]] std::string reason() const {
    return answered() ? FakePort::reason(answer()) : "no answer";
  }
  [[nodiscard]] std::string message() const {
    return answer().at("error").at("message").as_string().c_str();
  }
};

TEST_F(SessionAnewTest, ARestartIsAnsweredWhenItRunsInTheNextSession) {
  pick(kBound);
  const int before = launcher_.launches;
  send("restart", R"({"names":["a"],"wait":true})");
  settle();
  EXPECT_FALSE(answered());
  EXPECT_EQ(fsm_.session()->state(), SessionState::Stopping);
  EXPECT_TRUE(launcher_.of("b")->destroyed);
  tidied();
  EXPECT_EQ(answered_with().at("coprocesses").at(0).at("state"), "running");
  EXPECT_EQ(fsm_.sessions(), 2U);
  EXPECT_EQ(launcher_.launches, before + 3);  // tidy, a, b
  EXPECT_EQ(fsm_.session()->state(), SessionState::Running);
}

TEST_F(SessionAnewTest, OfARestartOfManyTheWholeSessionIsBegunOnce) {
  pick(kBound);
  send("restart", R"({"names":["*"],"wait":true})");
  settle();
  tidied();
  EXPECT_EQ(answered_with().at("coprocesses").as_array().size(), 2U);
  EXPECT_EQ(fsm_.sessions(), 2U);
}

TEST_F(SessionAnewTest, ARestartWhoseNextSessionIsCalledOffIsSuperseded) {
  pick(kBound);
  send("restart", R"({"names":["a"],"wait":true})");
  settle();
  fsm_.end_session("test");
  tidied();
  EXPECT_EQ(reason(), "superseded");
  EXPECT_EQ(fsm_.session(), nullptr);
}

TEST_F(SessionAnewTest, EndSessionCallsItOff) {
  pick(kBound);
  result("set_config", set_text(kChanged));
  EXPECT_TRUE(fsm_.begins_anew());
  result("end_session");
  EXPECT_FALSE(fsm_.begins_anew());
  tidied();
  EXPECT_EQ(fsm_.session(), nullptr);
}

TEST_F(SessionAnewTest, AStartOfOneThatWasUpIsRefusedWithWhatToDo) {
  pick(kBound);
  result("stop", R"({"names":["a"]})");
  const int before = launcher_.launches;
  EXPECT_EQ(refusal("start", R"({"names":["a"]})"), "impossible");
  EXPECT_THAT(message(), HasSubstr("a: it cannot be started again alone; restart the session"));
  EXPECT_EQ(answer().at("error").at("data").at("state"), "stopped");
  EXPECT_EQ(refusal("start", R"({"names":["b"]})"), "impossible");
  EXPECT_THAT(message(), HasSubstr("b: it requires a: it cannot be started again alone"));
  EXPECT_EQ(answer().at("error").at("data").at("name"), "a");
  EXPECT_EQ(launcher_.launches, before);
}

TEST_F(SessionAnewTest, ARestartOfOneThatWasStoppedBringsAllBack) {
  pick(kBound);
  result("stop", R"({"names":["a"]})");
  send("restart", R"({"names":["a"],"wait":true})");
  settle();
  tidied();
  EXPECT_EQ(answered_with().at("coprocesses").at(0).at("state"), "running");
  EXPECT_TRUE(fsm_.session()->supervisor().all_ready());
}

TEST_F(SessionAnewTest, AChangedConfigurationBeginsAnewAndReadyIsThatOfTheNextSession) {
  pick(kBound);
  send("set_config", set_text(kChanged, {{"wait", "ready"}}));
  settle();
  EXPECT_FALSE(answered());
  tidied();
  const json::value result = answered_with();
  EXPECT_EQ(result.at("anew"), true);
  EXPECT_EQ(result.at("generation"), 1);
  EXPECT_EQ(result.at("changes").at("changed"), (json::value{"a", "b"}));
  EXPECT_EQ(fsm_.session()->supervisor().spec().coprocesses[0].command.size(), 2U);
  EXPECT_TRUE(fsm_.session()->supervisor().all_ready());
}

TEST_F(SessionAnewTest, WhoWaitsForTheOldConfigurationIsSuperseded) {
  // Not ready yet: it waits for its own command.
  const std::string slow = std::string{kBound}.insert(
      std::string_view{"[session]\nname = \"s\"\n"}.size(), "before = [[\"slow\"]]\n");
  send("set_config", set_text(slow, {{"wait", "ready"}}));
  settle();
  EXPECT_FALSE(answered());
  const auto changed = json::parse(set_text(kChanged)).as_object();
  methods_.dispatch({"set_config", changed, proto::Id{2}}, Role::Admin,
                    Reply{std::make_shared<Exchange>(port_, Frames{"other"}, false), proto::Id{2}});
  settle();
  ASSERT_EQ(port_->answers.size(), 2U);
  EXPECT_EQ(port_->answers[0].at("result").at("anew"), true);
  EXPECT_EQ(reason(), "superseded");
}

TEST_F(SessionAnewTest, ADryRunTellsItAndChangesNothing) {
  pick(kBound);
  const json::value plan = result("set_config", set_text(kChanged, {{"dry_run", true}}));
  EXPECT_EQ(plan.at("anew"), true);
  EXPECT_FALSE(fsm_.begins_anew());
  EXPECT_EQ(fsm_.session()->state(), SessionState::Running);
}

TEST_F(SessionAnewTest, TheSameConfigurationChangesNothing) {
  pick(kBound);
  const json::value same = result("set_config", set_text(kBound, {{"wait", "ready"}}));
  EXPECT_FALSE(same.as_object().contains("anew"));
  EXPECT_EQ(same.at("changes").at("unchanged"), (json::value{"a", "b"}));
  EXPECT_EQ(fsm_.sessions(), 1U);
}

TEST_F(SessionAnewTest, TheEndIsInOrderAndIsNoDeath) {
  pick(
      "[session]\nname = \"s\"\nfail_safe = [\"halt\"]\n"
      "[coprocess.a]\ncommand = [\"a\"]\nvital = true\nrestart = { scope = \"session\" }\n");
  result("restart", R"({"names":["a"]})");
  EXPECT_EQ(log_.count("fail-safe, pid"), 0);
  EXPECT_EQ(fsm_.sessions(), 2U);
  EXPECT_TRUE(fsm_.session()->supervisor().all_ready());
}

TEST_F(SessionAnewTest, AnotherOneThatIsPickedMeanwhileIsNotTakenForIt) {
  pick(kBound);
  result("set_config", set_text(kChanged));
  const unsigned awaited = fsm_.sessions() + 1;
  launcher_.of("session")->end_with(0);
  while (fsm_.session() != nullptr) loop_.run_once(fsm::Duration::zero());
  ASSERT_TRUE(fsm_.begins_anew());
  fsm_.pick(test::session_spec(kBound));
  EXPECT_GT(fsm_.sessions(), awaited);
}

}  // namespace
}  // namespace masterd::daemon
