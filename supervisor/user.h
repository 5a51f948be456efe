// user -- the names of users and groups as the numbers that a process runs as. Looked up before the
// fork: it allocates, and may ask a service.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"

namespace masterd::supervisor {

struct Identity {
  std::optional<uid_t> uid;  // nullopt: as the parent
  std::optional<gid_t> gid;
  std::optional<std::vector<gid_t>> groups;  // the supplementary ones
  /// Of the user's entry; empty when `user` is not given, or a number without an entry.
  std::string name;
  std::string home;
  std::string shell;
};

/// From spec.user, group_name and supplementary_groups. With a user the supplementary groups are
/// the user's and those of the spec, without one the parent's and those of the spec. A user that
/// the parent is already, without being root, keeps the parent's group and groups too, and so does
/// one that is given by a number without an entry: nothing has to change. Throws SpawnError{User}
/// that names who is unknown.
Identity resolve_identity(const config::CoprocessSpec& spec);

}  // namespace masterd::supervisor
