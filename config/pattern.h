// pattern -- regular expressions that a file may give: std::regex, ECMAScript.
//
// libstdc++ compiles by recursion, a level for each bracket, and copies the states of what {m,n}
// repeats: (a{99}){99} takes tens of milliseconds and as many megabytes. So brackets and copies are
// bounded before it sees a pattern.
#pragma once

#include <string>

namespace masterd::config {

/// What is wrong with `pattern`; empty when nothing is.
std::string pattern_fault(const std::string& pattern);

}  // namespace masterd::config
