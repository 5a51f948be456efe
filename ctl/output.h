// output -- where masterctl reads and writes, so that tests hold both ends.
#pragma once

#include <istream>
#include <ostream>
#include <string_view>

namespace masterd::ctl {

/// Thrown when the reader of our output is gone (EPIPE): there is nothing left to do, and nothing
/// wrong.
struct ReaderGone {};

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool colours = false;
  /// Ends `events` and `logs -f` when it becomes readable. -1: SIGINT and SIGTERM do.
  int stop_fd = -1;

  /// Writes to `out` and flushes: a reader in a pipe sees each line at once. Throws ReaderGone, or
  /// Failure when it can't be written.
  void print(std::string_view text) const;
  /// "masterctl: TEXT\n" to `err`.
  void complain(std::string_view text) const;
};

}  // namespace masterd::ctl
