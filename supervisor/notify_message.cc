#include "supervisor/notify_message.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <system_error>

#include "supervisor/utf8.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kMaxQuoted = 32;  // of a value in a problem
constexpr int kMaxErrno = 4095;         // MAX_ERRNO of the kernel (include/linux/err.h)

/// As one line of text that moves no cursor: C0, DEL and C1 (U+0080 to U+009F) become spaces.
std::string printable(std::string_view bytes, std::size_t limit) {
  if (bytes.size() > limit) {
    bytes = bytes.substr(0, limit);
    bytes = bytes.substr(0, whole_characters(bytes));
  }
  std::string text;
  for (const char c : valid_utf8(bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (!text.empty() && text.back() == '\xC2' && byte < 0xA0) {
      text.back() = ' ';
    } else {
      text += byte < 0x20 || byte == 0x7F ? ' ' : c;
    }
  }
  return text;
}

/// Decimal digits and nothing else; what is too large becomes `max`.
std::optional<std::uint64_t> number(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return max;
  if (error != std::errc{}) return std::nullopt;
  return std::min(value, max);
}

class Parser {
 public:
  void take(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return;
    name_ = line.substr(0, equals);
    value_ = line.substr(equals + 1);
    if (name_ == "READY") {
      flag(message_.ready);
    } else if (name_ == "RELOADING") {
      flag(message_.reloading);
    } else if (name_ == "STOPPING") {
      flag(message_.stopping);
    } else if (name_ == "BARRIER") {
      flag(message_.barrier);
    } else if (name_ == "WATCHDOG") {
      watchdog();
    } else if (name_ == "STATUS") {
      if (!message_.status) message_.status = printable(value_, kMaxStatus);
    } else if (name_ == "ERRNO") {
      whole(message_.error, 0, kMaxErrno, "no errno");
    } else if (name_ == "MAINPID") {
      whole(message_.main_pid, 1, std::numeric_limits<pid_t>::max(), "no process id");
    } else if (name_ == "EXTEND_TIMEOUT_USEC") {
      time(message_.extend_timeout);
    } else if (name_ == "WATCHDOG_USEC") {
      time(message_.watchdog_interval);
    } else if (name_ == "MONOTONIC_USEC") {
      time(message_.monotonic);
    }
  }
  void refuse(std::string why) {
    if (message_.problem.empty()) message_.problem = std::move(why);
  }
  [[nodiscard]] NotifyMessage result() && { return std::move(message_); }

 private:
  void refuse_value(const char* why) {
    refuse(std::string{name_} + "=" + printable(value_, kMaxQuoted) + " is " + why);
  }
  void flag(bool& which) const { which = which || value_ == "1"; }
  // systemd looks for each of the two words; together, the trigger is what matters.
  void watchdog() {
    if (value_ == "trigger") message_.watchdog = NotifyMessage::Watchdog::Trigger;
    if (value_ == "1" && message_.watchdog == NotifyMessage::Watchdog::None) {
      message_.watchdog = NotifyMessage::Watchdog::Ping;
    }
  }
  void whole(std::optional<int>& which, int min, int max, const char* why) {
    if (which) return;
    const auto read = number(value_, std::uint64_t{1} << 32);
    if (!read || *read < static_cast<unsigned>(min) || *read > static_cast<unsigned>(max)) {
      return refuse_value(why);
    }
    which = static_cast<int>(*read);
  }
  void time(std::optional<std::chrono::microseconds>& which) {
    if (which) return;
    const auto read = number(value_, static_cast<std::uint64_t>(kMaxNotifyTime.count()));
    if (!read) return refuse_value("no number of microseconds");
    which = std::chrono::microseconds{static_cast<std::int64_t>(*read)};
  }

  NotifyMessage message_;
  std::string_view name_;  // of the line at hand
  std::string_view value_;
};

}  // namespace

NotifyMessage parse_notify(std::string_view datagram) {
  Parser parser;
  // One NUL at the end is forgiven, one inside makes the whole suspect (systemd 252,
  // src/core/manager.c, manager_dispatch_notify_fd).
  if (!datagram.empty() && datagram.back() == '\0') datagram.remove_suffix(1);
  if (datagram.find('\0') != std::string_view::npos) {
    parser.refuse("a NUL byte inside the message");
    return std::move(parser).result();
  }
  while (!datagram.empty()) {
    const std::size_t end = datagram.find_first_of("\n\r");
    parser.take(datagram.substr(0, end));
    datagram.remove_prefix(end == std::string_view::npos ? datagram.size() : end + 1);
  }
  return std::move(parser).result();
}

}  // namespace masterd::supervisor
