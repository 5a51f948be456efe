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
};

Changes compare(const config::SessionSpec& now, const config::SessionSpec& wanted);

/// True when a process started for `a` is as good for `b`: only restart-neutral keys (description,
/// group, requires, restart, stop, on_exit, vital) differ.
bool same_process(const config::CoprocessSpec& a, const config::CoprocessSpec& b);

}  // namespace masterd::supervisor
