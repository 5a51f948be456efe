#include "proto/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <thread>
#include <zmq.hpp>

#include "proto/endpoint.h"
#include "proto/event.h"
#include "proto/subscriber.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using test::always;
using test::Answer;
using test::FakeDaemon;
using test::TempFolder;

class ClientTest : public testing::Test {
 protected:
  std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  std::string events() const { return "ipc://" + folder_.path("events.sock"); }

  TempFolder folder_;
};

/// A listening unix socket that is no daemon.
class PlainListener {
 public:
  explicit PlainListener(const std::string& path)
      : fd_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(fd_, 8) != 0) {
      ADD_FAILURE() << std::strerror(errno);
    }
  }
  ~PlainListener() { close(fd_); }
  PlainListener(const PlainListener&) = delete;
  PlainListener& operator=(const PlainListener&) = delete;

  void accept_and_say(std::string_view text) const {
    const int peer = accept(fd_, nullptr, nullptr);
    (void)!write(peer, text.data(), text.size());
    close(peer);
  }

 private:
  int fd_;
};

TEST_F(ClientTest, ACallReturnsTheResult) {
  FakeDaemon daemon{control(), events(), [](FakeDaemon&, const Request& r) -> Answer {
                      return json::value{{"method", r.method}, {"params", r.params}};
                    }};
  Client client{control()};
  EXPECT_EQ(client.call("wait", {{"name", "a"}}),
            (json::value{{"method", "wait"}, {"params", {{"name", "a"}}}}));
  EXPECT_EQ(client.call("ping", {}), (json::value{{"method", "ping"}, {"params", json::object{}}}));
}

TEST_F(ClientTest, AnErrorIsRefusedWithItsReason) {
  FakeDaemon daemon{control(), events(),
                    always(application_error("busy", "the session is ending"))};
  Client client{control()};
  try {
    client.call("set_config", {});
    FAIL();
  } catch (const Refused& refused) {
    EXPECT_EQ(refused.error.code, kApplicationError);
    EXPECT_EQ(reason_of(refused.error), "busy");
    EXPECT_STREQ(refused.what(), "the session is ending");
  }
}

TEST_F(ClientTest, AfterARefusalTheConnectionIsUsedAgain) {
  FakeDaemon daemon{control(), events(), [](FakeDaemon&, const Request& r) -> Answer {
                      if (r.method == "bad") return application_error("busy", "no");
                      return json::value(1);
                    }};
  Client client{control()};
  EXPECT_THROW(client.call("bad", {}), Refused);
  EXPECT_EQ(client.call("good", {}), 1);
}

TEST_F(ClientTest, WithoutASocketThereIsNoDaemon) {
  Client client{control()};
  try {
    client.call("ping", {}, 1h);  // the hour doesn't count when nobody is there
    FAIL();
  } catch (const NoDaemon& none) {
    EXPECT_NE(std::string{none.what()}.find("No such file"), std::string::npos) << none.what();
  }
}

TEST_F(ClientTest, ASocketThatNobodyServesAnyMoreIsNoDaemon) {
  { const PlainListener gone{folder_.path("control.sock")}; }
  Client client{control()};
  EXPECT_THROW(client.call("ping", {}, 1h), NoDaemon);
}

TEST_F(ClientTest, ATcpPortWithoutListenerIsNoDaemon) {
  zmq::context_t context;
  zmq::socket_t probe{context, zmq::socket_type::pair};
  probe.bind("tcp://127.0.0.1:*");
  const std::string free_port = probe.get(zmq::sockopt::last_endpoint);
  probe.unbind(free_port);
  Client client{free_port};
  EXPECT_THROW(client.call("ping", {}, 1h), NoDaemon);
}

TEST_F(ClientTest, AnotherProgramOnTheSocketIsNoDaemon) {
  const PlainListener web{folder_.path("control.sock")};
  std::thread server{[&] { web.accept_and_say("HTTP/1.1 400 Bad Request\r\n\r\n"); }};
  Client client{control()};
  // After the first refusal libzmq connects again and is accepted by the kernel alone: silence.
  EXPECT_THROW(client.call("ping", {}, 1500ms), std::runtime_error);
  server.join();
}

