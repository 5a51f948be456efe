// utf8 -- which bytes are characters (RFC 3629), and text for people out of any bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace masterd::config {

/// The length of the well-formed character at the front of `text`, 0 when there is none.
std::size_t utf8_length(std::string_view text);

/// One line of UTF-8: bytes that are no character and control characters (of both sets) become
/// U+FFFD.
std::string presentable(std::string_view bytes);

}  // namespace masterd::config
