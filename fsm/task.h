// task -- something the loop runs once in its next turn. Intrusive: scheduling allocates nothing.
//
//   idle --EventLoop::schedule--> linked --turn--> idle (run() may schedule again: the turn after)
//
// Owner: whoever embeds it. Destroying a linked task takes it out of the queue (auto-unlink), so a
// stale run cannot happen; scheduling a linked one changes nothing, so several wake-ups coalesce.
#pragma once

#include <boost/intrusive/list.hpp>

namespace masterd::fsm {

class Task : public boost::intrusive::list_base_hook<
                 boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;

  virtual void run() = 0;
  [[nodiscard]] bool scheduled() const { return is_linked(); }
  void unlink_if_scheduled() {
    if (is_linked()) unlink();
  }
};

/// In order of scheduling. Without a constant-time size: auto-unlink forbids one.
using TaskQueue = boost::intrusive::list<Task, boost::intrusive::constant_time_size<false>>;

}  // namespace masterd::fsm
