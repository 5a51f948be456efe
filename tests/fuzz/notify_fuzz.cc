// Any bytes as a datagram of sd_notify(3): what comes out is bounded, clean and within its limits.
//
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/notify_fuzz.cc \
//     supervisor/{notify_message,utf8}.cc -o notify_fuzz && ./notify_fuzz tests/fuzz/corpus/notify
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "supervisor/notify_message.h"
#include "supervisor/utf8.h"

namespace {

using namespace masterd::supervisor;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_clean(const std::string& text, std::size_t limit) {
  require(text.size() <= limit);
  require(valid_utf8(text) == text);
  require(std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
  }));
  for (std::size_t at = text.find('\xC2'); at != std::string::npos;
       at = text.find('\xC2', at + 1)) {
    require(static_cast<unsigned char>(text.at(at + 1)) >= 0xA0);
  }
}

void require_in_range(const std::optional<std::chrono::microseconds>& time) {
  require(!time || (time->count() >= 0 && *time <= kMaxNotifyTime));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const NotifyMessage message = parse_notify({reinterpret_cast<const char*>(data), size});
  require_clean(message.status.value_or(""), 3 * kMaxStatus);
  require_clean(message.problem, 256);
  require_in_range(message.extend_timeout);
  require_in_range(message.watchdog_interval);
  require_in_range(message.monotonic);
  require(!message.main_pid || *message.main_pid > 0);
  require(!message.error || (*message.error >= 0 && *message.error <= 4095));
  return 0;
}
