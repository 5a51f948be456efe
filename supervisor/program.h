// program -- a coprocess spec as what execve takes: decided before the fork, where memory may be
// allocated and a failure is an ordinary exception.
#pragma once

#include <string>
#include <vector>

#include "config/spec.h"

namespace masterd::supervisor {

struct Program {
  std::string path;               // what is executed; if relative, from `cwd`
  std::vector<std::string> argv;  // as written; argv[0] is the command, not the path
  std::vector<std::string> env;   // "NAME=value"
  std::string cwd;                // empty: where the parent is
};

/// The environment is the one of this process without NOTIFY_SOCKET, WATCHDOG_* and LISTEN_* (meant
/// for it alone), plus spec.env, plus MASTERD_COPROCESS=name. A command without a slash is looked
/// up in the PATH of that environment, relative entries from spec.cwd, among executable regular
/// files.
///
/// Throws SpawnError{Lookup}: ENOENT, EACCES (found, but not executable), EINVAL (a string that no
/// program can be given).
Program resolve_program(const config::CoprocessSpec& spec);

/// `path` as seen after a chdir to `cwd`.
std::string seen_from(const std::string& cwd, const std::string& path);

}  // namespace masterd::supervisor
