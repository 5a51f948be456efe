// Methods that are answered later.
#include <gmock/gmock.h>

#include "tests/daemon/methods_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using supervisor::State;
using test::FakePort;
using test::kTwo;
using testing::HasSubstr;
namespace json = boost::json;

constexpr const char* kLoop =
    "[coprocess.a]\ncommand = [\"a\"]\nrestart = {policy = \"always\", delay = \"10s\"}\n";

class SlowMethodsTest : public test::MethodsFixture {
 protected:
  static std::string state_in(const json::value& result, std::size_t i = 0) {
    return result.at("coprocesses").at(i).at("state").as_string().c_str();
  }
  static std::string text_in(const json::value& value) { return value.as_string().c_str(); }
  [[nodiscard]] std::string reason() const {
    return answered() ? FakePort::reason(answer()) : "no answer";
  }
};

// ---- start, stop, restart ----

TEST_F(SlowMethodsTest, StopIsAnsweredWhenTheGroupIsGone) {
  launcher_.deaf = true;
  pick(kTwo);
  send("stop", R"({"names":["b"],"wait":true})");
  settle();
  EXPECT_FALSE(answered());
  advance(seconds{5});
  ASSERT_TRUE(answered());
  EXPECT_EQ(state_in(answer().at("result")), "stopped");
}

TEST_F(SlowMethodsTest, StopOfWhatIsStoppedIsAnsweredAtOnce) {
  pick(kTwo);
  result("stop", R"({"names":["b"],"wait":true})");
  EXPECT_EQ(state_in(result("stop", R"({"names":["b"],"wait":true})")), "stopped");
}

TEST_F(SlowMethodsTest, StopOfARequirementWaitsForItsDependents) {
  pick(kTwo);
  launcher_.of("b")->obeys = {SIGKILL};
  send("stop", R"({"names":["a"],"wait":true})");
  settle();
  EXPECT_FALSE(answered());
  advance(seconds{5});
  EXPECT_TRUE(answered());
  EXPECT_TRUE(launcher_.of("b")->destroyed);
}

TEST_F(SlowMethodsTest, StopThatCannotKillFails) {
  launcher_.unkillable = true;
  pick(kTwo);
  send("stop", R"({"names":["b"],"wait":true})");
  settle();
  advance(seconds{5});
  advance(seconds{2});
  EXPECT_EQ(reason(), "failed");
  EXPECT_EQ(answer().at("error").at("data").at("name"), "b");
  EXPECT_THAT(std::string{answer().at("error").at("data").at("detail").as_string()},
              HasSubstr("unkillable"));
}

TEST_F(SlowMethodsTest, StopIsSupersededByAStart) {
  launcher_.deaf = true;
  pick(kTwo);
  send("stop", R"({"names":["b"],"wait":true})");
  settle();
  fsm_.session()->supervisor().start_coprocess("b");
  advance(seconds{5});
  EXPECT_EQ(reason(), "superseded");
}

TEST_F(SlowMethodsTest, StartIsAnsweredWhenItRuns) {
  pick(kTwo);
  result("stop", R"({"names":["*"],"wait":true})");
  EXPECT_EQ(state_in(result("start", R"({"names":["b"],"wait":true})")), "running");
  EXPECT_EQ(launcher_.launches, 4);  // what it requires came too
}

TEST_F(SlowMethodsTest, StartOfWhatFailsSaysWhy) {
  pick(kTwo);
  result("stop", R"({"names":["b"],"wait":true})");
  launcher_.fail_next = ENOENT;
  EXPECT_EQ(refusal("start", R"({"names":["b"],"wait":true})"), "failed");
  EXPECT_THAT(std::string{answer().at("error").at("message").as_string()}, HasSubstr("ENOENT"));
}

TEST_F(SlowMethodsTest, StartIsSupersededByAStop) {
  pick(kLoop);
  launcher_.of("a")->end_with(1);
  settle();
  ASSERT_EQ(fsm_.session()->supervisor().state("a"), State::Backoff);
  launcher_.fail_always = launcher_.fail_next = ENOENT;  // it goes on failing
  send("start", R"({"names":["a"],"wait":true})");
  settle();
  EXPECT_FALSE(answered());
  fsm_.session()->supervisor().stop_coprocess("a", false);
  settle();
  EXPECT_EQ(reason(), "superseded");
}

TEST_F(SlowMethodsTest, StartTimesOutAndGoesOn) {
  pick(kLoop);
  launcher_.fail_always = launcher_.fail_next = ENOENT;
  result("stop", R"({"names":["a"],"wait":true})");
  send("start", R"({"names":["a"],"wait":true,"timeout_s":2})");
  settle();
  advance(seconds{2});
  EXPECT_EQ(reason(), "timeout");
  EXPECT_EQ(answer().at("error").at("data").at("coprocesses").at(0).at("state"), "backoff");
}

