#include "daemon/command_server.h"

#include <gmock/gmock.h>

#include "tests/daemon/server_fixture.h"

namespace masterd::daemon {
namespace {

using test::error_code;
using test::WireClient;
using testing::ElementsAre;
namespace json = boost::json;

constexpr const char* kEcho = R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"x":1}})";
constexpr const char* kEchoed = R"({"jsonrpc":"2.0","result":{"x":1},"id":1})";

class CommandServerTest : public test::ServerFixture {
 protected:
  /// What a REQ client is answered.
  json::value ask(const std::string& text) {
    auto req = client(zmq::socket_type::req);
    return req.ask(loop_, text);
  }
};

TEST_F(CommandServerTest, C21_ReqIsAnswered) {
  auto req = client(zmq::socket_type::req);
  req.send({kEcho});
  EXPECT_THAT(req.receive(loop_), ElementsAre(kEchoed));
}

TEST_F(CommandServerTest, C21_DealerWithADelimiterGetsItBack) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({"", kEcho});
  EXPECT_THAT(dealer.receive(loop_), ElementsAre("", kEchoed));
}

TEST_F(CommandServerTest, C21_DealerWithoutADelimiterGetsTheBareAnswer) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({kEcho});
  EXPECT_THAT(dealer.receive(loop_), ElementsAre(kEchoed));
}

TEST_F(CommandServerTest, EnvelopeOfAProxyIsEchoedWhole) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({"hop1", "hop2", "", kEcho});
  EXPECT_THAT(dealer.receive(loop_), ElementsAre("hop1", "hop2", "", kEchoed));
}

TEST_F(CommandServerTest, C21_ThreeBodyFramesAreAnInvalidRequest) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({"a", "b", "c"});
  const auto frames = dealer.receive(loop_);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(error_code(json::parse(frames[0])), proto::kInvalidRequest);
}

TEST_F(CommandServerTest, C21_EmptyBodyIsAParseError) {
  EXPECT_EQ(error_code(ask("")), proto::kParseError);
}

TEST_F(CommandServerTest, C21_GarbageIsAParseError) {
  EXPECT_EQ(error_code(ask("{nonsense")), proto::kParseError);
}

TEST_F(CommandServerTest, C21_InvalidUtf8IsAParseError) {
  EXPECT_EQ(error_code(ask("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\xfe\"}")),
            proto::kParseError);
}

TEST_F(CommandServerTest, BodyOverOneMebibyteIsInvalid) {
  EXPECT_EQ(error_code(ask(std::string(proto::kMaxMessage + 1, ' '))), proto::kInvalidRequest);
}

TEST_F(CommandServerTest, C21_FrameOverSixteenMebibytesEndsTheConnectionAndOthersAreServed) {
  auto flooder = client(zmq::socket_type::dealer);
  flooder.send({std::string(CommandServer::kMaxFrame + 1, 'x')});
  auto req = client(zmq::socket_type::req);
  req.send({kEcho});
  EXPECT_THAT(req.receive(loop_), ElementsAre(kEchoed));
  EXPECT_FALSE(flooder.readable());
  EXPECT_THAT(calls_, ElementsAre("echo"));
}

TEST_F(CommandServerTest, ReqThatSendsANotificationIsToldSoAndItIsNotRun) {
  auto req = client(zmq::socket_type::req);
  const auto answer = req.ask(loop_, R"({"jsonrpc":"2.0","method":"echo"})");
  EXPECT_EQ(error_code(answer), proto::kInvalidRequest);
  EXPECT_TRUE(answer.at("id").is_null());
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(json::serialize(req.ask(loop_, kEcho)), kEchoed);
}

TEST_F(CommandServerTest, NotificationOfADealerIsRunAndNotAnswered) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({R"({"jsonrpc":"2.0","method":"echo"})"});
  dealer.send({kEcho});
  EXPECT_THAT(dealer.receive(loop_), ElementsAre(kEchoed));  // the first answer is the second's
  EXPECT_THAT(calls_, ElementsAre("echo", "echo"));
}

TEST_F(CommandServerTest, LateAnswerOvertakesNobodyAndArrives) {
  auto slow = client(zmq::socket_type::req);
  slow.send({R"({"jsonrpc":"2.0","id":"s","method":"keep"})"});
  ASSERT_TRUE(called(1));
  auto quick = client(zmq::socket_type::req);
  quick.send({kEcho});
  EXPECT_THAT(quick.receive(loop_), ElementsAre(kEchoed));
  kept_[0].result(json::object{{"late", true}});
  EXPECT_THAT(slow.receive(loop_),
              ElementsAre(R"({"jsonrpc":"2.0","result":{"late":true},"id":"s"})"));
}

