// history -- the newest transitions, for those who come late. Pure.
//
// Bounded: the oldest of more than kMaxEntries are forgotten. The entries of the session carry the
// name kSessionName, which no coprocess can have (names have no dot).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace masterd::daemon {

inline constexpr std::string_view kSessionName = "session.";

struct HistoryEntry {
  std::uint64_t seq = 0;  // the event's
  std::chrono::system_clock::time_point time;
  std::string name;
  std::string from;
  std::string to;
  std::string cause;
};

class History {
 public:
  static constexpr std::size_t kMaxEntries = 10'000;

  explicit History(std::size_t max_entries = kMaxEntries) : max_entries_{max_entries} {}

  /// REQUIRES: entry.seq is greater than that of every entry before.
  void add(HistoryEntry entry);
  /// The newest `limit` entries newer than `since_seq` (of `name`, if given), oldest first.
  [[nodiscard]] std::vector<HistoryEntry> find(std::optional<std::string_view> name,
                                               std::uint64_t since_seq, std::size_t limit) const;

 private:
  const std::size_t max_entries_;
  std::deque<HistoryEntry> entries_;
};

}  // namespace masterd::daemon
