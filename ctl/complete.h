// complete -- what could be typed next. The completion scripts of the shells know nothing: they ask
//
//   masterctl complete -- WORDS...    what stands after "masterctl" up to the cursor; the last word
//                                     is the one to complete, and may be empty
//
// and get a line for each candidate: the word, and after a tab a text about it. A candidate
// replaces the last word, or what follows its "=". The line kFiles stands for names of files, which
// the shell knows best. Names of coprocesses and configs come from the daemon that the words ask
// for; one that is not there or slow costs at most kPatience.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace masterd::ctl {

/// Not listed by --help: it is for scripts.
inline constexpr const char* kCompleteVerb = "complete";
inline constexpr const char* kFiles = ":files";
inline constexpr std::chrono::milliseconds kPatience{300};

/// `args` are those of the verb. No failure: what is not known is not offered.
std::string complete(const std::vector<std::string>& args);

}  // namespace masterd::ctl