TEST_F(ClientTest, AListenerThatSaysNothingTimesOutSinceADaemonMayBeStopped) {
  const PlainListener silent{folder_.path("control.sock")};
  Client client{control()};
  EXPECT_THROW(client.call("ping", {}, 50ms), TimedOut);
}

TEST_F(ClientTest, ADaemonThatComesUpWithinTheSecondIsFound) {
  Client client{control()};  // begins to connect, to nothing
  std::optional<FakeDaemon> daemon;
  std::thread starter{[&] { daemon.emplace(control(), events(), always(json::value("up"))); }};
  EXPECT_EQ(client.call("ping", {}), "up");
  starter.join();
}

TEST_F(ClientTest, ARequestReportedAsNoDaemonIsNotCarriedOutLater) {
  Client client{control()};
  EXPECT_THROW(client.call("shutdown", {}, 1ms), NoDaemon);
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  EXPECT_EQ(client.call("ping", {}), 1);
  ASSERT_EQ(daemon.requests().size(), 1u);
  EXPECT_EQ(daemon.requests()[0].method, "ping");
}

TEST_F(ClientTest, SilenceIsATimeout) {
  FakeDaemon daemon{control(), events(), always(std::monostate{})};
  Client client{control()};
  EXPECT_THROW(client.call("ping", {}, 50ms), TimedOut);
}

TEST_F(ClientTest, AfterATimeoutTheLateAnswerIsNotTakenForTheNext) {
  int calls = 0;
  FakeDaemon daemon{control(), events(), [&](FakeDaemon&, const Request& r) -> Answer {
                      if (++calls == 1) return std::monostate{};
                      return json::value(r.method);
                    }};
  Client client{control()};
  EXPECT_THROW(client.call("first", {}, 50ms), TimedOut);
  EXPECT_EQ(client.call("second", {}), "second");
}

TEST_F(ClientTest, AnAnswerWithAnotherIdIsSkipped) {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  router.bind(control());
  std::thread server{[&] {
    zmq::message_t identity, delimiter, body;
    (void)router.recv(identity);
    (void)router.recv(delimiter);
    (void)router.recv(body);
    const auto request = std::get<Request>(parse(body.to_string_view()).items[0]);
    for (const json::value& answer :
         {result_value(12345, "stale"), result_value(*request.id, "fresh")}) {
      zmq::message_t to, empty;
      to.copy(identity);
      router.send(to, zmq::send_flags::sndmore);
      router.send(empty, zmq::send_flags::sndmore);
      router.send(zmq::buffer(encode(answer)), zmq::send_flags::none);
    }
  }};
  Client client{control()};
  EXPECT_EQ(client.call("ping", {}), "fresh");
  server.join();
}

TEST_F(ClientTest, AnAnswerThatIsNotJsonIsABadAnswer) {
  zmq::context_t context;
  zmq::socket_t router{context, zmq::socket_type::router};
  router.bind(control());
  std::thread server{[&] {
    zmq::message_t identity, delimiter, body;
    (void)router.recv(identity);
    (void)router.recv(delimiter);
    (void)router.recv(body);
    router.send(identity, zmq::send_flags::sndmore);
    router.send(delimiter, zmq::send_flags::sndmore);
    router.send(zmq::str_buffer("OK"), zmq::send_flags::none);
  }};
  Client client{control()};
  EXPECT_THROW(client.call("ping", {}), BadAnswer);
  server.join();
}

TEST_F(ClientTest, ADaemonThatDiesMidRequestIsNoDaemon) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace(control(), events(), [](FakeDaemon& d, const Request&) -> Answer {
    d.die();
    return std::monostate{};
  });
  Client client{control()};
  EXPECT_THROW(client.call("wait", {}, 1h), NoDaemon);
}

TEST_F(ClientTest, AnAnswerSentJustBeforeTheDeathIsStillRead) {
  for (int round = 0; round < 20; ++round) {
    std::optional<FakeDaemon> daemon;
    daemon.emplace(control(), events(), [](FakeDaemon& d, const Request&) -> Answer {
      d.emit("session.", {});
      return json::value("bye");
    });
    Client client{control()};
    EXPECT_EQ(client.call("shutdown", {}), "bye");
    daemon.reset();
    EXPECT_TRUE(client.wait_gone(1h));
  }
}

