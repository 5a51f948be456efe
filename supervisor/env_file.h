// env_file -- a file of environment variables, as systemd's EnvironmentFile= reads it.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace masterd::supervisor {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// In file order, a name may come twice. `path` with a leading "-" may be missing.
///
///   lines NAME=VALUE; empty lines, and those that begin with # or ;, are skipped. 'single' quotes
///   keep everything, in "double" ones a backslash escapes " \ $ ` and a newline, outside of
///   quotes any character; quoted text may hold newlines. Blanks around an unquoted value are cut.
///
/// Throws SpawnError{EnvFile}: EINVAL names "path:line", else the file's own errno; EFBIG above 1
/// MiB.
Variables read_env_file(const std::string& path);

}  // namespace masterd::supervisor
