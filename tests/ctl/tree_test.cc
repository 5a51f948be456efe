#include "ctl/tree.h"

#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

std::string tree(const std::string& coprocesses) {
  return render_tree(boost::json::parse(R"({"coprocesses":[)" + coprocesses + "]}"));
}

TEST(Tree, AProcessStandsUnderItsParent) {
  EXPECT_EQ(tree(R"({"name":"ui","processes":[
              {"pid":820,"ppid":1,"state":"S","command":"sh ui"},
              {"pid":822,"ppid":820,"state":"S","command":"log -f"},
              {"pid":823,"ppid":822,"state":"R","command":"tail"},
              {"pid":824,"ppid":820,"state":"D","command":"[dd]"}]})"),
            "ui\n"
            "`-- 820 S sh ui\n"
            "    |-- 822 S log -f\n"
            "    |   `-- 823 R tail\n"
            "    `-- 824 D [dd]\n");
}

TEST(Tree, WhatGotAwayFromItsParentStandsUnderTheCoprocess) {
  EXPECT_EQ(tree(R"({"name":"ui","processes":[
              {"pid":820,"ppid":9,"state":"S","command":"ui"},
              {"pid":830,"ppid":9,"state":"S","command":"daemonised"}]})"),
            "ui\n|-- 820 S ui\n`-- 830 S daemonised\n");
}

TEST(Tree, EachCoprocessHasItsOwnAndNoneIsSaid) {
  EXPECT_EQ(tree(R"({"name":"a","processes":[]},
              {"name":"b","processes":[{"pid":2,"ppid":1,"state":"S","command":"b"}]})"),
            "a: no process\nb\n`-- 2 S b\n");
}

TEST(Tree, ParentsThatCannotBeEndNothing) {
  // One that is its own parent stands at the root; a ring is nobody's child and is left out.
  EXPECT_EQ(tree(R"({"name":"a","processes":[
              {"pid":2,"ppid":2,"state":"S","command":"self"},
              {"pid":3,"ppid":4,"state":"S","command":"ring"},
              {"pid":4,"ppid":3,"state":"S","command":"ring"}]})"),
            "a\n`-- 2 S self\n");
}

TEST(Tree, ALongChainIsNoDeepRecursion) {
  std::string processes;
  for (int i = 1; i <= 2000; ++i) {
    processes += (i > 1 ? "," : "") + std::string{R"({"pid":)"} + std::to_string(i + 1) +
                 R"(,"ppid":)" + std::to_string(i) + R"(,"state":"S","command":"x"})";
  }
  const std::string text = tree(R"({"name":"a","processes":[)" + processes + "]}");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2001);
}

}  // namespace
}  // namespace masterd::ctl
