#include "supervisor/output_ring.h"

#include <algorithm>

#include "supervisor/utf8.h"

namespace masterd::supervisor {
namespace {

std::size_t cost(const OutputLine& line) { return line.text.size() + sizeof(OutputLine); }
std::size_t index(Stream stream) { return stream == Stream::Stdout ? 0 : 1; }

}  // namespace

OutputRing::OutputRing(std::size_t max_bytes) : max_bytes_{max_bytes} {}

void OutputRing::resize(std::size_t max_bytes) {
  max_bytes_ = max_bytes;
  drop_oldest();
}

void OutputRing::add(Stream stream, std::string_view bytes, const OnLine& on_line) {
  std::string& partial = partial_[index(stream)];
  while (!bytes.empty()) {
    const std::size_t room = kMaxLine - partial.size();
    const std::size_t end = bytes.substr(0, room + 1).find('\n');  // a full line may still end here
    if (end != std::string_view::npos) {
      partial += bytes.substr(0, end);
      bytes.remove_prefix(end + 1);
      if (!partial.empty() && partial.back() == '\r') partial.pop_back();
      push(stream, partial, on_line);
      partial.clear();
    } else if (bytes.size() <= room) {
      partial += bytes;
      return;
    } else {
      partial += bytes.substr(0, room);
      bytes.remove_prefix(room);
      const std::size_t cut = whole_characters(partial);
      push(stream, std::string_view{partial}.substr(0, cut), on_line);
      partial.erase(0, cut);
    }
  }
}

void OutputRing::flush(const OnLine& on_line) {
  for (const Stream stream : {Stream::Stdout, Stream::Stderr}) {
    std::string& partial = partial_[index(stream)];
    if (!partial.empty()) push(stream, partial, on_line);
    partial.clear();
    partial.shrink_to_fit();
  }
}

std::vector<OutputLine> OutputRing::last(std::size_t n) const {
  const auto count = static_cast<std::ptrdiff_t>(std::min(n, lines_.size()));
  return {lines_.end() - count, lines_.end()};
}

void OutputRing::push(Stream stream, std::string_view bytes, const OnLine& on_line) {
  lines_.push_back({++seq_, std::chrono::system_clock::now(), stream, valid_utf8(bytes)});
  bytes_ += cost(lines_.back());
  drop_oldest();
  if (on_line) on_line(lines_.back());
}

void OutputRing::drop_oldest() {
  while (bytes_ > max_bytes_ && lines_.size() > 1) {
    bytes_ -= cost(lines_.front());
    lines_.pop_front();
  }
}

}  // namespace masterd::supervisor
