#include "daemon/publisher.h"

#include <gmock/gmock.h>

#include "proto/event.h"
#include "tests/daemon/wire_client.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_until.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using test::run_until;
using test::WireClient;
namespace json = boost::json;

class PublisherTest : public testing::Test {
 protected:
  PublisherTest() { endpoint_ = publisher_.bind("ipc://" + (folder_.path() / "e").string()); }
  /// A subscriber whose subscription has arrived.
  WireClient subscriber(const std::string& prefix) {
    WireClient sub{context_, zmq::socket_type::sub, endpoint_};
    sub.socket().set(zmq::sockopt::subscribe, prefix);
    EXPECT_TRUE(run_until(loop_, [&] { return publisher_.wanted(prefix); }));
    return sub;
  }
  Stamp publish(const std::string& name) {
    return publisher_.publish(proto::coprocess_topic(name), [&] {
      ++encoded_;
      return proto::coprocess_event(name, "starting", "running", "started");
    });
  }
  json::object receive(WireClient& sub) {
    const auto frames = sub.receive(loop_);
    EXPECT_EQ(frames.size(), 2U);
    if (frames.size() != 2) return {};
    const auto event = proto::decode_event(frames[1]);
    EXPECT_TRUE(event.has_value()) << frames[1];
    return event.value_or(json::object{});
  }

  /// For a subscription whose arrival nothing else tells. Returns the newest seq.
  std::uint64_t publish_until_received(WireClient& sub) {
    while (sub.readable()) receive(sub);
    while (!sub.readable()) {
      publish("a");
      loop_.run_once(std::chrono::milliseconds{1});
    }
    return publisher_.seq();
  }

  test::TempFolder folder_;
  fsm::SteadyClock clock_;
  fsm::EventLoop loop_{clock_};
  zmq::context_t context_;
  Publisher publisher_{loop_, context_};
  std::string endpoint_;
  int encoded_ = 0;
};

TEST_F(PublisherTest, SeqCountsEverythingAndTopicSeqOneTopic) {
  auto sub = subscriber("");
  publish("a");
  publish("b");
  publish("a");
  auto event = receive(sub);
  EXPECT_EQ(event["seq"], 1);
  EXPECT_EQ(event["topic_seq"], 1);
  event = receive(sub);
  EXPECT_EQ(event["seq"], 2);
  EXPECT_EQ(event["topic_seq"], 1);
  event = receive(sub);
  EXPECT_EQ(event["seq"], 3);
  EXPECT_EQ(event["topic_seq"], 2);
  EXPECT_EQ(event["name"], "a");
}

TEST_F(PublisherTest, WhatNobodyWantsIsNumberedButNotEncoded) {
  EXPECT_EQ(publish("a").seq, 1U);
  EXPECT_EQ(publish("a").seq, 2U);
  EXPECT_EQ(encoded_, 0);
  auto sub = subscriber("coprocess.a.");
  publish("b");
  EXPECT_EQ(encoded_, 0);
  publish("a");
  EXPECT_EQ(encoded_, 1);
  auto event = receive(sub);
  EXPECT_EQ(event["seq"], 4);
  EXPECT_EQ(event["topic_seq"], 3);
  EXPECT_EQ(publisher_.seq(), 4U);
}

TEST_F(PublisherTest, TopicOfOneNameIsNoPrefixOfAnother) {
  auto sub = subscriber("coprocess.a.");
  publish("ab");
  publish("a");
  EXPECT_EQ(receive(sub)["name"], "a");
}

TEST_F(PublisherTest, EndOfTheLastSubscriptionIsSeen) {
  {
    auto sub = subscriber("coprocess.");
    EXPECT_TRUE(publisher_.wanted("coprocess.a."));
  }
  EXPECT_TRUE(run_until(loop_, [&] { return !publisher_.wanted("coprocess.a."); }));
}

TEST_F(PublisherTest, PrefixIsWantedUntilTheLastOfItsSubscribersHasGone) {
  auto first = subscriber("coprocess.");
  {
    WireClient second{context_, zmq::socket_type::sub, endpoint_};
    second.socket().set(zmq::sockopt::subscribe, "coprocess.");
    publish_until_received(second);
  }
  const auto seen = publish_until_received(first);
  publish_until_received(first);
  EXPECT_GT(publisher_.seq(), seen);
}

