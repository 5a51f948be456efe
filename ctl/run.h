// run -- masterctl from its arguments to its exit status.
#pragma once

#include <string>
#include <vector>

#include "ctl/output.h"

namespace masterd::ctl {

/// `args` without the program's name. Returns the exit status (see exit_code.h); throws only
/// std::bad_alloc.
int run(std::vector<std::string> args, const Streams& io);

}  // namespace masterd::ctl
