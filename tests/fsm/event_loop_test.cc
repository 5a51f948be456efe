// One loop, turned by hand: the order of a turn, tasks, descriptors, timers.
#include "fsm/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <memory>
#include <zmq.hpp>

#include "tests/fsm/descriptors.h"
#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class NoteTask final : public Task {
 public:
  NoteTask(std::vector<std::string>& log, std::string name) : log_{log}, name_{std::move(name)} {}
  void run() override {
    log_.push_back(name_);
    if (then) then();
  }
  std::function<void()> then;

 private:
  std::vector<std::string>& log_;
  std::string name_;
};

class EventLoopTest : public LoopFixture {
 protected:
  auto note(const std::string& what) {
    return [this, what](auto...) { log.push_back(what); };
  }
};

TEST_F(EventLoopTest, ATurnRunsTasksThenDescriptorsThenSocketsThenTimers) {
  zmq::context_t context;
  zmq::socket_t sender{context, zmq::socket_type::pair};
  zmq::socket_t receiver{context, zmq::socket_type::pair};
  sender.bind("inproc://turn");
  receiver.connect("inproc://turn");
  sender.send(zmq::buffer("x", 1));
  const Descriptor ready = readable_fd();

  const Watch timer = loop.at(clock.now(), note("timer"));
  const Watch socket = loop.watch_socket(receiver.handle(), ZMQ_POLLIN, note("socket"));
  const Watch fd = loop.watch_fd(ready.get(), EPOLLIN, note("fd"));
  loop.post(note("task"));
  turn();
  EXPECT_THAT(log, ElementsAre("task", "fd", "socket", "timer"));
}

TEST_F(EventLoopTest, RunsTasksInOrderOfScheduling) {
  NoteTask a{log, "a"};
  NoteTask b{log, "b"};
  loop.schedule(b);
  loop.post(note("posted"));
  loop.schedule(a);
  turn();
  EXPECT_THAT(log, ElementsAre("b", "posted", "a"));
}

TEST_F(EventLoopTest, NeitherPostNorScheduleRunsAnythingInsideTheCall) {
  NoteTask task{log, "task"};
  loop.schedule(task);
  loop.post(note("posted"));
  EXPECT_THAT(log, IsEmpty());
  EXPECT_TRUE(task.scheduled());
}

TEST_F(EventLoopTest, ATaskScheduledTwiceRunsOnce) {
  NoteTask task{log, "task"};
  loop.schedule(task);
  loop.schedule(task);
  turn(2);
  EXPECT_THAT(log, ElementsAre("task"));
}

TEST_F(EventLoopTest, WhatATaskSchedulesRunsInTheNextTurn) {
  NoteTask task{log, "task"};
  task.then = [&] {
    task.then = nullptr;
    loop.schedule(task);
    loop.post(note("posted"));
  };
  loop.schedule(task);
  turn();
  EXPECT_THAT(log, ElementsAre("task"));
  turn();
  EXPECT_THAT(log, ElementsAre("task", "task", "posted"));
}

TEST_F(EventLoopTest, ADestroyedTaskDoesNotRun) {
  auto victim = std::make_unique<NoteTask>(log, "victim");
  NoteTask killer{log, "killer"};
  killer.then = [&] { victim.reset(); };
  loop.schedule(killer);
  loop.schedule(*victim);
  turn(2);
  EXPECT_THAT(log, ElementsAre("killer"));
}

TEST_F(EventLoopTest, CallsAHandlerAgainWhileItsDescriptorStaysReady) {
  const Descriptor ready = readable_fd();
  const Watch watch = loop.watch_fd(ready.get(), EPOLLIN, note("ready"));
  turn(3);
  EXPECT_EQ(log.size(), 3U);
  make_idle(ready);
  turn(3);
  EXPECT_EQ(log.size(), 3U);
}

TEST_F(EventLoopTest, TellsWhichEventsADescriptorHas) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const Descriptor reader{ends[0]};
  Descriptor writer{ends[1]};
  std::uint32_t seen = 0;
  const Watch watch = loop.watch_fd(reader.get(), EPOLLIN, [&](std::uint32_t e) { seen = e; });
  turn();
  EXPECT_EQ(seen, 0U);
  ASSERT_EQ(::write(writer.get(), "x", 1), 1);
  turn();
  EXPECT_EQ(seen, EPOLLIN);
  writer.close();
  turn();
  EXPECT_EQ(seen, EPOLLIN | EPOLLHUP);
}

