// trust -- which files a masterd that runs as root uses: those that nobody else may change, since
// who can change them says what runs as root.
#pragma once

#include <sys/types.h>

#include <string>

#include "config/load.h"

namespace masterd::daemon {

/// Whose file it is; 0 when there is none.
uid_t owner_of(const std::string& path);

/// That others than root and `owner` may change the file at `path`, its folder, or a link that
/// `path` is. Empty when they may not, or when there is no such file (whoever reads it says so).
config::Diagnostics distrust(const std::string& path, uid_t owner);

}  // namespace masterd::daemon
