#include "config/pattern.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <regex>
#include <vector>

#include "config/load.h"
#include "config/report.h"

namespace masterd::config {

namespace {

// The largest number up to the '}', at most `limit` + 1.
std::size_t repetitions(std::string_view braces, std::size_t limit) {
  std::size_t largest = 0;
  std::size_t number = 0;
  for (const char c : braces) {
    const bool digit = c >= '0' && c <= '9';
    number = digit ? std::min(number * 10 + static_cast<std::size_t>(c - '0'), limit + 1) : 0;
    largest = std::max(largest, number);
    if (c == '}') break;
  }
  return largest;
}

// About how many states it compiles to, at most `limit` + 1. A class in [] counts each of its
// characters, which is too much rather than too little.
std::size_t states(std::string_view pattern, std::size_t limit) {
  std::vector<std::size_t> sums{0};  // of the open groups
  std::size_t last = 0;              // what a {} would repeat
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '(') {
      sums.push_back(0);
      last = 0;
      continue;
    }
    if (pattern[i] == ')' && sums.size() > 1) {
      last = sums.back() + 1;
      sums.pop_back();
    } else if (pattern[i] == '{') {
      const std::size_t times = repetitions(pattern.substr(i), limit);
      last = last * std::max<std::size_t>(times, 1);
    } else {
      if (pattern[i] == '\\') ++i;
      last = 1;
    }
    sums.back() += last;
    if (sums.back() > limit) return limit + 1;
  }
  return *std::max_element(sums.begin(), sums.end());
}

}  // namespace

std::string pattern_fault(const std::string& pattern) {
  if (pattern.empty()) return "an empty regular expression matches everything";
  const auto brackets = static_cast<std::size_t>(std::count(pattern.begin(), pattern.end(), '('));
  if (pattern.size() > kMaxPatternBytes || brackets > kMaxPatternBrackets) {
    return fmt::format("a regular expression of {} bytes with {} brackets; at most {} with {}",
                       pattern.size(), brackets, kMaxPatternBytes, kMaxPatternBrackets);
  }
  if (states(pattern, kMaxPatternStates) > kMaxPatternStates) {
    return fmt::format(
        "'{}' repeats too much; at most about {} characters when each {{}} is "
        "written out",
        shown(pattern), kMaxPatternStates);
  }
  try {
    const std::regex compiled{pattern};
  } catch (const std::regex_error& error) {
    return fmt::format("'{}' is not a regular expression (ECMAScript): {}", shown(pattern),
                       shown(error.what(), 200));
  }
  return {};
}

}  // namespace masterd::config