TEST_F(EventLoopTest, RefusesADescriptorThatCannotBeWatched) {
  EXPECT_THROW((void)loop.watch_fd(-1, EPOLLIN, note("never")), std::system_error);
  turn();
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(EventLoopTest, AHandlerMayEndItsOwnWatchAndStillUseItsCaptures) {
  const Descriptor ready = readable_fd();
  Watch watch;
  watch = loop.watch_fd(ready.get(), EPOLLIN,
                        [&, text = std::make_shared<std::string>("a text")](std::uint32_t) {
                          watch.reset();
                          log.push_back(*text);
                        });
  turn(2);
  EXPECT_THAT(log, ElementsAre("a text"));
  EXPECT_FALSE(watch);
}

TEST_F(EventLoopTest, SkipsAWatchEndedByAnotherHandlerInTheSameTurn) {
  const Descriptor first = readable_fd();
  const Descriptor second = readable_fd();
  Watch of_first;
  Watch of_second;
  of_first = loop.watch_fd(first.get(), EPOLLIN, [&](std::uint32_t) {
    of_second.reset();
    log.emplace_back("called");
  });
  of_second = loop.watch_fd(second.get(), EPOLLIN, [&](std::uint32_t) {
    of_first.reset();
    log.emplace_back("called");
  });
  turn();
  EXPECT_THAT(log, ElementsAre("called"));  // whichever the kernel names first
}

TEST_F(EventLoopTest, ANumberClosedAndOpenedAgainInATurnIsAnotherDescriptor) {
  std::array<Descriptor, 2> fds{readable_fd(), readable_fd()};
  std::array<Watch, 2> watches;
  // Whichever is called first replaces the other, which this turn has found ready too.
  for (const std::size_t i : {0, 1}) {
    watches[i] = loop.watch_fd(fds[i].get(), EPOLLIN, [&, i](std::uint32_t) {
      log.emplace_back("called");
      const std::size_t other = 1 - i;
      const int number = fds[other].get();
      watches[other].reset();
      fds[other].close();
      fds[other] = readable_fd();
      ASSERT_EQ(fds[other].get(), number);
      watches[other] = loop.watch_fd(number, EPOLLIN, note("reborn"));
      watches[i].reset();
    });
  }
  turn();
  EXPECT_THAT(log, ElementsAre("called"));
  turn();
  EXPECT_THAT(log, ElementsAre("called", "reborn"));
}

TEST_F(EventLoopTest, AMovedWatchGoesOnAndAReplacedOneEnds) {
  const Descriptor a = readable_fd();
  const Descriptor b = readable_fd();
  Watch watch = loop.watch_fd(a.get(), EPOLLIN, note("a"));
  Watch moved = std::move(watch);
  turn();
  EXPECT_THAT(log, ElementsAre("a"));
  moved = loop.watch_fd(b.get(), EPOLLIN, note("b"));
  turn();
  EXPECT_THAT(log, ElementsAre("a", "b"));
}

TEST_F(EventLoopTest, NoneOf600AlwaysReadyDescriptorsStarves) {
  constexpr std::size_t kCount = 600;
  std::vector<Descriptor> fds;
  std::vector<Watch> watches;
  std::vector<int> calls(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    fds.push_back(readable_fd());
    watches.push_back(
        loop.watch_fd(fds[i].get(), EPOLLIN, [&calls, i](std::uint32_t) { ++calls[i]; }));
  }
  const Watch timer = loop.at(clock.now(), note("timer"));
  loop.post(note("task"));
  turn();
  EXPECT_THAT(log, ElementsAre("task", "timer"));  // the many hold up nothing else
  turn(29);
  const auto [fewest, most] = std::minmax_element(calls.begin(), calls.end());
  EXPECT_GT(*fewest, 5);
  EXPECT_LE(*most - *fewest, 2);
}

TEST_F(EventLoopTest, RunsATimerWhenItIsDueAndOnlyOnce) {
  const Watch watch = loop.at(clock.now() + std::chrono::seconds{5}, note("timer"));
  turn();
  advance(std::chrono::seconds{4});
  EXPECT_THAT(log, IsEmpty());
  advance(std::chrono::seconds{1});
  advance(std::chrono::seconds{5});
  EXPECT_THAT(log, ElementsAre("timer"));
}

TEST_F(EventLoopTest, WaitsAgainForADeadlineThatItsClockHasNotReached) {
  loop.arm(clock.now() + std::chrono::milliseconds{1}, note("timer"));
  loop.run_once();  // the kernel's time passes, the manual clock stands
  loop.run_once();
  EXPECT_THAT(log, IsEmpty());
  clock.advance(std::chrono::milliseconds{1});
  turn();
  EXPECT_THAT(log, ElementsAre("timer"));
}

TEST_F(EventLoopTest, CancelsATimerByItsWatchOrItsId) {
  Watch watch = loop.at(clock.now(), note("by watch"));
  const TimerId id = loop.arm(clock.now(), note("by id"));
  loop.arm(clock.now(), note("kept"));
  watch.reset();
  loop.cancel(id);
  turn(2);
  EXPECT_THAT(log, ElementsAre("kept"));
}

TEST_F(EventLoopTest, TheWatchOfAFiredTimerEndsNoOther) {
  Watch fired = loop.at(clock.now(), note("first"));
  turn();
  const Watch second = loop.at(clock.now(), note("second"));
  fired.reset();
  turn();
  EXPECT_THAT(log, ElementsAre("first", "second"));
}

TEST_F(EventLoopTest, ATimerThatArmsADueOneGivesTheOthersATurn) {
  const Descriptor ready = readable_fd();
  loop.arm(clock.now(), [&] {
    log.emplace_back("timer");
    loop.arm(clock.now(), note("timer armed by it"));
  });
  const Watch watch = loop.watch_fd(ready.get(), EPOLLIN, note("fd"));
  turn(2);
  EXPECT_THAT(log, ElementsAre("fd", "timer", "fd", "timer armed by it"));
}

TEST(EventLoopEndTest, ADestroyedLoopLetsGoOfWhatWasPostedAndScheduled) {
  const test::ManualClock clock;
  std::vector<std::string> log;
  const auto held = std::make_shared<int>();
  NoteTask task{log, "never"};
  {
    EventLoop loop{clock};
    loop.post([held] {});
    loop.schedule(task);
    loop.arm(clock.now(), [held] {});
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(task.scheduled());
  EXPECT_THAT(log, IsEmpty());
}

}  // namespace
}  // namespace masterd::fsm
