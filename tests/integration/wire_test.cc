// The wire as clients of every kind use and misuse it: whatever has an answer due gets one, and
// nobody makes the daemon stand still.
#include <gmock/gmock.h>

#include <csignal>

#include "fsm/asan.h"
#include "tests/integration/daemon_fixture.h"
#include "tests/integration/wire_client.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const std::string kPing = R"({"jsonrpc":"2.0","method":"ping","id":1})";

class WireTest : public DaemonTest {};

TEST_F(WireTest, C21_ReqAndDealerWithAndWithoutADelimiterAreAnsweredInKind) {
  start();
  WireClient req{zmq::socket_type::req, control()};
  const auto plain = req.ask({kPing});
  ASSERT_THAT(plain, SizeIs(1));
  EXPECT_EQ(code_of(plain[0]), 0);

  WireClient dealer{zmq::socket_type::dealer, control()};
  const auto with = dealer.ask({"", kPing});
  ASSERT_THAT(with, SizeIs(2));
  EXPECT_EQ(with[0], "");
  EXPECT_EQ(code_of(with[1]), 0);
  const auto without = dealer.ask({kPing});
  ASSERT_THAT(without, SizeIs(1));
  EXPECT_EQ(code_of(without[0]), 0);
}

TEST_F(WireTest, C21_WhatIsNoRequestIsAnsweredWithTheErrorThatItIs) {
  start();
  const std::pair<std::string, int> bodies[] = {
      {"", proto::kParseError},
      {"garbage", proto::kParseError},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"id\":", proto::kParseError},
      {"{\"jsonrpc\":\"2.0\",\"method\":\"p\xFFng\",\"id\":1}", proto::kParseError},
      {std::string(1, '\0'), proto::kParseError},
      {std::string(10 << 20, ' '), proto::kInvalidRequest},
      {std::string(100, '['), proto::kInvalidRequest},
      {"5", proto::kInvalidRequest},
      {"[]", proto::kInvalidRequest},
      {R"({"jsonrpc":"1.0","method":"ping","id":1})", proto::kInvalidRequest},
      {R"({"jsonrpc":"2.0","method":"ping"})", proto::kInvalidRequest},  // a notification
      {R"({"jsonrpc":"2.0","method":"pong","id":1})", proto::kMethodNotFound},
      {R"({"jsonrpc":"2.0","method":"ping","id":1,"params":[1]})", proto::kInvalidParams},
      {R"({"jsonrpc":"2.0","method":"ping","id":1,"params":{"x":1}})", proto::kInvalidParams},
  };
  WireClient req{zmq::socket_type::req, control()};
  for (const auto& [body, code] : bodies) {
    const auto answer = req.ask({body});
    ASSERT_THAT(answer, SizeIs(1)) << body.substr(0, 80);
    EXPECT_EQ(code_of(answer[0]), code) << body.substr(0, 80) << "\n" << answer[0];
  }
  EXPECT_EQ(code_of(req.ask({kPing}).at(0)), 0);
}

TEST_F(WireTest, C21_AMalformedEnvelopeIsAnswered) {
  start();
  WireClient dealer{zmq::socket_type::dealer, control()};
  const auto answer = dealer.ask({"", kPing, kPing});
  ASSERT_FALSE(answer.empty());
  EXPECT_EQ(code_of(answer.back()), proto::kInvalidRequest);
}

TEST_F(WireTest, C21_WhatIsTooLargeForAnAnswerEndsOnlyItsOwnConnection) {
  start();
  WireClient huge{zmq::socket_type::dealer, control()};
  huge.send({std::string(17 << 20, ' ')});
  WireClient other{zmq::socket_type::req, control()};
  EXPECT_EQ(code_of(other.ask({kPing}).at(0)), 0);
}

