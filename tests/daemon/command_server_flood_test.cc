// Clients that ask more than they read, and what it costs the others: nothing.
#include <gmock/gmock.h>

#include "tests/daemon/server_fixture.h"

namespace masterd::daemon {
namespace {

class CommandServerFloodTest : public test::ServerFixture {};

TEST_F(CommandServerFloodTest, D6_ClientThatNeverReadsCostsOthersNothingAndBoundedMemory) {
  constexpr int kRequests = 10'000;
  auto deaf = client(zmq::socket_type::dealer);
  deaf.socket().set(zmq::sockopt::rcvhwm, 1);
  auto other = client(zmq::socket_type::req);
  const std::string padding(8192, 'x');  // so that kernel buffers cannot hold what is not read
  const std::string request =
      R"({"jsonrpc":"2.0","id":1,"method":"echo","params":{"p":")" + padding + "\"}}";
  int asked = 0;
  int answered = 0;
  while (asked < kRequests) {
    for (int i = 0; i < 500; ++i) {
      // DONTWAIT: the server's queue may be full, then the loop has to turn.
      if (!deaf.socket().send(zmq::buffer(request), zmq::send_flags::dontwait)) break;
      ++asked;
    }
    const auto answer = other.ask(loop_, R"({"jsonrpc":"2.0","id":2,"method":"echo"})");
    ASSERT_TRUE(answer.is_object());
    ++answered;
  }
  ASSERT_TRUE(called(static_cast<std::size_t>(kRequests + answered)));
  // What is neither dropped nor in the kernel's buffers is what the server holds.
  EXPECT_GE(server_.dropped(), kRequests - CommandServer::kSendHwm - 500U);
}

TEST_F(CommandServerFloodTest, OneTurnTakesABoundedNumberOfMessages) {
  auto dealer = client(zmq::socket_type::dealer);
  for (int i = 0; i < 1000; ++i) dealer.send({R"({"jsonrpc":"2.0","method":"echo"})"});
  ASSERT_TRUE(called(1));
  std::size_t before = calls_.size();
  while (calls_.size() < 1000) {
    loop_.run_once(std::chrono::seconds{20});
    ASSERT_GT(calls_.size(), before);
    EXPECT_LE(calls_.size() - before, static_cast<std::size_t>(CommandServer::kMessagesAtOnce));
    before = calls_.size();
  }
}

}  // namespace
}  // namespace masterd::daemon
