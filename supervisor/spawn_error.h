// spawn_error -- a spawn that did not reach the program.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace masterd::supervisor {

/// What was being done, in the order in which it is done. (There is none for the umask, which
/// nobody can refuse.)
enum class SpawnStage {
  User,
  EnvFile,
  Lookup,
  Pipe,
  Cgroup,
  Fork,
  Session,
  Descriptors,
  OomScore,
  Nice,
  Scheduler,
  Affinity,
  Limits,
  Capabilities,
  SetGroups,
  SetGid,
  SetUid,
  Chdir,
  NoNewPrivs,
  Pdeathsig,
  Exec,
  Watch,
};
/// "user", "env-file", "lookup", ...
std::string_view to_string(SpawnStage stage);

/// what(): "exec /usr/bin/x: No such file or directory (ENOENT)".
class SpawnError : public std::runtime_error {
 public:
  /// `object` names what it was done to: the program, the folder; may be empty.
  SpawnError(SpawnStage stage, const std::string& object, int error);
  [[nodiscard]] SpawnStage stage() const { return stage_; }
  /// An errno.
  [[nodiscard]] int error() const { return error_; }

 private:
  SpawnStage stage_;
  int error_;
};

}  // namespace masterd::supervisor
