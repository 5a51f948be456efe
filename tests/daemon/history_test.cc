#include "daemon/history.h"

#include <gtest/gtest.h>

namespace masterd::daemon {
namespace {

HistoryEntry entry(std::uint64_t seq, const std::string& name) {
  return {seq, {}, name, "starting", "running", "started"};
}

std::vector<std::uint64_t> seqs(const std::vector<HistoryEntry>& entries) {
  std::vector<std::uint64_t> out;
  for (const auto& one : entries) out.push_back(one.seq);
  return out;
}

using Seqs = std::vector<std::uint64_t>;

TEST(History, KeepsTheNewestOfMoreThanItHolds) {
  History history{3};
  for (std::uint64_t seq = 1; seq <= 5; ++seq) history.add(entry(seq, "a"));
  EXPECT_EQ(seqs(history.find({}, 0, 100)), (Seqs{3, 4, 5}));
}

TEST(History, LimitTakesTheNewestOldestFirst) {
  History history;
  for (std::uint64_t seq = 1; seq <= 5; ++seq) history.add(entry(seq, "a"));
  EXPECT_EQ(seqs(history.find({}, 0, 2)), (Seqs{4, 5}));
}

TEST(History, SinceSeqIsExclusive) {
  History history;
  for (std::uint64_t seq = 1; seq <= 5; ++seq) history.add(entry(seq, "a"));
  EXPECT_EQ(seqs(history.find({}, 3, 100)), (Seqs{4, 5}));
  EXPECT_TRUE(history.find({}, 5, 100).empty());
}

TEST(History, NameFiltersBeforeTheLimitCounts) {
  History history;
  history.add(entry(1, "a"));
  history.add(entry(2, "b"));
  history.add(entry(3, "a"));
  history.add(entry(4, std::string{kSessionName}));
  EXPECT_EQ(seqs(history.find("a", 0, 2)), (Seqs{1, 3}));
  EXPECT_EQ(seqs(history.find(kSessionName, 0, 2)), (Seqs{4}));
  EXPECT_TRUE(history.find("c", 0, 2).empty());
}

}  // namespace
}  // namespace masterd::daemon
