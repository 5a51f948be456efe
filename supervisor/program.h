// program -- a coprocess spec as what execve takes: decided before the fork, where memory may be
// allocated and a failure is an ordinary exception.
#pragma once

#include <string>
#include <vector>

#include "supervisor/process.h"
#include "supervisor/user.h"

namespace masterd::supervisor {

struct Program {
  std::string path;               // what is executed; if relative, from `cwd`
  std::vector<std::string> argv;  // as written; argv[0] is the command, not the path
  std::vector<std::string> env;   // "NAME=value"
  std::string cwd;                // empty: where the parent is
};

/// In the environment of a tree: by it a descendant is known. Random for each launch.
inline constexpr const char* kTreeIdVariable = "MASTERD_COPROCESS_ID";

/// The environment, each above the ones before:
///   - the one of this process without NOTIFY_SOCKET, WATCHDOG_* and LISTEN_* (meant for it alone),
///     or with spec.clear_env a PATH only,
///   - HOME, USER, LOGNAME and SHELL of the user, if the spec names one,
///   - less spec.env_unset,
///   - spec.env_files, spec.env,
///   - MASTERD_COPROCESS=name and kTreeIdVariable, launch.env.
/// A command without a slash is looked up in the PATH of that environment, relative entries from
/// spec.cwd, among executable regular files.
///
/// Throws SpawnError{Lookup}: ENOENT, EACCES (found, but not executable), EINVAL (a string that no
/// program can be given); SpawnError{EnvFile}.
Program resolve_program(const Launch& launch, const Identity& identity, const std::string& tree_id);

/// `path` as seen after a chdir to `cwd`.
std::string seen_from(const std::string& cwd, const std::string& path);

}  // namespace masterd::supervisor
