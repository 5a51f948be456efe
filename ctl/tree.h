// tree -- the result of `tree` as text: what lives of each coprocess, as a tree of lines. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace masterd::ctl {

/// A process stands under its parent, or under the coprocess where the parent is not of it (a
/// descendant that got away by a double fork).
///
///   ui
///   |-- 820 S /bin/sh /usr/bin/ui
///   |   `-- 822 S ui-log -f
///   `-- 830 S ui-cache
std::string render_tree(const boost::json::value& result);

}  // namespace masterd::ctl
