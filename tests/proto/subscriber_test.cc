#include "proto/subscriber.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <zmq.hpp>

#include "proto/event.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::always;
using test::FakeDaemon;

class SubscriberTest : public testing::Test {
 protected:
  std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  std::string events() const { return "ipc://" + folder_.path("events.sock"); }

  test::TempFolder folder_;
};

TEST_F(SubscriberTest, AfterConfirmNothingIsMissed) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {log_topic("a")}};
  subscriber.confirm(std::nullopt);
  daemon.publish(log_topic("a"), log_event("a", "stdout", "first", 1));
  const auto event = subscriber.next(std::nullopt);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->topic, "log.a.");
  EXPECT_EQ(event->params.at("text"), "first");
  EXPECT_EQ(event->missed, 0u);
}

TEST_F(SubscriberTest, ConfirmDoesNotShowTheHeartbeatItAskedFor) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);
  daemon.publish(heartbeat_topic(), heartbeat_event(2));
  daemon.publish(session_topic(), session_event("s", "a", "b", "c"));
  EXPECT_EQ(subscriber.next(std::nullopt)->topic, session_topic());
}

TEST_F(SubscriberTest, AHeartbeatThatWasAskedForIsShown) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {heartbeat_topic()}};
  subscriber.confirm(std::nullopt);
  EXPECT_EQ(subscriber.next(std::nullopt)->topic, heartbeat_topic());
  daemon.publish(heartbeat_topic(), heartbeat_event(2));
  // Each subscription brings one of 1.5: what counts is that ours outlives the one of confirm().
  while (subscriber.next(std::nullopt)->params.at("uptime_s") != 2.0) {
  }
}

TEST_F(SubscriberTest, ASecondSubscriberIsConfirmedToo) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber first{events(), {heartbeat_topic(), session_topic()}};
  first.confirm(std::nullopt);
  Subscriber second{events(), {session_topic()}};
  second.confirm(std::nullopt);
  daemon.publish(session_topic(), session_event("s", "a", "b", "c"));
  EXPECT_EQ(second.next(std::nullopt)->params.at("session"), "s");
}

TEST_F(SubscriberTest, APublisherWithoutHeartbeatIsTakenAsSubscribed) {
  FakeDaemon daemon{control(), events(), always(json::value(1)), false};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);
  daemon.publish(session_topic(), session_event("s", "a", "b", "c"));
  EXPECT_EQ(subscriber.next(std::nullopt)->topic, session_topic());
}

TEST_F(SubscriberTest, WithoutTopicsEverythingIsShown) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {}};
  subscriber.confirm(std::nullopt);
  daemon.publish("other.", {});
  while (subscriber.next(std::nullopt)->topic == heartbeat_topic()) {
  }
}

TEST_F(SubscriberTest, AGapIsCountedForItsTopicAlone) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {"log."}};
  subscriber.confirm(std::nullopt);
  for (const char* name : {"a", "b"}) daemon.publish(log_topic(name), {});
  for (int i = 0; i < 3; ++i) daemon.lose(log_topic("a"));
  for (const char* name : {"a", "b"}) daemon.publish(log_topic(name), {});
  std::vector<std::uint64_t> missed;
  for (int i = 0; i < 4; ++i) missed.push_back(subscriber.next(std::nullopt)->missed);
  EXPECT_EQ(missed, (std::vector<std::uint64_t>{0, 0, 3, 0}));
}

TEST_F(SubscriberTest, WhatIsNotNewerThanAKnownSeqIsSkipped) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);  // the heartbeat was seq 1
  subscriber.skip_until(3);
  for (int i = 0; i < 3; ++i) daemon.publish(session_topic(), {});
  EXPECT_EQ(subscriber.next(std::nullopt)->seq, 4u);
}

TEST_F(SubscriberTest, TheDeadlineEndsTheWait) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);
  EXPECT_EQ(subscriber.next(std::chrono::steady_clock::now() + 10ms), std::nullopt);
}

TEST_F(SubscriberTest, AReadableStopDescriptorEndsTheWait) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);
  const int stop = eventfd(1, EFD_CLOEXEC);
  EXPECT_EQ(subscriber.next(std::nullopt, stop), std::nullopt);
  close(stop);
}

TEST_F(SubscriberTest, WithoutAPublisherThereIsNoDaemon) {
  Subscriber subscriber{events(), {}};
  EXPECT_THROW(subscriber.next(std::nullopt), NoDaemon);
}

TEST_F(SubscriberTest, APublisherThatDiesIsNoDaemon) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {session_topic()}};
  subscriber.confirm(std::nullopt);
  daemon.die();
  EXPECT_THROW(subscriber.next(std::nullopt), NoDaemon);
}

TEST_F(SubscriberTest, WhatAPublisherSentBeforeItDiedComesFirst) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Subscriber subscriber{events(), {log_topic("a")}};
  subscriber.confirm(std::nullopt);
  for (const char* text : {"1", "2", "3"}) {
    daemon.publish(log_topic("a"), log_event("a", "stdout", text, 1));
  }
  std::uint64_t last = subscriber.next(std::nullopt)->seq;
  daemon.die();
  const auto read_on = [&] {
    while (const auto event = subscriber.next(std::nullopt)) {
      EXPECT_EQ(event->seq, ++last);
    }
  };
  EXPECT_THROW(read_on(), NoDaemon);
  EXPECT_THROW(subscriber.next(std::nullopt), NoDaemon);
}

TEST_F(SubscriberTest, WhatIsNoEventIsABadAnswer) {
  zmq::context_t context;
  zmq::socket_t xpub{context, zmq::socket_type::xpub};
  xpub.bind(events());
  const auto complains_about = [&](const std::vector<std::string>& frames) {
    Subscriber subscriber{events(), {"t."}};
    // Reading our subscription off the XPUB is the event that says it is in force.
    zmq::message_t subscription;
    do {
      (void)xpub.recv(subscription);
    } while (subscription.to_string() != "\x01t.");
    for (std::size_t i = 0; i < frames.size(); ++i) {
      xpub.send(zmq::buffer(frames[i]),
                i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
    }
    EXPECT_THROW(subscriber.next(std::nullopt), BadAnswer) << frames.size();
  };
  complains_about({"t."});
  complains_about({"t.", "junk"});
  complains_about({"t.", R"({"jsonrpc":"2.0","method":"event","params":{}})"});
  complains_about({"t.", encode_event("t.", 1, 1, {}, {}), "surplus"});
}

}  // namespace
}  // namespace masterd::proto
