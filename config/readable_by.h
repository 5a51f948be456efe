// readable_by -- may a user read a file that this process, which may read more, has opened?
#pragma once

#include <sys/types.h>

namespace masterd::config {

/// True when by owner and mode bits the user may read the file of `fd` (O_PATH will do) and pass
/// all folders above it, as owner or as "other"; false also when that cannot be found out. Stricter
/// than the kernel: groups and ACLs grant nothing here, for those of a user can only be asked of
/// its sessions. User 0 may read all.
bool readable_by(uid_t user, int fd);

}  // namespace masterd::config