TEST_F(SlowMethodsTest, RestartIsAnsweredByTheNewLifeNotByTheOld) {
  launcher_.deaf = true;
  pick(kTwo);
  send("restart", R"({"names":["b"],"wait":true})");
  settle();
  EXPECT_FALSE(answered());
  const pid_t old = launcher_.of("b")->pid;
  advance(seconds{5});
  ASSERT_TRUE(answered());
  EXPECT_EQ(state_in(answer().at("result")), "running");
  EXPECT_NE(launcher_.of("b")->pid, old);
}

TEST_F(SlowMethodsTest, RestartOfARequirementIsNotAnsweredWhileItsDependentsEnd) {
  pick(kTwo);
  launcher_.of("b")->obeys = {SIGKILL};
  send("restart", R"({"names":["a"],"wait":true})");
  settle();
  EXPECT_EQ(fsm_.session()->supervisor().state("a"), State::Running);
  EXPECT_FALSE(answered());
  advance(seconds{5});
  EXPECT_TRUE(answered());
  EXPECT_EQ(launcher_.launches, 4);
}

TEST_F(SlowMethodsTest, D16_RestartOfAStoppedOneStartsIt) {
  pick(kTwo);
  result("stop", R"({"names":["b"],"wait":true})");
  EXPECT_EQ(state_in(result("restart", R"({"names":["b"],"wait":true})")), "running");
}

TEST_F(SlowMethodsTest, C1_TenStopsAtOnceAreAllAnsweredAfterOneGrace) {
  launcher_.deaf = true;
  std::string text;
  for (int i = 0; i < 10; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"x\"]\n";
  }
  pick(text);
  for (int i = 0; i < 10; ++i) {
    send("stop", R"({"names":["c)" + std::to_string(i) + R"("],"wait":true})");
  }
  settle();
  EXPECT_FALSE(answered());
  advance(seconds{5});
  EXPECT_EQ(port_->answers.size(), 10U);
}

// ---- wait ----

TEST_F(SlowMethodsTest, WaitIsAnsweredAtOnceWhenAlreadyThere) {
  pick(kTwo);
  EXPECT_EQ(result("wait", R"({"name":"a","state":"running"})"),
            (json::object{{"name", "a"}, {"state", "running"}}));
}

TEST_F(SlowMethodsTest, WaitSeesAStateThatIsPassedThrough) {
  pick(kTwo);
  send("wait", R"({"name":"b","state":"stopping"})");
  settle();
  EXPECT_FALSE(answered());
  result("stop", R"({"names":["b"]})");
  ASSERT_EQ(port_->answers.size(), 2U);
  EXPECT_EQ(port_->answers[1].at("result").at("state"), "stopping");
}

TEST_F(SlowMethodsTest, WaitForWhatCannotComeIsImpossible) {
  pick(kTwo);
  result("stop", R"({"names":["b"],"wait":true})");
  EXPECT_EQ(refusal("wait", R"({"name":"b","state":"running"})"), "impossible");
  EXPECT_EQ(answer().at("error").at("data").at("state"), "stopped");
}

TEST_F(SlowMethodsTest, WaitBecomesImpossibleByATransition) {
  pick(kTwo);
  send("wait", R"({"name":"b","state":"exited"})");
  settle();
  EXPECT_FALSE(answered());
  launcher_.of("b")->end_by(SIGSEGV);
  settle();
  EXPECT_EQ(reason(), "impossible");
}

TEST_F(SlowMethodsTest, WaitForNoStateIsABadParameter) {
  pick(kTwo);
  EXPECT_EQ(refusal("wait", R"({"name":"a","state":"happy"})"), "bad_params");
  EXPECT_EQ(refusal("wait", R"({"name":"a","state":"exited","timeout_s":3601})"), "bad_params");
}

TEST_F(SlowMethodsTest, WaitIsAnsweredWhenTheSessionEnds) {
  pick(kTwo);
  send("wait", R"({"name":"b","state":"backoff"})");
  settle();
  result("end_session", R"({"wait":true})");
  ASSERT_EQ(port_->answers.size(), 2U);
  EXPECT_EQ(FakePort::reason(port_->answers[0]), "impossible");
}

// ---- set_config and end_session ----

TEST_F(SlowMethodsTest, SetConfigReadyIsAnsweredWhenAllIsReady) {
  const auto set = result("set_config", set_text(kTwo, {{"wait", "ready"}}));
  EXPECT_EQ(set.at("generation"), 1);
  EXPECT_EQ(fsm_.session()->state(), SessionState::Running);
}

TEST_F(SlowMethodsTest, SetConfigReadyNamesWhatFailed) {
  launcher_.fail_next = ENOENT;
  EXPECT_EQ(refusal("set_config", set_text(kTwo, {{"wait", "ready"}})), "failed");
  const auto failed = answer().at("error").at("data").at("coprocesses").as_array();
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].at("name"), "a");
  EXPECT_THAT(std::string{failed[0].at("reason").as_string()}, HasSubstr("ENOENT"));
  EXPECT_EQ(failed[1].at("reason"), "dependency: a");
}