TEST_F(ClientTest, WaitGoneGivesUpWhileTheDaemonLives) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Client client{control()};
  client.call("shutdown", {});
  EXPECT_FALSE(client.wait_gone(20ms));
}

TEST_F(ClientTest, ARestartedDaemonIsReachedByTheSameClient) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace(control(), events(), always(json::value(1)));
  Client client{control()};
  EXPECT_EQ(client.call("ping", {}), 1);
  daemon.reset();
  EXPECT_TRUE(client.wait_gone(1h));
  daemon.emplace(control(), events(), always(json::value(2)));
  EXPECT_EQ(client.call("ping", {}), 2);
}

TEST_F(ClientTest, ARequestOverTheSizeLimitIsRefusedByTheDaemonsAnswerWithoutId) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Client client{control()};
  EXPECT_THROW(client.call("set_config", {{"text", std::string(kMaxMessage, 'x')}}), Refused);
}

TEST_F(ClientTest, WhatIsNoEndpointIsAnInvalidArgument) {
  EXPECT_THROW(Client{"nonsense"}, std::invalid_argument);
  EXPECT_THROW(Client{"tcp://"}, std::invalid_argument);
  EXPECT_THROW(Client{""}, std::invalid_argument);
  EXPECT_THROW(Client{"ipc://" + std::string(200, 'x')}, std::invalid_argument);
}

TEST_F(ClientTest, TheEventsEndpointIsTheOneThatPingNamesForTheTransport) {
  FakeDaemon daemon{control(), events(),
                    always(json::value{{"events", {"tcp://127.0.0.1:1", "ipc:///x"}}})};
  EXPECT_EQ(Client{control()}.events_endpoint(), "ipc:///x");
}

TEST_F(ClientTest, WithoutWordFromPingTheEventsAreBesideTheControlSocket) {
  FakeDaemon daemon{control(), events(), always(json::object{})};
  EXPECT_EQ(Client{control()}.events_endpoint(), events());
}

TEST_F(ClientTest, EventsRunUntilTheCallbackHasEnough) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Client client{control()};
  std::vector<std::string> seen;
  client.events(
      events(), {coprocess_topic("a")},
      [&] {
        daemon.publish(coprocess_topic("b"), {});
        daemon.publish(coprocess_topic("a"), coprocess_event("a", "starting", "running", "up"));
        daemon.publish(coprocess_topic("a"), coprocess_event("a", "running", "stopping", "stop"));
      },
      [&](const std::string& topic, const json::object& params) {
        seen.push_back(topic + std::string{params.at("to").as_string()});
        return seen.size() < 2;
      });
  EXPECT_EQ(seen, (std::vector<std::string>{"coprocess.a.running", "coprocess.a.stopping"}));
}

TEST_F(ClientTest, EventsEndAtTheDeadline) {
  FakeDaemon daemon{control(), events(), always(json::value(1))};
  Client client{control()};
  bool ready = false;
  client.events(
      events(), {}, [&] { ready = true; },
      [](const std::string&, const json::object&) { return true; },
      std::chrono::steady_clock::now() + 300ms);
  EXPECT_TRUE(ready);
}

TEST_F(ClientTest, JoinLeavesOutWhatTheStatusAlreadyContains) {
  FakeDaemon daemon{control(), events(), [](FakeDaemon& d, const Request& r) -> Answer {
                      EXPECT_EQ(r.method, "status");
                      d.emit(session_topic(), session_event("s", "waiting", "starting", "old"));
                      const auto seq = d.seq();
                      d.emit(session_topic(), session_event("s", "starting", "running", "new"));
                      return json::object{{"seq", seq}};
                    }};
  Client client{control()};
  Subscriber subscriber{events(), {session_topic()}};
  const json::object status = client.join(subscriber);
  const auto event = subscriber.next(std::nullopt);
  ASSERT_TRUE(event.has_value());
  EXPECT_EQ(event->params.at("cause"), "new");
  EXPECT_EQ(event->seq, status.at("seq").to_number<std::uint64_t>() + 1);
}

}  // namespace
}  // namespace masterd::proto
