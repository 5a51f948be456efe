// leader_watches -- what both exit sources keep of the leaders that are watched.
//
//   alive --tell_exited()--> pinned (told, and a zombie still) --its watch ends--> (forgotten)
//
// While a leader is pinned its listener is asked to look again every kTick: a member that leaves
// the group (setsid: every program that makes itself a daemon does so just after its parent has
// ended) tells nobody. Without a pinned leader there is no timer.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "fsm/event_loop.h"
#include "supervisor/exit_source.h"

namespace masterd::supervisor {

/// All processes; where orphans do not become our children, or cannot be listed.
std::optional<Strays> strays_in_proc();

class LeaderWatches final : private fsm::WatchOwner {
 public:
  static constexpr std::chrono::milliseconds kTick{20};

  /// `on_end(leader)` when a watch has ended or was forgotten; may run inside any call to a
  /// listener.
  LeaderWatches(fsm::EventLoop& loop, std::function<void(pid_t)> on_end);
  /// REQUIRES: no watch is left.
  ~LeaderWatches();
  LeaderWatches(const LeaderWatches&) = delete;
  LeaderWatches& operator=(const LeaderWatches&) = delete;

  [[nodiscard]] fsm::Watch add(pid_t leader, ExitListener& listener);
  /// See ExitSource::watch_rest(): pinned from the start, by nobody.
  [[nodiscard]] fsm::Watch add_rest(ExitListener& listener);
  [[nodiscard]] bool watched(pid_t leader) const { return listeners_.count(leader) != 0; }
  [[nodiscard]] std::vector<pid_t> leaders() const;

  /// The leader is a zombie. False when there is nobody to tell, or it has been told.
  bool tell_exited(pid_t leader);
  /// By `signo`; 0: it goes on. Nobody need be there to be told.
  void tell_suspended(pid_t leader, int signo);
  /// To the listener of each pinned leader: look again.
  void tell_pinned();
  /// Ends the watch before its handle does.
  void forget(pid_t leader) { end_watch(static_cast<std::uint64_t>(leader)); }

 private:
  struct Entry {
    ExitListener* listener;
    bool pinned = false;
  };

  void end_watch(std::uint64_t id) override;
  [[nodiscard]] std::vector<pid_t> pinned() const;
  void arm_tick();

  fsm::EventLoop& loop_;
  const std::function<void(pid_t)> on_end_;
  std::unordered_map<pid_t, Entry> listeners_;  // one without a leader has a number below 0
  pid_t last_rest_ = 0;
  fsm::Watch tick_;  // engaged while a leader is pinned
};

}  // namespace masterd::supervisor
