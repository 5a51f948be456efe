// specs -- short ways to write the specs that tests need.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/spec.h"

namespace masterd::supervisor {

using Names = std::vector<std::string>;

/// Never restarted; the default ladder: SIGTERM 5 s, SIGKILL 2 s.
inline config::CoprocessSpec coprocess(std::string name, Names requires_ = {},
                                       std::string group = {}) {
  config::CoprocessSpec spec;
  spec.command = {"/bin/" + name};
  spec.name = std::move(name);
  spec.requires_ = std::move(requires_);
  spec.group = std::move(group);
  return spec;
}

inline config::CoprocessSpec member(std::string name, std::string group) {
  return coprocess(std::move(name), {}, std::move(group));
}

/// Restarted after a failure, first after 1 s; at most five times in a minute.
inline config::CoprocessSpec restarting(config::CoprocessSpec spec,
                                        config::Restart policy = config::Restart::OnFailure) {
  spec.restart.policy = policy;
  spec.restart.delay = config::milliseconds{1000};
  return spec;
}

inline config::CoprocessSpec with_command(config::CoprocessSpec spec, std::string argument) {
  spec.command.push_back(std::move(argument));
  return spec;
}

/// Groups that only coprocesses name are added, as the loader does.
inline config::SessionSpec session(std::vector<config::CoprocessSpec> coprocesses,
                                   std::vector<config::GroupSpec> groups = {}) {
  config::SessionSpec spec;
  spec.name = "test";
  spec.groups = std::move(groups);
  spec.coprocesses = std::move(coprocesses);
  for (const auto& c : spec.coprocesses) {
    bool known = c.group.empty();
    for (const auto& group : spec.groups) known = known || group.name == c.group;
    if (!known) spec.groups.push_back({c.group, {}});
  }
  return spec;
}

}  // namespace masterd::supervisor