TEST_F(CommandServerTest, BatchIsAnsweredAsOneWhenItsSlowMemberIs) {
  auto dealer = client(zmq::socket_type::dealer);
  dealer.send({R"([{"jsonrpc":"2.0","id":1,"method":"keep"},)"
               R"({"jsonrpc":"2.0","method":"echo"},)"
               R"({"jsonrpc":"2.0","id":2,"method":"echo"},7])"});
  ASSERT_TRUE(called(3));
  EXPECT_FALSE(dealer.readable());
  kept_[0].result("done");
  const auto frames = dealer.receive(loop_);
  ASSERT_EQ(frames.size(), 1U);
  const auto answers = json::parse(frames[0]).as_array();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].at("result"), "done");
  EXPECT_EQ(answers[1].at("id"), 2);
  EXPECT_EQ(error_code(answers[2]), proto::kInvalidRequest);
}

TEST_F(CommandServerTest, BatchOfNotificationsFromAReqIsAnsweredWithOneError) {
  auto req = client(zmq::socket_type::req);
  const auto answer = req.ask(loop_, R"([{"jsonrpc":"2.0","method":"echo"}])");
  EXPECT_EQ(error_code(answer), proto::kInvalidRequest);
}

TEST_F(CommandServerTest, M3_ReplyThatIsDroppedAnswersByItself) {
  EXPECT_EQ(error_code(ask(R"({"jsonrpc":"2.0","id":1,"method":"drop"})")), proto::kInternalError);
}

TEST_F(CommandServerTest, HandlerThatThrowsIsAnsweredAndLogged) {
  EXPECT_EQ(error_code(ask(R"({"jsonrpc":"2.0","id":1,"method":"throw"})")), proto::kInternalError);
  EXPECT_EQ(log_.count("method throw: a defect"), 1);
}

TEST_F(CommandServerTest, SecondAnswerIsIgnored) {
  auto req = client(zmq::socket_type::req);
  req.send({R"({"jsonrpc":"2.0","id":1,"method":"keep"})"});
  ASSERT_TRUE(called(1));
  kept_[0].result(1);
  kept_[0].error({});
  kept_.clear();
  EXPECT_THAT(req.receive(loop_), ElementsAre(R"({"jsonrpc":"2.0","result":1,"id":1})"));
}

TEST_F(CommandServerTest, AnswerToAClientThatHasGoneIsDroppedAndCounted) {
  constexpr std::size_t kKept = 50;
  {
    auto dealer = client(zmq::socket_type::dealer);
    for (std::size_t i = 0; i < kKept; ++i) {
      dealer.send({R"({"jsonrpc":"2.0","id":1,"method":"keep"})"});
    }
    ASSERT_TRUE(called(kKept));
  }
  // The server's socket learns of the end in its own time: each answer before that is lost quietly,
  // and each round trip of another client lets it learn.
  for (std::size_t i = 0; i < kKept && server_.dropped() == 0; ++i) {
    ask(kEcho);
    kept_[i].result(1);
  }
  EXPECT_EQ(server_.dropped(), 1U);
  EXPECT_EQ(log_.count("an answer was dropped"), 1);
}

TEST_F(CommandServerTest, UnansweredRequestsOfAClientAreCounted) {
  auto dealer = client(zmq::socket_type::dealer);
  for (int i = 0; i < 3; ++i) dealer.send({R"({"jsonrpc":"2.0","id":1,"method":"keep"})"});
  auto other = client(zmq::socket_type::dealer);
  ASSERT_TRUE(called(3));
  other.send({R"({"jsonrpc":"2.0","id":1,"method":"keep"})"});
  ASSERT_TRUE(called(4));
  EXPECT_EQ(kept_[0].open_of_client(), 3U);
  EXPECT_EQ(kept_[3].open_of_client(), 1U);
  kept_[0].result(1);
  EXPECT_EQ(kept_[1].open_of_client(), 2U);
}

TEST_F(CommandServerTest, IpcIsAdminAndTcpIsObserver) {
  test::QuietLog log;
  CommandServer server{loop_, context_, log.log};
  const std::string endpoint = server.bind("tcp://127.0.0.1:*");
  std::optional<Role> seen;
  server.serve([&](const proto::Request&, Role role, Reply reply) {
    seen = role;
    reply.result(1);
  });
  WireClient tcp{context_, zmq::socket_type::req, endpoint};
  tcp.ask(loop_, kEcho);
  EXPECT_EQ(seen, Role::Observer);
  ask(kEcho);
  EXPECT_THAT(roles_, ElementsAre(Role::Admin));
}

TEST_F(CommandServerTest, RepliesMayOutliveTheServer) {
  std::optional<Reply> kept;
  {
    CommandServer server{loop_, context_, log_.log};
    const std::string endpoint = server.bind("ipc://" + (folder_.path() / "t").string());
    server.serve([&](const proto::Request&, Role, Reply reply) { kept.emplace(std::move(reply)); });
    WireClient dealer{context_, zmq::socket_type::dealer, endpoint};
    dealer.send({kEcho});
    ASSERT_TRUE(test::run_until(loop_, [&] { return kept.has_value(); }));
  }
  EXPECT_EQ(kept->open_of_client(), 0U);
  kept->result(1);
  EXPECT_TRUE(kept->answered());
}

static_assert(!std::is_copy_constructible_v<Reply>);
static_assert(std::is_nothrow_move_constructible_v<Reply>);

}  // namespace
}  // namespace masterd::daemon
