// supervisor_model -- what must hold of a supervisor that has settled, recomputed slowly from what
// the outside may see: its spec, its views, and the processes.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "supervisor/supervisor_fsm.h"
#include "tests/support/fake_process.h"

namespace masterd::supervisor {

class SupervisorModel {
 public:
  explicit SupervisorModel(const SupervisorFsm& supervisor) : supervisor_{supervisor} {
    for (CoprocessView& view : supervisor.views()) {
      const std::string name = view.name;
      views_.emplace(name, std::move(view));
    }
    std::map<std::string, std::vector<std::string>> members;
    for (const auto& c : supervisor.spec().coprocesses) {
      members[c.name].push_back(c.name);
      if (!c.group.empty()) members[c.group].push_back(c.name);
    }
    for (const auto& c : supervisor.spec().coprocesses) {
      std::vector<std::string> units = c.requires_;
      for (const auto& group : supervisor.spec().groups) {
        if (group.name != c.group) continue;
        units.insert(units.end(), group.requires_.begin(), group.requires_.end());
      }
      for (const std::string& unit : units) {
        requirements_[c.name].insert(members[unit].begin(), members[unit].end());
      }
    }
  }

  void check(const test::FakeLauncher& launcher) const {
    check_lives(launcher);
    bool all_ready = true;
    bool settled = true;
    bool degraded = false;
    for (const auto& [name, view] : views_) {
      SCOPED_TRACE(name + " is " + std::string{to_string(view.state)});
      const bool up = view.desired == Desired::Up;
      if (up && unavailable(view) && view.state != State::Exited) all_ready = false;
      if (moves(view)) settled = false;
      if (up && (view.state == State::Failed || view.state == State::Backoff)) degraded = true;
      EXPECT_EQ(supervisor_.possible(name, State::Running), may_run(view));
      check_one(view);
    }
    EXPECT_EQ(supervisor_.all_ready(), all_ready);
    EXPECT_EQ(supervisor_.settled(), settled);
    EXPECT_EQ(supervisor_.degraded(), degraded);
  }

  /// Nobody is on the way, and everything that is wanted and can run does.
  void check_at_rest() const {
    EXPECT_TRUE(supervisor_.settled());
    for (const auto& [name, view] : views_) {
      SCOPED_TRACE(name + " is " + std::string{to_string(view.state)});
      const auto& needs = requirements(name);
      const bool good = std::all_of(needs.begin(), needs.end(), [this](const std::string& need) {
        return !unavailable(views_.at(need));
      });
      const bool ended = view.state == State::Exited || view.state == State::Failed;
      if (view.desired == Desired::Up && good && !ended) {
        EXPECT_EQ(view.state, State::Running);
      }
      if (view.desired == Desired::Up) {
        EXPECT_NE(view.state, State::Stopped);
      }
    }
  }

 private:
  [[nodiscard]] const std::set<std::string>& requirements(const std::string& name) const {
    static const std::set<std::string> kNone;  // of one that leaves
    const auto found = requirements_.find(name);
    return found == requirements_.end() ? kNone : found->second;
  }
  [[nodiscard]] static bool unavailable(const CoprocessView& view) {
    return view.state != State::Running || !view.waiting_for.empty();
  }
  [[nodiscard]] bool parked(const CoprocessView& view) const {
    if (view.state == State::Stopped || view.state == State::Exited) return true;
    if (view.state != State::Waiting) return false;
    const auto& needs = requirements(view.name);
    return std::any_of(needs.begin(), needs.end(),
                       [this](const std::string& need) { return parked(views_.at(need)); });
  }
  [[nodiscard]] bool moves(const CoprocessView& view) const {
    switch (view.state) {
      case State::Waiting:
        return !parked(view);
      case State::Running:
        return !view.waiting_for.empty();
      case State::Starting:
      case State::Stopping:
      case State::Backoff:
        return true;
      case State::Exited:
      case State::Stopped:
      case State::Failed:
        return false;
    }
    return false;
  }
  /// Without a command, some day.
  [[nodiscard]] bool may_run(const CoprocessView& view) const {
    if (view.state == State::Running) return true;
    return view.desired == Desired::Up && moves(view);
  }

  void check_lives(const test::FakeLauncher& launcher) const {
    std::map<std::string, int> lives;
    for (const auto& record : launcher.processes) {
      if (!record->destroyed) ++lives[record->name];
    }
    std::size_t pids = 0;
    for (const auto& [name, view] : views_) pids += view.pid ? 1 : 0;
    EXPECT_EQ(lives.size(), pids) << "a process that nobody shows, or one that is shown and is not";
    for (const auto& [name, count] : lives) EXPECT_EQ(count, 1) << "two lives of " << name;
  }

  void check_one(const CoprocessView& view) const {
    const bool alive = view.state == State::Starting || view.state == State::Running ||
                       view.state == State::Stopping;
    EXPECT_EQ(view.pid.has_value(), alive);
    EXPECT_EQ(view.next_try.has_value(), view.state == State::Backoff);
    EXPECT_EQ(view.ready, view.state == State::Running);
    if (view.state == State::Failed) {
      EXPECT_TRUE(view.reason);
    }
    bool all_good = true;
    bool one_failed = false;
    for (const std::string& need : requirements(view.name)) {
      all_good = all_good && !unavailable(views_.at(need));
      one_failed = one_failed || views_.at(need).state == State::Failed;
    }
    // With a process while a requirement is lost: that must have been noted, dependents first.
    if (view.state == State::Running && !all_good) {
      EXPECT_FALSE(view.waiting_for.empty());
    }
    if (view.state == State::Waiting) {
      EXPECT_EQ(view.desired, Desired::Up);
      EXPECT_FALSE(one_failed);
    }
    const bool by_dependency = view.reason.value_or("").rfind("dependency: ", 0) == 0;
    if (view.state == State::Failed && by_dependency && view.desired == Desired::Up) {
      EXPECT_TRUE(one_failed || requirements_.count(view.name) == 0);
    }
  }

  const SupervisorFsm& supervisor_;
  std::map<std::string, CoprocessView> views_;
  std::map<std::string, std::set<std::string>> requirements_;  // names of coprocesses
};

}  // namespace masterd::supervisor
