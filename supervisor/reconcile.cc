#include "supervisor/reconcile.h"

#include <cstddef>
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
  return changes;
}

}  // namespace masterd::supervisor
