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

TEST(History, WhatChangesAllTheTimeForgetsItsOwnPastNotThatOfOthers) {
  History history{6};
  history.add(entry(1, "a"));
  history.add(entry(2, "b"));
  for (std::uint64_t seq = 3; seq <= 100; ++seq) history.add(entry(seq, "loop"));
  EXPECT_EQ(seqs(history.find({}, 0, 100)), (Seqs{1, 2, 97, 98, 99, 100}));
  EXPECT_EQ(seqs(history.find("loop", 0, 100)), (Seqs{97, 98, 99, 100}));
}

TEST(History, ManyNamesShareTheRoom) {
  History history{10};
  std::uint64_t seq = 0;
  for (int round = 0; round < 5; ++round) {
    for (const char* name : {"a", "b", "c", "d", "e"}) history.add(entry(++seq, name));
  }
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(history.find(name, 0, 100).size(), 2U) << name;
  }
  EXPECT_EQ(history.find({}, 0, 100).size(), 10U);
}

TEST(History, ANameWhoseEntriesAreAllForgottenIsGone) {
  History history{1};
  history.add(entry(1, "a"));
  history.add(entry(2, "b"));
  history.add(entry(3, "c"));
  EXPECT_EQ(history.find({}, 0, 100).size(), 1U);
  EXPECT_TRUE(history.find("a", 0, 100).empty());
  history.add(entry(4, "a"));
  EXPECT_EQ(history.find({}, 0, 100).size(), 1U);
}

}  // namespace
}  // namespace masterd::daemon
