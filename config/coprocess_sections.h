// coprocess_sections -- the keys of a coprocess by subject. Each function reads its keys from
// [coprocess.X] or [defaults] into a spec that holds what was said before, and leaves alone what
// the table does not say.
#pragma once

#include "config/process_keys.h"
#include "config/toml_reader.h"

namespace masterd::config {

/// vital, stay, success, restart, on_exit, on_suspend, leftovers, stop, before, after.
void read_life(TableReader& table, const Scope& scope, CoprocessSpec& spec);
/// ready, health, watchdog.
void read_readiness(TableReader& table, const Scope& scope, CoprocessSpec& spec);
/// cwd, env, env_unset, env_file, clear_env.
void read_environment(TableReader& table, const Scope& scope, CoprocessSpec& spec);
/// user, group_name, supplementary_groups, umask, nice, oom_score_adj, no_new_privs, capabilities,
/// pdeathsig, realtime, limits.
void read_attributes(TableReader& table, const Scope& scope, CoprocessSpec& spec);
/// stdin, output.
void read_streams(TableReader& table, const Scope& scope, CoprocessSpec& spec);

}  // namespace masterd::config