TEST_F(WireTest, D5_NamesOfEveryKindAreAnswered) {
  start_session(coprocess("a", kSleeper));
  const std::string names[] = {"",
                               std::string(64 << 10, 'x'),
                               std::string("a\0b", 3),
                               "../a",
                               "/etc/passwd",
                               "a\nb",
                               "a b",
                               "\xC3\xA9",
                               std::string(65, 'a'),
                               "[",
                               "[z-a",
                               "\\",
                               "{a}",
                               "%s%n",
                               "-1",
                               "????*"};
  const auto refused_for_name = [this](const char* method, const json::object& params) {
    const std::string why = reason(method, params);
    EXPECT_TRUE(why == "unknown_coprocess" || why == "bad_params")
        << method << json::serialize(params) << why;
  };
  for (const std::string& name : names) {
    refused_for_name("status", {{"name", name}});
    refused_for_name("logs", {{"name", name}});
    refused_for_name("wait", {{"name", name}, {"state", "running"}});
    refused_for_name("signal", {{"name", name}, {"signal", "HUP"}});
    for (const char* method : {"start", "stop", "restart"}) {
      refused_for_name(method, {{"names", {name}}});
    }
    const std::string why = reason("set_config", {{"config", name}});
    EXPECT_TRUE(why == "unknown_config" || why == "bad_config") << name << why;
    EXPECT_EQ(call("history", {{"name", name}}).at("transitions").as_array().size(), 0U);
  }
  EXPECT_EQ(state("a"), "running");
}

TEST_F(WireTest, M3_EveryMethodIsAnswered) {
  start_session(coprocess("a", kSleeper));
  const std::string file = folder().path("stack.toml");
  const std::pair<std::string, json::object> calls[] = {
      {"ping", {}},
      {"status", {}},
      {"list_configs", {}},
      {"check_config", {{"config", file}}},
      {"set_config", {{"config", file}}},
      {"signal", {{"name", "a"}, {"signal", "CONT"}}},
      {"stop", {{"names", {"a"}}, {"wait", true}}},
      {"start", {{"names", {"a"}}}},
      {"wait", {{"name", "a"}, {"state", "running"}}},
      {"restart", {{"names", {"a"}}}},
      {"logs", {{"name", "a"}}},
      {"history", {}},
      {"end_session", {{"wait", true}}},
      {"shutdown", {}},
  };
  for (const auto& [method, params] : calls) call(method, params);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(WireTest, D6_AClientThatNeverReadsHoldsUpNobodyAndCostsBoundedMemory) {
  std::string toml;
  for (int i = 0; i < 20; ++i) toml += coprocess("c" + std::to_string(i), kSleeper);
  start_session(toml);
  const std::string ask = R"({"jsonrpc":"2.0","method":"status","id":1})";
  const std::uint64_t before = memory_kib(daemon().pid(), "VmRSS");
  WireClient silent{zmq::socket_type::dealer, control()};
  for (int i = 0; i < 10000; ++i) {
    silent.send({ask});
    if (i % 1000 == 0) call("ping");
  }
  call("status");
  // 10 000 answers of about 3 KB would be 30 MB; 1000 are kept.
  if (!fsm::kUnderAsan) {
    EXPECT_LT(memory_kib(daemon().pid(), "VmRSS"), before + 16 * 1024);
  }
  EXPECT_EQ(state("c0"), "running");
}

TEST_F(WireTest, S9_ASlowSubscriberSeesHowManyEventsItLostAndTheDaemonDoesNotWait) {
  start_session(coprocess("second", "echo second; exec sleep 1000"));
  zmq::context_t context;
  zmq::socket_t slow{context, zmq::socket_type::sub};
  slow.set(zmq::sockopt::rcvhwm, 1);
  slow.set(zmq::sockopt::subscribe, "log.");
  slow.set(zmq::sockopt::rcvtimeo, 500);
  slow.connect(events());
  // It is subscribed when it has got a line.
  zmq::message_t frame;
  const auto next = [&]() -> std::optional<json::object> {
    if (!slow.recv(frame)) return std::nullopt;
    (void)slow.recv(frame);
    return json::parse(frame.to_string()).at("params").as_object();
  };
  ASSERT_TRUE(eventually([&] {
    restart("second");
    return next().has_value();
  }));

  constexpr std::uint64_t kLines = 60'000;  // six times what is kept for a subscriber
  set_config(session_file(coprocess("second", "echo second; exec sleep 1000") +
                          coprocess("chatty",
                                    "yes 'a line of some length to fill the queues with' |"
                                    " head -n 60000")),
             false);
  await_state("chatty", "exited");  // nobody waited for the subscriber
  std::uint64_t got = 0;
  std::uint64_t last = 0;
  std::uint64_t missed = 0;
  const auto count = [&](const json::object& event) {
    if (text_of(event, "name") != "chatty") return;
    const auto seq = event.at("topic_seq").to_number<std::uint64_t>();
    if (seq <= last) ADD_FAILURE() << seq << " after " << last;
    missed += seq - last - 1;
    last = seq;
    ++got;
  };
  while (const auto event = next()) count(*event);
  EXPECT_LT(got, kLines);
  // What comes next shows the gap.
  restart("chatty");
  ASSERT_TRUE(eventually([&] {
    if (const auto event = next()) count(*event);
    return last > kLines;
  }));
  EXPECT_GT(missed, 0U);
  EXPECT_EQ(got + missed, last);
}

TEST_F(WireTest, AJoinedSubscriberMissesNothingAndSeesNothingTwice) {
  start();
  proto::Client client{control()};
  proto::Subscriber subscriber{events(), {"coprocess."}};
  set_config(session_file(coprocess("a", kSleeper)));
  const json::object status = client.join(subscriber);
  restart("a");
  const auto all = history("a");
  for (const Change& change : all) {
    if (change.seq <= status.at("seq").to_number<std::uint64_t>()) continue;
    const auto event = subscriber.next(std::chrono::steady_clock::now() + kLimit);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->seq, change.seq);
    EXPECT_EQ(text_of(event->params, "to"), change.to);
  }
}

