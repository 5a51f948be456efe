// output_ring -- the newest lines of a coprocess, bounded by bytes: the newest win.
//
// Bytes become lines, one partial line per stream: '\n' and "\r\n" end one, kMaxLine bytes without
// an end are split there (before a character that would be cut). How the bytes were chunked makes
// no difference. Invalid UTF-8 becomes U+FFFD, so that a line may go on the wire as it is. Does no
// I/O.
//
// Owner: the coprocess's machine; it outlives the processes that write to it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "supervisor/process.h"

namespace masterd::supervisor {

struct OutputLine {
  std::uint64_t seq = 0;  // 1 for the first line ever; over both streams, also of dropped lines
  std::chrono::system_clock::time_point time;  // of its end
  Stream stream = Stream::Stdout;
  std::string text;  // valid UTF-8, without its end
};

class OutputRing {
 public:
  using OnLine = std::function<void(const OutputLine&)>;
  /// The longest line, in bytes as written; U+FFFD may make the text up to three times as long.
  static constexpr std::size_t kMaxLine = 8 * 1024;

  /// `max_bytes` counts the texts and what a line costs beside (sizeof(OutputLine)). The newest
  /// line is kept even if it alone is more. Partial lines (kMaxLine per stream at most) are extra.
  explicit OutputRing(std::size_t max_bytes = 64 * 1024);
  /// From now on; the oldest lines go at once.
  void resize(std::size_t max_bytes);
  /// Adds bytes of a stream; `on_line` (may be empty) runs for each completed line, inside the
  /// call. It must not add to this ring.
  void add(Stream stream, std::string_view bytes, const OnLine& on_line);
  /// Ends a partial last line of each stream (at process exit).
  void flush(const OnLine& on_line);
  /// The newest `n` lines, oldest first.
  [[nodiscard]] std::vector<OutputLine> last(std::size_t n) const;

 private:
  void push(Stream stream, std::string_view bytes, const OnLine& on_line);
  void drop_oldest();

  std::size_t max_bytes_;
  std::size_t bytes_ = 0;  // of lines_
  std::uint64_t seq_ = 0;
  std::deque<OutputLine> lines_;
  std::array<std::string, 2> partial_;  // by stream
};

}  // namespace masterd::supervisor
