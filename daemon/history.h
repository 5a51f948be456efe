// history -- the newest transitions, for those who come late. Pure.
//
// Bounded: beyond kMaxEntries each new one pushes out the oldest of the name that has
// most (of several, of the one whose oldest is the oldest). So what
// restarts all day forgets its own past, not how the others came up: with N names each keeps at
// least kMaxEntries / N of its newest. The entries of the session carry the name kSessionName,
// which no coprocess can have (names have no dot).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
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
  using Seqs = std::deque<std::uint64_t>;  // oldest first, never empty
  using OfName = std::map<std::string, Seqs, std::less<>>;

  /// How many a name has, and the complement of its oldest one's seq.
  using Rank = std::pair<std::size_t, std::uint64_t>;

  static Rank rank_of(const Seqs& seqs) { return {seqs.size(), ~seqs.front()}; }
  void forget_one();

  const std::size_t max_entries_;
  std::map<std::uint64_t, HistoryEntry> entries_;  // by seq
  OfName of_name_;
  std::set<Rank> ranks_;  // of each name; the last one is to forget next
};

}  // namespace masterd::daemon
