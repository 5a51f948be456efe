// text -- what the wire may carry as text: valid UTF-8, and times as RFC 3339. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace masterd::proto {

/// Valid UTF-8 in, the same out; else each byte that belongs to no valid sequence becomes U+FFFD.
/// Overlong forms, surrogates and code points beyond U+10FFFF count as invalid (RFC 3629).
std::string sanitize_utf8(std::string_view bytes);

/// Bytes of the valid UTF-8 sequence at the start of `bytes`: 1 to 4, or 0 when there is none.
std::size_t utf8_sequence(std::string_view bytes);

/// RFC 3339 in UTC with milliseconds: "2026-01-02T03:04:05.678Z".
std::string rfc3339(std::chrono::system_clock::time_point t);

/// The candidate nearest to `word` by edit distance, for "did you mean"; empty when none is near
/// enough to help.
template <class Range>
std::string_view nearest(std::string_view word, const Range& candidates);

/// Insertions, deletions and replacements that turn `a` into `b`.
std::size_t edit_distance(std::string_view a, std::string_view b);

template <class Range>
std::string_view nearest(std::string_view word, const Range& candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;  // exclusive: "xyz" is near to nothing
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) best = candidate, best_distance = distance;
  }
  return best;
}

}  // namespace masterd::proto
