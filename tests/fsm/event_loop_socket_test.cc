// ZeroMQ sockets: their descriptor tells edges only, the loop must behave as if it told levels.
#include <zmq.hpp>

#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EventLoopSocketTest : public LoopFixture {
 protected:
  EventLoopSocketTest() {
    theirs.bind("inproc://test");
    ours.connect("inproc://test");
  }

  void send(const std::string& text) { theirs.send(zmq::buffer(text)); }
  std::string receive_one() {
    zmq::message_t message;
    EXPECT_TRUE(ours.recv(message, zmq::recv_flags::dontwait));
    return message.to_string();
  }

  zmq::context_t context;
  zmq::socket_t theirs{context, zmq::socket_type::pair};
  zmq::socket_t ours{context, zmq::socket_type::pair};
};

TEST_F(EventLoopSocketTest, CallsTheHandlerAgainForEachMessageThatItLeft) {
  const Watch watch = loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short revents) {
    EXPECT_EQ(revents, ZMQ_POLLIN);
    log.push_back(receive_one());
  });
  turn();
  EXPECT_THAT(log, IsEmpty());
  for (const char* text : {"a", "b", "c"}) send(text);
  turn(5);
  EXPECT_THAT(log, ElementsAre("a", "b", "c"));
}

TEST_F(EventLoopSocketTest, AHandlerThatAnswersStillGetsTheNextMessage) {
  // A send reads the socket's signal as a side effect, so an edge-triggered loop would stand here.
  const Watch watch = loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short) {
    log.push_back(receive_one());
    ours.send(zmq::str_buffer("answer"), zmq::send_flags::dontwait);
  });
  for (const char* text : {"a", "b", "c"}) send(text);
  turn(5);
  EXPECT_THAT(log, ElementsAre("a", "b", "c"));
}

TEST_F(EventLoopSocketTest, TellsThatASocketCanSend) {
  short seen = 0;
  const Watch watch =
      loop.watch_socket(ours.handle(), ZMQ_POLLOUT, [&](short revents) { seen = revents; });
  turn();
  EXPECT_EQ(seen, ZMQ_POLLOUT);
}

TEST_F(EventLoopSocketTest, AHandlerMayEndItsOwnWatchAndCloseTheSocket) {
  Watch watch;
  watch = loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short) {
    log.push_back(receive_one());
    watch.reset();
    ours.close();
  });
  send("a");
  send("b");
  turn(3);
  EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(EventLoopSocketTest, SkipsASocketWhoseWatchEndedInTheSameTurn) {
  zmq::socket_t theirs2{context, zmq::socket_type::pair};
  zmq::socket_t ours2{context, zmq::socket_type::pair};
  theirs2.bind("inproc://second");
  ours2.connect("inproc://second");
  Watch first;
  Watch second;
  first = loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short) {
    second.reset();
    log.emplace_back("called");
  });
  second = loop.watch_socket(ours2.handle(), ZMQ_POLLIN, [&](short) {
    first.reset();
    log.emplace_back("called");
  });
  send("x");
  theirs2.send(zmq::str_buffer("x"));
  turn();
  EXPECT_THAT(log, ElementsAre("called"));
}

TEST_F(EventLoopSocketTest, ASocketWatchedByATaskIsPolledInThatTurn) {
  Watch watch;
  send("a");
  loop.post([&] {
    watch =
        loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short) { log.push_back(receive_one()); });
  });
  turn();
  EXPECT_THAT(log, ElementsAre("a"));
}

TEST_F(EventLoopSocketTest, AMessageEndsATurnThatWaitsWithoutLimit) {
  const Watch watch =
      loop.watch_socket(ours.handle(), ZMQ_POLLIN, [&](short) { log.push_back(receive_one()); });
  send("a");
  loop.run_once();
  EXPECT_THAT(log, ElementsAre("a"));
}

}  // namespace
}  // namespace masterd::fsm
