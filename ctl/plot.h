// plot -- a timeline as a picture: stand-alone SVG, a bar for each coprocess. Pure.
#pragma once

#include <string>
#include <string_view>

#include "ctl/timeline.h"

namespace masterd::ctl {

/// The bring-up: until the session first ran, a little more, so that its end is seen; as far as it
/// has got when it does not yet run. `all`: until the timeline's end. Those that started first
/// stand at the top.
std::string render_plot(const Timeline& timeline, bool all);

/// Text for XML 1.0, in an element or an attribute: markup escaped, what no XML may contain (most
/// control characters, U+FFFE, invalid UTF-8) as U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace masterd::ctl