TEST_F(PublisherTest, S9_SlowSubscriberSeesAGapAndNothingBlocks) {
  constexpr std::uint64_t kEvents = Publisher::kSendHwm + 5000;
  WireClient sub{context_, zmq::socket_type::sub, endpoint_};
  sub.socket().set(zmq::sockopt::rcvhwm, 10);
  sub.socket().set(zmq::sockopt::subscribe, "");
  ASSERT_TRUE(run_until(loop_, [&] { return publisher_.wanted(""); }));
  const std::string padding(1024, 'x');  // so that kernel buffers cannot hold what is not read
  for (std::uint64_t i = 0; i < kEvents; ++i) {
    publisher_.publish("log.a.", [&] { return proto::log_event("a", "stdout", padding, i + 1); });
  }
  std::uint64_t last = 0;
  bool gap = false;
  while (!gap) {  // read on until what was published after the gap has come
    if (!sub.readable()) publish("end");
    const std::uint64_t seq = receive(sub).at("seq").to_number<std::uint64_t>();
    EXPECT_GT(seq, last);
    gap = seq != last + 1;
    last = gap ? last : seq;
  }
  EXPECT_GE(last, static_cast<std::uint64_t>(Publisher::kSendHwm));
  EXPECT_LT(last, kEvents);
}

TEST_F(PublisherTest, SubscriptionsBeyondAnyTopicEndTheConnection) {
  WireClient sub{context_, zmq::socket_type::sub, endpoint_};
  sub.socket().set(zmq::sockopt::subscribe, std::string(4096, 'x'));
  auto other = subscriber("coprocess.");
  publish("a");
  EXPECT_EQ(receive(other)["name"], "a");
  EXPECT_FALSE(publisher_.wanted(std::string(4096, 'x')));
}

TEST(PublisherHeartbeat, BeatsAtOnceThenOnceASecondAndOnlyWhileSomebodySubscribes) {
  const test::TempFolder folder;
  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  zmq::context_t context;
  Publisher publisher{loop, context};
  const std::string endpoint = publisher.bind("ipc://" + (folder.path() / "e").string());
  const auto second = [&] {  // passes
    clock.advance(Publisher::kHeartbeat);
    loop.run_once(fsm::Duration::zero());
  };
  second();
  EXPECT_EQ(publisher.seq(), 0U);
  {
    WireClient sub{context, zmq::socket_type::sub, endpoint};
    sub.socket().set(zmq::sockopt::subscribe, "heartbeat.");
    while (!publisher.wanted("heartbeat.")) loop.run_once(std::chrono::milliseconds{10});
    EXPECT_EQ(publisher.seq(), 1U);
    second();
    EXPECT_EQ(publisher.seq(), 2U);
    zmq::message_t frame;
    ASSERT_TRUE(sub.socket().recv(frame));
    EXPECT_EQ(frame.to_string(), "heartbeat.");
    ASSERT_TRUE(sub.socket().recv(frame));
    EXPECT_EQ(proto::decode_event(frame.to_string()).value().at("uptime_s"), 1.0);
    ASSERT_TRUE(sub.socket().recv(frame));
    ASSERT_TRUE(sub.socket().recv(frame));
    EXPECT_EQ(proto::decode_event(frame.to_string()).value().at("uptime_s"), 2.0);
    // A second subscriber does not wait for the beat of the first.
    WireClient other{context, zmq::socket_type::sub, endpoint};
    other.socket().set(zmq::sockopt::subscribe, "heartbeat.");
    while (publisher.seq() < 3U) loop.run_once(std::chrono::milliseconds{10});
    ASSERT_TRUE(other.socket().recv(frame));
    EXPECT_EQ(frame.to_string(), "heartbeat.");
  }
  while (publisher.wanted("heartbeat.")) loop.run_once(std::chrono::milliseconds{10});
  second();  // the beat that was armed finds nobody
  second();
  EXPECT_EQ(publisher.seq(), 3U);
}

TEST_F(PublisherTest, TcpAndIpcAreServedAlike) {
  const std::string tcp = publisher_.bind("tcp://127.0.0.1:*");
  ASSERT_EQ(publisher_.endpoints().size(), 2U);
  EXPECT_EQ(publisher_.endpoints()[1], tcp);
  WireClient sub{context_, zmq::socket_type::sub, tcp};
  sub.socket().set(zmq::sockopt::subscribe, "coprocess.");
  ASSERT_TRUE(run_until(loop_, [&] { return publisher_.wanted("coprocess."); }));
  auto local = subscriber("session.");
  publish("a");
  publisher_.publish("session.", [] { return proto::session_event("s", "a", "b", "c"); });
  EXPECT_EQ(receive(sub)["seq"], 1);
  EXPECT_EQ(receive(local)["seq"], 2);
}

}  // namespace
}  // namespace masterd::daemon