// ---- every verb in every state ----

struct StateCase {
  const char* state;
  std::string toml;  // of coprocess "x", and what it needs
};

const std::vector<StateCase>& state_cases() {
  static const std::vector<StateCase> kCases{
      {"waiting",
       coprocess("base", "exit 1", kLongBackoff) + coprocess("x", kSleeper, requires_("base"))},
      {"running", coprocess("x", kSleeper)},
      {"stopping", coprocess("x", kDeaf, term_grace("600ms"))},
      {"backoff", coprocess("x", "exit 1", kLongBackoff)},
      {"exited", coprocess("x", "exit 0")},
      {"stopped", coprocess("x", kSleeper)},
      {"failed", "[coprocess.x]\ncommand = [\"/nowhere/x\"]\n"},
  };
  return kCases;
}

class VerbTest : public WireTest, public testing::WithParamInterface<std::size_t> {
 protected:
  void bring_x_to(const StateCase& wanted) {
    set_config(session_file(wanted.toml), false);
    const std::string state = wanted.state;
    if (state == "stopping") {
      await_line({"x"}, "deaf");
      call("stop", {{"names", {"x"}}});
    } else if (state == "stopped") {
      await_state("x", "running");
      stop("x");
    }
    await_state("x", state);
  }
};

TEST_P(VerbTest, S7_D10_EveryVerbIsAnswered) {
  const StateCase& wanted = state_cases().at(GetParam());
  start();
  const std::pair<std::string, json::object> verbs[] = {
      {"start", {{"names", {"x"}}, {"wait", true}, {"timeout_s", 2}}},
      {"stop", {{"names", {"x"}}, {"wait", true}}},
      {"stop", {{"names", {"x"}}, {"wait", true}, {"now", true}}},
      {"restart", {{"names", {"x"}}, {"wait", true}, {"timeout_s", 2}}},
      {"restart", {{"names", {"x"}}}},
      {"signal", {{"name", "x"}, {"signal", "TERM"}}},
      {"wait", {{"name", "x"}, {"state", "starting"}, {"timeout_s", 0.1}}},
      {"status", {{"name", "x"}}},
      {"logs", {{"name", "x"}}},
  };
  proto::Client client{control()};
  for (const auto& [verb, params] : verbs) {
    bring_x_to(wanted);
    try {
      client.call(verb, params, kLimit);
    } catch (const proto::Refused& refusal) {
      EXPECT_NE(proto::reason_of(refusal.error), "") << verb << ": " << refusal.what();
    }
    // Whatever it did, a stop brings it to rest.
    stop("x");
    EXPECT_FALSE(coprocess_status("x").contains("pid")) << verb;
    call("end_session", {{"wait", true}});
    EXPECT_TRUE(processes().empty()) << verb << "\n" << describe(processes());
  }
}

INSTANTIATE_TEST_SUITE_P(States, VerbTest, testing::Range<std::size_t>(0, state_cases().size()),
                         [](const auto& info) {
                           return std::string{"InState_"} + state_cases().at(info.param).state;
                         });

}  // namespace
}  // namespace masterd::test
