#include "supervisor/reconcile.h"

#include <string_view>
#include <unordered_map>

namespace masterd::supervisor {

bool same_process(const config::CoprocessSpec& a, const config::CoprocessSpec& b) {
  config::CoprocessSpec neutral = b;
  neutral.description = a.description;
  neutral.group = a.group;
  neutral.requires_ = a.requires_;
  neutral.restart = a.restart;
  neutral.stop = a.stop;
  neutral.on_exit = a.on_exit;
  neutral.vital = a.vital;
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
