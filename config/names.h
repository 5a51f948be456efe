// names -- names out of foreign text.
#pragma once

#include <string>
#include <string_view>

namespace masterd::config {

/// A name of what `text` says: each run of what cannot be in a name becomes one '-', none at the
/// ends; cut at 64. Empty when nothing is left.
std::string make_name(std::string_view text);

}  // namespace masterd::config
