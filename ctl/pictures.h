// pictures -- the verbs that show a session as a whole and ask more than once for it: `blame`,
// `plot`, `graph`.
#pragma once

#include <string>

#include "ctl/options.h"
#include "proto/client.h"

namespace masterd::ctl {

/// What to print. Throws what proto::Client throws, and Failure without a session. REQUIRES:
/// is_picture(invocation.verb).
std::string picture(proto::Client& client, const Invocation& invocation);

bool is_picture(const std::string& verb);

}  // namespace masterd::ctl
