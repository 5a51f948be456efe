// The loop inside a host's own poll: fd() is readable exactly while process() has work.
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <stdexcept>
#include <thread>
#include <zmq.hpp>

#include "fsm/event_loop.h"
#include "tests/fsm/descriptors.h"
#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

constexpr int kPatience = 10'000;  // milliseconds, for what must come

class HostTest : public ::testing::Test {
 protected:
  bool has_work() { return readable_now(loop.fd()); }
  bool gets_work() { return readable_within(loop.fd(), kPatience); }
  // What a host does.
  void process_while_there_is_work() {
    while (has_work()) loop.process();
  }

  SteadyClock clock;
  EventLoop loop{clock};
  std::vector<std::string> log;
};

class HostSocketTest : public HostTest {
 protected:
  HostSocketTest() {
    theirs.bind("inproc://host");
    ours.connect("inproc://host");
  }
  Watch watch_ours() {
    return loop.watch_socket(ours.handle(), ZMQ_POLLIN, [this](short) {
      zmq::message_t message;
      EXPECT_TRUE(ours.recv(message, zmq::recv_flags::dontwait));
      log.push_back(message.to_string());
    });
  }
  void send(const std::string& text) { theirs.send(zmq::buffer(text)); }

  zmq::context_t context;
  zmq::socket_t theirs{context, zmq::socket_type::pair};
  zmq::socket_t ours{context, zmq::socket_type::pair};
};

TEST_F(HostTest, AnIdleLoopHasNoWork) {
  const Descriptor idle = idle_fd();
  const Watch watch = loop.watch_fd(idle.get(), EPOLLIN, [](std::uint32_t) {});
  loop.arm(clock.now() + std::chrono::hours{1}, [] {});
  EXPECT_FALSE(has_work());
  loop.process();
  EXPECT_FALSE(has_work());
}

TEST_F(HostTest, ADescriptorThatIsReadyIsWork) {
  const Descriptor ready = idle_fd();
  const Watch watch = loop.watch_fd(ready.get(), EPOLLIN, [&](std::uint32_t) {
    make_idle(ready);
    log.emplace_back("ready");
  });
  EXPECT_FALSE(has_work());
  make_readable(ready);
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("ready"));
}

TEST_F(HostTest, ATimerIsWorkWhenItIsDue) {
  loop.process();
  loop.arm(clock.now() + milliseconds{2}, [this] { log.emplace_back("timer"); });
  while (log.empty()) {
    ASSERT_TRUE(gets_work());
    loop.process();
  }
  EXPECT_FALSE(has_work());
}

TEST_F(HostTest, ATimerArmedByAHandlerIsWorkWhenItIsDue) {
  loop.post(
      [this] { loop.arm(clock.now() + milliseconds{2}, [this] { log.emplace_back("timer"); }); });
  while (log.empty()) {
    ASSERT_TRUE(gets_work());
    loop.process();
  }
}

TEST_F(HostTest, ATimerThatIsDueWhenArmedIsWork) {
  EXPECT_FALSE(has_work());
  loop.arm(clock.now(), [this] { log.emplace_back("timer"); });
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("timer"));
}

TEST_F(HostTest, ACancelledTimerIsNoWork) {
  EXPECT_FALSE(has_work());
  const TimePoint soon = clock.now() + milliseconds{2};
  loop.cancel(loop.arm(soon, [] {}));
  {
    const Watch watch = loop.at(soon, [] {});
  }
  // A timerfd of the test's own tells when the cancelled ones would have been due.
  const Descriptor later{::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)};
  itimerspec spec{};
  spec.it_value.tv_nsec = 5'000'000;
  ASSERT_EQ(::timerfd_settime(later.get(), 0, &spec, nullptr), 0);
  ASSERT_TRUE(readable_within(later.get(), kPatience));
  EXPECT_FALSE(has_work());
}

TEST_F(HostTest, APostBetweenTurnsIsWork) {
  EXPECT_FALSE(has_work());
  loop.post([this] { log.emplace_back("posted"); });
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST_F(HostTest, APostBeforeTheHostAskedForTheDescriptorIsWork) {
  loop.post([this] { log.emplace_back("posted"); });
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST_F(HostTest, APostInsideATurnIsWorkAfterIt) {
  (void)loop.fd();
  loop.post([this] { loop.post([this] { log.emplace_back("inner"); }); });
  loop.process();
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("inner"));
}

TEST_F(HostTest, APostOfAnotherThreadIsWork) {
  EXPECT_FALSE(has_work());
  std::thread{[this] { loop.post([this] { log.emplace_back("posted"); }); }}.join();
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST_F(HostTest, APostOfAnotherThreadDuringATurnIsNotLost) {
  (void)loop.fd();
  loop.post([this] {  // after the turn took what was posted, before it polls
    std::thread{[this] { loop.post([this] { log.emplace_back("posted"); }); }}.join();
  });
  loop.process();
  ASSERT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("posted"));
}

TEST_F(HostTest, ATaskScheduledBetweenTurnsIsWork) {
  class Note final : public Task {
   public:
    explicit Note(std::vector<std::string>& log) : log_{log} {}
    void run() override { log_.emplace_back("task"); }

   private:
    std::vector<std::string>& log_;
  } task{log};
  EXPECT_FALSE(has_work());
  loop.schedule(task);
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("task"));
}

TEST_F(HostTest, WhatAnExceptionLeftBehindIsWork) {
  (void)loop.fd();
  loop.post([] { throw std::runtime_error{"error"}; });
  loop.post([this] { log.emplace_back("behind"); });
  EXPECT_THROW(loop.process(), std::runtime_error);
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("behind"));
}

TEST_F(HostTest, ADueTimerThatAnExceptionLeftBehindIsWork) {
  (void)loop.fd();
  const TimePoint due = clock.now();
  loop.arm(due, [] { throw std::runtime_error{"error"}; });
  loop.arm(due, [this] { log.emplace_back("behind"); });
  EXPECT_THROW(loop.process(), std::runtime_error);
  EXPECT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("behind"));
}

TEST_F(HostSocketTest, AMessageIsWorkUntilItIsRead) {
  const Watch watch = watch_ours();
  process_while_there_is_work();
  EXPECT_FALSE(has_work());
  for (const char* text : {"a", "b", "c"}) send(text);
  while (log.size() < 3) {
    ASSERT_TRUE(gets_work());
    loop.process();  // the handler reads one message a turn
  }
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("a", "b", "c"));
}

TEST_F(HostSocketTest, ASocketWatchedBeforeTheHostAskedForTheDescriptorIsWork) {
  const Watch watch = watch_ours();
  loop.process();
  send("a");
  EXPECT_TRUE(gets_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(HostSocketTest, AMessageThatCameBeforeTheWatchIsWork) {
  (void)loop.fd();
  send("a");
  // Reads the edge off the socket's descriptor: from here on it tells nothing of the message.
  ASSERT_NE(ours.get(zmq::sockopt::events) & ZMQ_POLLIN, 0);
  const Watch watch = watch_ours();
  ASSERT_TRUE(has_work());
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(HostSocketTest, AMessageFromAnotherThreadEndsTheHostsPoll) {
  const Watch watch = watch_ours();
  process_while_there_is_work();
  std::thread peer{[this] { send("a"); }};
  ASSERT_TRUE(gets_work());
  peer.join();
  process_while_there_is_work();
  EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(HostSocketTest, ASocketWhoseWatchEndedIsNoWork) {
  { const Watch watch = watch_ours(); }
  process_while_there_is_work();
  send("a");
  EXPECT_FALSE(has_work());
}

}  // namespace
}  // namespace masterd::fsm
