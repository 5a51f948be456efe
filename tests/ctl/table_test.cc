#include "ctl/table.h"

#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

TEST(Escape, LeavesTextAlone) {
  EXPECT_EQ(escape("caf\xC3\xA9 \xE2\x98\x83"), "caf\xC3\xA9 \xE2\x98\x83");
  EXPECT_EQ(escape(""), "");
}

TEST(Escape, ShowsControlCharacters) {
  EXPECT_EQ(escape("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(escape("\x1b[31m\x07\x7f"), "\\x1b[31m\\x07\\x7f");
  EXPECT_EQ(escape(std::string_view{"\0", 1}), "\\x00");
}

TEST(Escape, ShowsTheSecondSetOfControlCharacters) {
  EXPECT_EQ(escape("\xC2\x9B"
                   "31m"),
            "\\u009b31m");
  EXPECT_EQ(escape("\xC2\xA0"), "\xC2\xA0") << "a no-break space is none";
}

TEST(Escape, ReplacesInvalidUtf8) { EXPECT_EQ(escape("a\xFFz"), "a\xEF\xBF\xBDz"); }

TEST(Duration, HasTwoUnitsAtMost) {
  EXPECT_EQ(human_duration(0), "0.0s");
  EXPECT_EQ(human_duration(0.44), "0.4s");
  EXPECT_EQ(human_duration(9.96), "9s");
  EXPECT_EQ(human_duration(59.9), "59s");
  EXPECT_EQ(human_duration(303), "5m03s");
  EXPECT_EQ(human_duration(7500), "2h05m");
  EXPECT_EQ(human_duration(3 * 86400 + 4 * 3600), "3d04h");
}

TEST(Duration, OfNonsenseIsAQuestionMark) {
  EXPECT_EQ(human_duration(-1), "?");
  EXPECT_EQ(human_duration(1e300), "?");
}

TEST(Table, AlignsItsColumns) {
  Table table{{"NAME", "STATE", "N"}};
  table.add({{"a"}, {"running"}, {"1"}});
  table.add({{"long-name"}, {"x"}, {""}});
  EXPECT_EQ(table.str(false),
            "NAME       STATE    N\n"
            "a          running  1\n"
            "long-name  x        -\n");
}

TEST(Table, CountsCharactersNotBytes) {
  Table table{{"A", "B"}};
  table.add({{"\xC3\xA9\xC3\xA9"}, {"1"}});
  table.add({{"xx"}, {"2"}});
  EXPECT_EQ(table.str(false), "A   B\n\xC3\xA9\xC3\xA9  1\nxx  2\n");
}

TEST(Table, ColourDoesNotShiftTheColumns) {
  Table table{{"A", "B"}};
  table.add({{"x", Colour::Red}, {"1"}});
  EXPECT_EQ(table.str(true), "A  B\n\x1b[31mx\x1b[0m  1\n");
  EXPECT_EQ(table.str(false), "A  B\nx  1\n");
}

TEST(Table, LeavesOutColumnsThatNoRowFills) {
  Table table{{"A", "EMPTY", "B"}};
  table.add({{"x"}, {""}, {"y"}});
  EXPECT_EQ(table.str(false), "A  B\nx  y\n");
}

TEST(Table, ACellCannotForgeARow) {
  Table table{{"A"}};
  table.add({{"x\nfake  running"}});
  EXPECT_EQ(table.str(false), "A\nx\\nfake  running\n");
}

}  // namespace
}  // namespace masterd::ctl
