// write -- the verb `write`: text into the stdin of a coprocess, in pieces, as fast as it reads.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/options.h"
#include "ctl/output.h"
#include "proto/client.h"

namespace masterd::ctl {

/// Cuts text that comes in bits into pieces that the wire can carry: at most kPiece bytes, no
/// character cut in two.
class Pieces {
 public:
  /// Well below what the daemon queues (docs/protocol.md, write_stdin): the next piece fits while
  /// the last is still being read.
  static constexpr std::size_t kPiece = std::size_t{16} * 1024;

  void add(std::string_view bytes) { rest_ += bytes; }
  /// The next piece; nullopt: more must come first. `last`: no more comes. Throws Failure for what
  /// is no UTF-8: a JSON text can't carry it.
  std::optional<std::string> next(bool last);

 private:
  std::string rest_;
  std::size_t taken_ = 0;  // bytes before rest_
};

/// Writes TEXT and a newline, or all of the standard input. A coprocess that doesn't read is waited
/// for, --timeout for each piece. Throws what proto::Client throws, and Failure.
void write_stdin(proto::Client& client, const Invocation& invocation, const Streams& io);

}  // namespace masterd::ctl
