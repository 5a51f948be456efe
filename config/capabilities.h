// capabilities -- the names of capabilities(7).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace masterd::config {

/// "CAP_CHOWN", ... in the order of their numbers.
const std::vector<std::string>& capability_names();

/// "net_admin" or "CAP_NET_ADMIN" to "CAP_NET_ADMIN"; the name need not be known.
std::string normal_capability(std::string_view name);

}  // namespace masterd::config
