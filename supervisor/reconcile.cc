#include "supervisor/reconcile.h"

#include <cstddef>
#include <set>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace masterd::supervisor {

namespace {

void take_timeouts(std::vector<config::CommandSpec>& to,
                   const std::vector<config::CommandSpec>& from) {
  for (std::size_t i = 0; i < to.size() && i < from.size(); ++i) to[i].timeout = from[i].timeout;
}

/// Names of coprocesses of `wanted` that require one of `restarted`, at any distance.
std::set<std::string_view> dependents_of(const std::vector<std::string>& restarted,
                                         const config::SessionSpec& wanted) {
  std::unordered_map<std::string_view, const config::GroupSpec*> groups;
  for (const auto& group : wanted.groups) groups.emplace(group.name, &group);
  std::unordered_map<std::string_view, std::vector<const config::CoprocessSpec*>> requirers;
  std::unordered_map<std::string_view, std::string_view> group_of;
  for (const auto& spec : wanted.coprocesses) {
    group_of.emplace(spec.name, spec.group);
    for (const std::string& name : spec.requires_) requirers[name].push_back(&spec);
    const auto group = groups.find(spec.group);
    if (group == groups.end()) continue;
    for (const std::string& name : group->second->requires_) requirers[name].push_back(&spec);
  }
  std::set<std::string_view> found;
  std::vector<std::string_view> to_visit(restarted.begin(), restarted.end());
  while (!to_visit.empty()) {
    const std::string_view name = to_visit.back();
    to_visit.pop_back();
    for (const std::string_view unit : {name, group_of[name]}) {
      for (const config::CoprocessSpec* requirer : requirers[unit]) {
        if (found.insert(requirer->name).second) to_visit.push_back(requirer->name);
      }
    }
  }
  return found;
}

bool needs_another_session(const Changes& changes, const config::SessionSpec& now,
                           const config::SessionSpec& wanted) {
  if (now.coprocesses.empty()) return false;
  std::set<std::string_view> bound;
  for (const auto* spec : {&now, &wanted}) {
    for (const auto& coprocess : spec->coprocesses) {
      if (has_no_life_of_its_own(coprocess)) bound.insert(coprocess.name);
    }
  }
  for (const auto* names :
       {&changes.added, &changes.removed, &changes.changed, &changes.dependents}) {
    for (const std::string& name : *names) {
      if (bound.contains(name)) return true;
    }
  }
  return false;
}

/// Who is there before and after, in file order.
std::vector<std::string> those_that_stay(const Changes& changes,
                                         const config::SessionSpec& wanted) {
  const std::set<std::string_view> added{changes.added.begin(), changes.added.end()};
  std::vector<std::string> names;
  for (const auto& spec : wanted.coprocesses) {
    if (!added.contains(spec.name)) names.push_back(spec.name);
  }
  return names;
}

}  // namespace

bool same_process(const config::CoprocessSpec& a, const config::CoprocessSpec& b) {
  config::CoprocessSpec neutral = b;
  neutral.description = a.description;
  neutral.group = a.group;
  neutral.requires_ = a.requires_;
  neutral.restart = a.restart;
  neutral.stop = a.stop;
  neutral.stop_command = a.stop_command;
  neutral.on_exit = a.on_exit;
  neutral.on_suspend = a.on_suspend;
  neutral.vital = a.vital;
  neutral.stay = a.stay;
  neutral.success = a.success;
  neutral.health = a.health;
  // What it is connected to was decided when it was spawned; the rest is ours.
  neutral.output = a.output;
  neutral.output.capture_stdout = b.output.capture_stdout;
  neutral.output.capture_stderr = b.output.capture_stderr;
  neutral.ready.timeout = a.ready.timeout;
  auto* probe = std::get_if<config::ReadyExec>(&neutral.ready.how);
  const auto* old_probe = std::get_if<config::ReadyExec>(&a.ready.how);
  if (probe != nullptr && old_probe != nullptr) {
    probe->interval = old_probe->interval;
    probe->timeout = old_probe->timeout;
  }
  if (neutral.undo && a.undo) neutral.undo->timeout = a.undo->timeout;
  take_timeouts(neutral.before, a.before);
  take_timeouts(neutral.after, a.after);
  return neutral == a;
}

Changes compare(const config::SessionSpec& now, const config::SessionSpec& wanted) {
  std::unordered_map<std::string_view, const config::CoprocessSpec*> left;
  for (const auto& spec : now.coprocesses) left.emplace(spec.name, &spec);
  Changes changes;
  for (const auto& spec : wanted.coprocesses) {
    const auto found = left.find(spec.name);
    if (found == left.end()) {
      changes.added.push_back(spec.name);
      continue;
    }
    const config::CoprocessSpec& old = *found->second;
    left.erase(found);
    if (old == spec) {
      changes.unchanged.push_back(spec.name);
    } else if (same_process(old, spec)) {
      changes.updated.push_back(spec.name);
    } else {
      changes.changed.push_back(spec.name);
    }
  }
  for (const auto& spec : now.coprocesses) {
    if (left.contains(spec.name)) changes.removed.push_back(spec.name);
  }
  auto dependents = dependents_of(changes.changed, wanted);
  for (const auto* known : {&changes.added, &changes.changed}) {
    for (const std::string& name : *known) dependents.erase(name);
  }
  for (const auto& spec : wanted.coprocesses) {
    if (dependents.contains(spec.name)) changes.dependents.push_back(spec.name);
  }
  if (needs_another_session(changes, now, wanted)) {
    changes.changed = those_that_stay(changes, wanted);
    changes.updated.clear();
    changes.unchanged.clear();
    changes.dependents.clear();
    changes.anew = true;
  }
  return changes;
}

}  // namespace masterd::supervisor
