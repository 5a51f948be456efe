#include "supervisor/utf8.h"

#include <algorithm>

namespace masterd::supervisor {
namespace {

struct Sequence {
  std::size_t length = 0;  // what the lead byte announces; 0: it is none
  std::size_t good = 0;    // bytes of it that are there and fit
};

// Table 3-7 of the Unicode standard: only the second byte's range depends on the lead byte.
Sequence examine(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {1, 1};
  if (lead < 0xC2 || lead > 0xF4) return {0, 0};
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  std::size_t good = 1;
  while (good < std::min(length, bytes.size()) && at(good) >= low && at(good) <= high) {
    ++good;
    low = 0x80;
    high = 0xBF;
  }
  return {length, good};
}

}  // namespace

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const Sequence sequence = examine(bytes);
    const bool valid = sequence.length != 0 && sequence.good == sequence.length;
    text += valid ? bytes.substr(0, sequence.length) : std::string_view{"\xEF\xBF\xBD"};
    bytes.remove_prefix(valid ? sequence.length : 1);
  }
  return text;
}

std::size_t whole_characters(std::string_view bytes) {
  constexpr std::size_t kLongestTail = 3;
  for (std::size_t tail = 1; tail <= std::min(kLongestTail, bytes.size()); ++tail) {
    const Sequence sequence = examine(bytes.substr(bytes.size() - tail));
    if (sequence.length > tail && sequence.good == tail) return bytes.size() - tail;
  }
  return bytes.size();
}

}  // namespace masterd::supervisor