TEST_F(SlowMethodsTest, SetConfigOfARunningSessionWaitsForTheNewLife) {
  pick(kTwo);
  launcher_.of("b")->obeys = {SIGKILL};
  send("set_config", set_text("[coprocess.a]\ncommand = [\"new\"]\n[coprocess.b]\n"
                              "command = [\"b\"]\nrequires = [\"a\"]\n",
                              {{"wait", "ready"}}));
  settle();
  EXPECT_FALSE(answered());
  advance(seconds{5});
  ASSERT_TRUE(answered());
  EXPECT_EQ(answer().at("result").at("generation"), 2);
  EXPECT_EQ(launcher_.launches, 4);
}

TEST_F(SlowMethodsTest, SetConfigThatChangesNothingIsReadyAtOnce) {
  pick(kTwo);
  EXPECT_EQ(result("set_config", set_text(kTwo, {{"wait", "ready"}})).at("generation"), 1);
}

TEST_F(SlowMethodsTest, LaterSetConfigSupersedesTheOneStillStarting) {
  launcher_.fail_always = launcher_.fail_next = ENOENT;
  send("set_config", set_text(kLoop, {{"wait", "ready"}}));
  settle();
  EXPECT_FALSE(answered());
  launcher_.fail_always = launcher_.fail_next = 0;
  const std::string other = set_text(kTwo, {{"wait", "ready"}});
  const proto::Request request{"set_config", json::parse(other).as_object(), proto::Id{2}};
  methods_.dispatch(request, Role::Admin,
                    Reply{std::make_shared<Exchange>(port_, Frames{"other"}, false), request.id});
  settle();
  ASSERT_EQ(port_->answers.size(), 1U);
  EXPECT_EQ(FakePort::reason(port_->answers[0]), "superseded");
  advance(seconds{10});  // a is the same program in both: its backoff goes on
  ASSERT_EQ(port_->answers.size(), 2U);
  EXPECT_EQ(port_->answers[1].at("result").at("generation"), 2);
}

TEST_F(SlowMethodsTest, EndDuringTheStartAnswersTheStart) {
  launcher_.fail_always = launcher_.fail_next = ENOENT;
  send("set_config", set_text(kLoop, {{"wait", "ready"}}));
  settle();
  fsm_.end_session("test");
  settle();
  EXPECT_EQ(reason(), "ended");
}

TEST_F(SlowMethodsTest, AnEndByAFailureDuringTheStartNamesWhoFailedAndItsLastWords) {
  send("set_config",
       set_text("[coprocess.a]\ntype = \"oneshot\"\ncommand = [\"a\"]\n"
                "[coprocess.b]\nrequires = [\"a\"]\nvital = true\ncommand = [\"b\"]\n",
                {{"wait", "ready"}}));
  settle();
  launcher_.of("a")->output(supervisor::Stream::Stderr, "line 7: no such pin\n");
  launcher_.of("a")->end({supervisor::ExitStatus::Kind::Exited, 1, false});
  settle();
  EXPECT_EQ(reason(), "ended");
  EXPECT_THAT(text_in(answer().at("error").at("message")),
              HasSubstr("a: exited with 1: line 7: no such pin"));
  const json::value data = answer().at("error").at("data");
  EXPECT_THAT(text_in(data.at("detail")), HasSubstr("vital b failed"));
  ASSERT_EQ(data.at("coprocesses").as_array().size(), 1U);  // b only waited for it
  EXPECT_EQ(text_in(data.at("coprocesses").at(0).at("output")), "line 7: no such pin");
}

TEST_F(SlowMethodsTest, AnEndByACommandOfItsOwnDuringTheStartTellsItsLastWords) {
  send("set_config",
       set_text("[session]\nbefore = [[\"check\"]]\n[coprocess.a]\ncommand = [\"a\"]\n",
                {{"wait", "ready"}}));
  settle();
  test::FakeRecord& check = *launcher_.processes.back();
  check.output(supervisor::Stream::Stderr, "the lid is open\n");
  check.end({supervisor::ExitStatus::Kind::Exited, 1, false});
  settle();
  EXPECT_THAT(text_in(answer().at("error").at("message")),
              HasSubstr("before: check: exited with 1: the lid is open"));
}

TEST_F(SlowMethodsTest, EndSessionWaitsUntilNothingIsLeft) {
  launcher_.deaf = true;
  pick(kTwo);
  send("end_session", R"({"wait":true})");
  settle();
  advance(seconds{5});
  EXPECT_FALSE(answered());  // b is gone, a is on its ladder
  advance(seconds{5});
  ASSERT_TRUE(answered());
  EXPECT_EQ(answer().at("result").at("session"), "inline");
  EXPECT_EQ(fsm_.session(), nullptr);
}

TEST_F(SlowMethodsTest, ManyWaitsOfOneClientAreRefusedAboveTheLimit) {
  pick(kTwo);
  for (std::size_t i = 0; i < Pending::kMaxOfClient; ++i) {
    send("wait", R"({"name":"a","state":"backoff"})");
  }
  settle();
  EXPECT_FALSE(answered());
  EXPECT_EQ(refusal("wait", R"({"name":"a","state":"backoff"})"), "too_many_pending");
  EXPECT_TRUE(result("ping").is_object());  // what is answered at once still is
}

}  // namespace
}  // namespace masterd::daemon
