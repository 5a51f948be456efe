#include "supervisor/leader_watches.h"

#include <cassert>
#include <utility>

#include "supervisor/proc_fs.h"

namespace masterd::supervisor {

std::optional<Strays> strays_in_proc() {
  auto all = all_processes();
  if (!all) return std::nullopt;
  return Strays{std::move(*all), false};
}

LeaderWatches::LeaderWatches(fsm::EventLoop& loop, std::function<void(pid_t)> on_end)
    : loop_{loop}, on_end_{std::move(on_end)} {}

LeaderWatches::~LeaderWatches() { assert(listeners_.empty() && "a watch outlives its source"); }

fsm::Watch LeaderWatches::add(pid_t leader, ExitListener& listener) {
  listeners_.emplace(leader, Entry{&listener});
  return fsm::Watch{*this, static_cast<std::uint64_t>(leader)};
}

fsm::Watch LeaderWatches::add_rest(ExitListener& listener) {
  --last_rest_;
  listeners_.emplace(last_rest_, Entry{&listener, true});
  arm_tick();
  return fsm::Watch{*this, static_cast<std::uint64_t>(last_rest_)};
}

std::vector<pid_t> LeaderWatches::leaders() const {
  std::vector<pid_t> all;
  for (const auto& [leader, entry] : listeners_) {
    if (leader > 0) all.push_back(leader);
  }
  return all;
}

bool LeaderWatches::tell_exited(pid_t leader) {
  const auto found = listeners_.find(leader);
  if (found == listeners_.end() || found->second.pinned) return false;
  found->second.pinned = true;
  found->second.listener->leader_exited();  // may end this watch, or any
  arm_tick();
  return true;
}

void LeaderWatches::tell_suspended(pid_t leader, int signo) {
  const auto found = listeners_.find(leader);
  if (found == listeners_.end() || found->second.pinned) return;
  if (signo != 0) {
    found->second.listener->leader_suspended(signo);
  } else {
    found->second.listener->leader_continued();
  }
}

void LeaderWatches::tell_pinned() {
  for (const pid_t leader : pinned()) {
    const auto found = listeners_.find(leader);  // a listener may have ended this watch
    if (found != listeners_.end()) found->second.listener->member_exited();
  }
}

void LeaderWatches::end_watch(std::uint64_t id) {
  const auto leader = static_cast<pid_t>(id);
  if (listeners_.erase(leader) != 0) on_end_(leader);
}

std::vector<pid_t> LeaderWatches::pinned() const {
  std::vector<pid_t> all;
  for (const auto& [leader, entry] : listeners_) {
    if (entry.pinned) all.push_back(leader);
  }
  return all;
}

void LeaderWatches::arm_tick() {
  if (tick_ || pinned().empty()) return;
  tick_ = loop_.at(loop_.now() + kTick, [this] {
    tick_.reset();
    tell_pinned();
    arm_tick();
  });
}

}  // namespace masterd::supervisor
