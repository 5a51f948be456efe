// utf8 -- what a program wrote, as text. Pure. (RFC 3629: no overlong forms, no surrogates, nothing
// beyond U+10FFFF.)
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace masterd::supervisor {

/// Each byte that belongs to no valid sequence becomes U+FFFD: at most three times as long.
std::string valid_utf8(std::string_view bytes);
/// How much of `bytes` can be cut off without cutting through a character that is valid so far: all
/// of it, or up to 3 bytes less.
std::size_t whole_characters(std::string_view bytes);

}  // namespace masterd::supervisor
