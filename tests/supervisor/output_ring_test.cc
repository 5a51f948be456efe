#include "supervisor/output_ring.h"

#include <gtest/gtest.h>

#include "supervisor/utf8.h"

namespace masterd::supervisor {
namespace {

std::vector<std::string> texts(const std::vector<OutputLine>& lines) {
  std::vector<std::string> found;
  for (const OutputLine& line : lines) found.push_back(line.text);
  return found;
}
using Texts = std::vector<std::string>;

class OutputRingTest : public testing::Test {
 protected:
  void add(std::string_view bytes, Stream stream = Stream::Stdout) {
    ring.add(stream, bytes, [this](const OutputLine& line) { told.push_back(line); });
  }
  Texts all() { return texts(ring.last(1'000'000)); }

  OutputRing ring;
  std::vector<OutputLine> told;
};

TEST_F(OutputRingTest, BytesBecomeLinesHoweverTheyWereChunked) {
  const std::string bytes = "one\ntwo\r\n\nfour\n";
  add(bytes);
  OutputRing by_byte;
  for (const char byte : bytes) by_byte.add(Stream::Stdout, {&byte, 1}, {});
  EXPECT_EQ(all(), (Texts{"one", "two", "", "four"}));
  EXPECT_EQ(texts(by_byte.last(10)), all());
}

TEST_F(OutputRingTest, EachLineIsToldOnceWithItsStreamAndNumber) {
  add("a\nb");
  add("e\n", Stream::Stderr);
  add("c\n");
  ASSERT_EQ(texts(told), (Texts{"a", "e", "bc"}));
  EXPECT_EQ(told[1].stream, Stream::Stderr);
  EXPECT_EQ(told[2].stream, Stream::Stdout);
  EXPECT_EQ(told[0].seq, 1u);
  EXPECT_EQ(told[2].seq, 3u);
  EXPECT_LE(told[0].time, told[2].time);
}

TEST_F(OutputRingTest, APartialLineWaitsForItsEndOrForTheFlush) {
  add("half");
  EXPECT_TRUE(all().empty());
  ring.flush({});
  ring.flush({});
  EXPECT_EQ(all(), (Texts{"half"}));
}

TEST_F(OutputRingTest, ACarriageReturnInsideALineStays) {
  add("10%\r20%\r\n");
  EXPECT_EQ(all(), (Texts{"10%\r20%"}));
}

TEST_F(OutputRingTest, ALineAsLongAsAllowedIsOneLine) {
  const std::string longest(OutputRing::kMaxLine, 'x');
  add(longest);
  add("\nnext\n");
  EXPECT_EQ(all(), (Texts{longest, "next"}));
}

TEST_F(OutputRingTest, ALongerLineIsSplitAtTheCapHoweverItWasChunked) {
  const std::string bytes = std::string(2 * OutputRing::kMaxLine + 5, 'x') + "\n";
  add(bytes);
  OutputRing by_seven;
  for (std::size_t i = 0; i < bytes.size(); i += 7) {
    by_seven.add(Stream::Stdout, std::string_view{bytes}.substr(i, 7), {});
  }
  const std::string full(OutputRing::kMaxLine, 'x');
  EXPECT_EQ(all(), (Texts{full, full, "xxxxx"}));
  EXPECT_EQ(texts(by_seven.last(10)), all());
}

TEST_F(OutputRingTest, TheSplitDoesNotCutACharacter) {
  const std::string euro = "\xE2\x82\xAC";
  add(std::string(OutputRing::kMaxLine - 1, 'x') + euro + "\n");
  EXPECT_EQ(all(), (Texts{std::string(OutputRing::kMaxLine - 1, 'x'), euro}));
}

TEST_F(OutputRingTest, ACharacterInTwoChunksIsWhole) {
  add("\xE2\x82");
  add("\xAC\n");
  EXPECT_EQ(all(), (Texts{"\xE2\x82\xAC"}));
}

TEST_F(OutputRingTest, InvalidBytesBecomeReplacementCharacters) {
  add("a\xFF\x62\xC3\n");
  EXPECT_EQ(all(), (Texts{"a\uFFFDb\uFFFD"}));
}

TEST_F(OutputRingTest, D13_AfterTenMegabytesTheNewestLinesAreHeld) {
  constexpr int kLines = 100'000;
  const std::string filling(100, '.');
  for (int i = 1; i <= kLines; ++i) add(std::to_string(i) + filling + "\n");
  add("the last words");
  ring.flush({});
  const auto lines = ring.last(1'000'000);
  ASSERT_GT(lines.size(), 100u);
  EXPECT_EQ(lines.back().text, "the last words");
  EXPECT_EQ(lines.back().seq, kLines + 1u);
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_EQ(lines[i].seq, lines[i - 1].seq + 1);
}

TEST_F(OutputRingTest, TheBoundCountsEmptyLinesToo) {
  add(std::string(1'000'000, '\n'));
  const auto lines = ring.last(1'000'000);
  EXPECT_LE(lines.size() * sizeof(OutputLine), 64u * 1024);
  EXPECT_GT(lines.size(), 500u);
}

TEST(OutputRingBound, TheNewestLineIsKeptEvenIfItIsMoreThanTheBound) {
  OutputRing small{10};
  small.add(Stream::Stdout, "first\nsecond, and long\n", {});
  EXPECT_EQ(texts(small.last(10)), (Texts{"second, and long"}));
}

TEST_F(OutputRingTest, LastGivesTheNewestOldestFirst) {
  add("1\n2\n3\n");
  EXPECT_EQ(texts(ring.last(2)), (Texts{"2", "3"}));
  EXPECT_EQ(texts(ring.last(9)), (Texts{"1", "2", "3"}));
  EXPECT_TRUE(ring.last(0).empty());
}

struct Utf8Case {
  const char* name;
  std::string bytes;
  std::string text;
};
class Utf8Test : public testing::TestWithParam<Utf8Case> {};
TEST_P(Utf8Test, BecomesValid) { EXPECT_EQ(valid_utf8(GetParam().bytes), GetParam().text); }
INSTANTIATE_TEST_SUITE_P(
    All, Utf8Test,
    testing::Values(Utf8Case{"Ascii", "plain", "plain"}, Utf8Case{"Empty", "", ""},
                    Utf8Case{"TwoBytes", "\xC3\xA9", "\xC3\xA9"},
                    Utf8Case{"FourBytes", "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
                    Utf8Case{"Highest", "\xF4\x8F\xBF\xBF", "\xF4\x8F\xBF\xBF"},
                    Utf8Case{"BeyondHighest", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
                    Utf8Case{"Overlong", "\xC0\xAF", "\uFFFD\uFFFD"},
                    Utf8Case{"OverlongThree", "\xE0\x80\xAF", "\uFFFD\uFFFD\uFFFD"},
                    Utf8Case{"Surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
                    Utf8Case{"LoneContinuation", "\x80x", "\uFFFDx"},
                    Utf8Case{"CutShort", "\xE2\x82", "\uFFFD\uFFFD"},
                    Utf8Case{"CutShortThenText", "\xE2\x82z", "\uFFFD\uFFFDz"},
                    Utf8Case{"Nul", std::string("a\0b", 3), std::string("a\0b", 3)}),
    [](const auto& info) { return info.param.name; });

TEST(WholeCharacters, OnlyACharacterThatMayStillBecomeValidIsHeldBack) {
  EXPECT_EQ(whole_characters("abc"), 3u);
  EXPECT_EQ(whole_characters(""), 0u);
  EXPECT_EQ(whole_characters("a\xE2"), 1u);
  EXPECT_EQ(whole_characters("a\xE2\x82"), 1u);
  EXPECT_EQ(whole_characters("a\xE2\x82\xAC"), 4u);
  EXPECT_EQ(whole_characters("a\xF0\x9F\x98"), 1u);
  EXPECT_EQ(whole_characters("a\xFF"), 2u);
  EXPECT_EQ(whole_characters("a\xE0\x80"), 3u) << "overlong: nothing can save it";
  EXPECT_EQ(whole_characters("\x80\x80\x80\x80"), 4u);
}

}  // namespace
}  // namespace masterd::supervisor
