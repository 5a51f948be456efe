// event_loop -- one zmq_poll per turn over the ZeroMQ sockets and ONE epoll descriptor that gathers
// everything else (signalfd, timerfd, pipes, pidfds): a turn's cost does not grow with the
// children.
//
// A turn, in this order:
//   1. scheduled tasks and posted functions, as many as were there when the turn began,
//   2. zmq_poll, up to the nearest deadline (a timerfd inside the epoll: no rounding to
//   milliseconds),
//   3. ready sources, descriptors before sockets: a snapshot, so none starves; a watch that ended
//      meanwhile is skipped,
//   4. due timers.
// ZMQ_EVENTS is edge-triggered behind its descriptor, but zmq_poll reads it afresh in each turn: a
// handler need not drain its socket, it is called again.
//
// The loop belongs to the thread that constructs it (asserted); only post() and stop() may be
// called from others. Handlers may do anything to the loop but run it. An exception of a handler or
// a task goes to on_error(); without one it leaves run(), and what is no std::exception always
// does. The next turn finds whatever it left behind.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "fsm/clock.h"
#include "fsm/task.h"
#include "fsm/timer_queue.h"
#include "fsm/watch.h"

namespace masterd::fsm {

class EventLoop {
 public:
  /// `clock` must outlive the loop. Throws std::system_error (epoll, timerfd, eventfd).
  explicit EventLoop(const Clock& clock);
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Turns until stop(). A stop() before run() makes it return after no turn.
  void run();
  /// One turn; waits at most `timeout` (0: not at all), but not when a task has run in it.
  void run_once(std::optional<Duration> timeout = std::nullopt);
  /// Ends run() after the current turn. Thread-safe, idempotent.
  void stop();
  /// Runs `fn` in the next turn, never inside the call. Thread-safe.
  void post(std::function<void()> fn);
  /// Runs `task` in the next turn; no-op while it is scheduled. Borrowed; see fsm/task.h.
  void schedule(Task& task);

  /// `handler(revents)` whenever the descriptor has one of `events` (EPOLLIN...; level-triggered).
  /// The descriptor is borrowed: end the watch before closing it. Throws std::system_error.
  [[nodiscard]] Watch watch_fd(int fd, std::uint32_t events,
                               std::function<void(std::uint32_t)> handler);
  /// `handler(revents)` with ZMQ_POLLIN / ZMQ_POLLOUT. The socket is borrowed: end the watch before
  /// closing it. One watch a socket.
  [[nodiscard]] Watch watch_socket(void* socket, short events, std::function<void(short)> handler);
  /// Runs `fn` once at `deadline`; the Watch cancels it.
  [[nodiscard]] Watch at(Deadline deadline, std::function<void()> fn);
  /// The same without a handle that cancels by itself.
  TimerId arm(Deadline deadline, std::function<void()> fn);
  void cancel(TimerId id);

  /// Gets what a handler or task threw; the loop goes on. Empty: exceptions leave run().
  void on_error(std::function<void(const std::exception&)> handler);

  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  /// For a host's own poll: readable while process() has work. Owned by the loop. Outside a turn
  /// the host must not use a watched socket (a send or receive reads its edge), or must call
  /// process() afterwards.
  [[nodiscard]] int fd();
  /// A turn that does not wait.
  void process() { run_once(Duration::zero()); }
  [[nodiscard]] std::uint64_t turns() const;

 private:
  struct Impl;
  const Clock& clock_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace masterd::fsm
