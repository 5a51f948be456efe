// The small values of a file: durations, signals, names.
#include <cctype>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <limits>

#include "config/load.h"

namespace masterd::config {

namespace {

std::optional<std::int64_t> parse_number(std::string_view digits) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stop != end || digits.front() == '-') return std::nullopt;
  return value;
}

std::optional<std::int64_t> unit_ms(std::string_view unit) {
  if (unit == "ms") return 1;
  if (unit == "s") return 1000;
  if (unit == "m") return 60 * 1000;
  if (unit == "h") return 60 * 60 * 1000;
  return std::nullopt;
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  constexpr std::int64_t kMaxMs = 24 * 60 * 60 * 1000;
  constexpr std::size_t kMaxFraction = 9;  // keeps unit * fraction within 64 bits
  const std::size_t number_end = text.find_first_not_of("0123456789.");
  if (number_end == std::string_view::npos || number_end == 0) return std::nullopt;
  const auto unit = unit_ms(text.substr(number_end));
  if (!unit) return std::nullopt;

  const std::string_view number = text.substr(0, number_end);
  const std::size_t dot = number.find('.');
  const std::string_view whole_digits = number.substr(0, dot);
  if (whole_digits.empty()) return std::nullopt;
  const auto whole = parse_number(whole_digits);
  if (!whole || *whole > kMaxMs / *unit) return std::nullopt;
  std::int64_t total = *whole * *unit;

  if (dot != std::string_view::npos) {
    const std::string_view fraction_digits = number.substr(dot + 1);
    if (fraction_digits.empty() || fraction_digits.size() > kMaxFraction) return std::nullopt;
    const auto fraction = parse_number(fraction_digits);
    if (!fraction) return std::nullopt;
    std::int64_t scale = 1;
    for (std::size_t i = 0; i < fraction_digits.size(); ++i) scale *= 10;
    if (*fraction * *unit % scale != 0) return std::nullopt;  // finer than a millisecond
    total += *fraction * *unit / scale;
  }
  if (total > kMaxMs) return std::nullopt;
  return milliseconds{total};
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  constexpr std::string_view kUnits = "KMG";
  std::int64_t unit = 1;
  if (const std::size_t at = text.empty() ? text.npos : kUnits.find(text.back()); at != text.npos) {
    unit = std::int64_t{1} << (10 * (at + 1));
    text.remove_suffix(1);
  }
  if (text.empty()) return std::nullopt;
  const auto number = parse_number(text);
  if (!number || *number > std::numeric_limits<std::int64_t>::max() / unit) return std::nullopt;
  return static_cast<std::uint64_t>(*number * unit);
}

std::optional<int> parse_signal(std::string_view text) {
  std::string name;
  for (const char c : text) {
    name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
  if (name.empty()) return std::nullopt;

  int base = 0;
  int sign = 1;
  std::string_view number = name;
  if (name.rfind("RTMIN", 0) == 0 || name.rfind("RTMAX", 0) == 0) {
    const bool min = name.rfind("RTMIN", 0) == 0;
    base = min ? SIGRTMIN : SIGRTMAX;
    sign = min ? 1 : -1;
    number.remove_prefix(5);
    if (number.empty()) return base;
    if (number.front() != (min ? '+' : '-')) return std::nullopt;
    number.remove_prefix(1);
    if (number.empty()) return std::nullopt;
  }
  if (const auto offset = parse_number(number)) {
    if (*offset > SIGRTMAX) return std::nullopt;
    const int signo = base + sign * static_cast<int>(*offset);
    const int lowest = base == 0 ? 1 : SIGRTMIN;
    if (signo < lowest || signo > SIGRTMAX) return std::nullopt;
    return signo;
  }
  if (base != 0) return std::nullopt;
  if (name == "IO") return SIGIO;     // the names glibc's table gives to other words of the
  if (name == "CLD") return SIGCHLD;  // same number (signal(7), "Standard signals")
  if (name == "IOT") return SIGIOT;
  for (int signo = 1; signo < SIGRTMIN; ++signo) {
    const char* known = sigabbrev_np(signo);
    if (known != nullptr && name == known) return signo;
  }
  return std::nullopt;
}

std::string signal_name(int signo) {
  if (const char* known = sigabbrev_np(signo)) return std::string{"SIG"} + known;
  if (signo == SIGRTMIN) return "SIGRTMIN";
  if (signo > SIGRTMIN && signo <= SIGRTMAX) {
    return "SIGRTMIN+" + std::to_string(signo - SIGRTMIN);
  }
  return "SIG" + std::to_string(signo);
}

bool valid_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace masterd::config
