#include "ctl/write.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "ctl/exit_code.h"
#include "ctl/request.h"
#include "proto/rpc.h"
#include "proto/text.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{5};
constexpr milliseconds kLongestPause{200};

/// Whether these bytes may be the beginning of a character whose rest is still to come.
bool may_go_on(std::string_view bytes) {
  const auto first = static_cast<unsigned char>(bytes.front());
  if (first < 0xC2 || first > 0xF4) return false;
  const std::size_t promised = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  return bytes.size() < promised && std::all_of(bytes.begin() + 1, bytes.end(), continues);
}

class Writer {
 public:
  Writer(proto::Client& client, const Invocation& in) : client_{client}, in_{in} {}

  void write(const std::string& piece) {
    const Clock::time_point deadline = Clock::now() + answer_timeout(in_);
    milliseconds pause = kFirstPause;
    while (!accepted(piece)) {
      const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
      if (left <= milliseconds{0}) {
        throw Failure{kTimedOut, fmt::format("{} does not read its stdin; {} bytes were written",
                                             in_.name, bytes_)};
      }
      // Nobody tells when it has read on: asked again, ever more rarely.
      std::this_thread::sleep_for(std::min(pause, left));
      pause = std::min(2 * pause, kLongestPause);
    }
    bytes_ += piece.size();
  }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  /// False: the queue is full.
  bool accepted(const std::string& piece) {
    try {
      client_.call("write_stdin", {{"name", in_.name}, {"data", piece}}, answer_timeout(in_));
      return true;
    } catch (const proto::Refused& refused) {
      if (proto::reason_of(refused.error) == "queue_full") return false;
      throw;
    }
  }

  proto::Client& client_;
  const Invocation& in_;
  std::size_t bytes_ = 0;
};

void write_pieces(Pieces& pieces, bool last, Writer& writer) {
  while (const auto piece = pieces.next(last)) writer.write(*piece);
}

/// What is there already, at least one byte: a line typed at a terminal goes out at once.
std::string read_some(std::istream& in) {
  if (in.peek() == std::istream::traits_type::eof()) return {};
  std::string bytes(Pieces::kPiece, '\0');
  const std::streamsize there =
      std::clamp<std::streamsize>(in.rdbuf()->in_avail(), 1, Pieces::kPiece);
  in.read(bytes.data(), there);
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

}  // namespace

std::optional<std::string> Pieces::next(bool last) {
  std::size_t end = 0;
  while (end < rest_.size()) {
    const std::string_view ahead = std::string_view{rest_}.substr(end);
    const std::size_t length = proto::utf8_sequence(ahead);
    if (end + length > kPiece) break;
    if (length == 0) {
      if (!last && may_go_on(ahead)) break;
      throw Failure{kFailed,
                    fmt::format("only UTF-8 can be written, and byte {} begins no character",
                                taken_ + end + 1)};
    }
    end += length;
  }
  if (end == 0) return std::nullopt;
  std::string piece = rest_.substr(0, end);
  rest_.erase(0, end);
  taken_ += end;
  return piece;
}

void write_stdin(proto::Client& client, const Invocation& in, const Streams& io) {
  Pieces pieces;
  Writer writer{client, in};
  try {
    if (!in.text.empty()) {
      pieces.add(fmt::format("{}\n", fmt::join(in.text, " ")));
      write_pieces(pieces, true, writer);
    } else {
      for (std::string bytes; !(bytes = read_some(io.in)).empty();) {
        pieces.add(bytes);
        write_pieces(pieces, false, writer);
      }
      if (io.in.bad()) throw Failure{kFailed, "cannot read the standard input"};
      write_pieces(pieces, true, writer);
      if (writer.bytes() == 0) writer.write({});  // a wrong name is told all the same
    }
  } catch (const proto::Refused&) {
    if (writer.bytes() > 0) io.complain(fmt::format("{} bytes were written", writer.bytes()));
    throw;
  }
  if (in.json) io.print(proto::encode(json::object{{"bytes", writer.bytes()}}) + "\n");
}

}  // namespace masterd::ctl
