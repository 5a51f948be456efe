// reconcile -- what differs between two session files. Pure.
#pragma once

#include <string>
#include <vector>

#include "config/spec.h"

namespace masterd::supervisor {

/// Names of coprocesses, each list in file order.
struct Changes {
  std::vector<std::string> added;
  std::vector<std::string> removed;
  std::vector<std::string> changed;  // must restart
  std::vector<std::string> updated;  // only restart-neutral keys differ: the process stays
  std::vector<std::string> unchanged;
  // of the updated and unchanged: what they require restarts, so they do too, if they run
  std::vector<std::string> dependents;
  // One that has no life of its own comes, goes or would restart: the session has to end and begin
  // anew. Then all that stay are `changed`.
  bool anew = false;
};

/// True when whatever starts it again has to start the whole session again.
inline bool has_no_life_of_its_own(const config::CoprocessSpec& spec) {
  return spec.restart.scope == config::RestartSpec::Scope::Session;
}

/// Nothing of `now` (no session): all of `wanted` is added, and nothing begins anew.
Changes compare(const config::SessionSpec& now, const config::SessionSpec& wanted);

/// True when a process started for `a` is as good for `b`: only restart-neutral keys (description,
/// group, requires, restart, stop, on_exit, vital) differ.
bool same_process(const config::CoprocessSpec& a, const config::CoprocessSpec& b);

}  // namespace masterd::supervisor
