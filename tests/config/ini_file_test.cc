// Each rule of config/ini_file.h and config/ini_text.h by itself. That they are LinuxCNC's rules is
// what ini_inivar_test.cc shows.
#include "config/ini_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

using masterd::test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

IniFile ini(std::string_view text) { return loaded(IniFile::parse(text, "/m/test.ini", {})); }

std::optional<std::string> value(const IniFile& file, std::string_view key,
                                 std::string_view section = "A") {
  const IniValue* found = file.find(section, key);
  return found == nullptr ? std::nullopt : std::optional{found->text};
}

std::optional<std::string> value(std::string_view text, std::string_view key = "X") {
  return value(ini(text), key);
}

std::vector<std::string> values(const IniFile& file, std::string_view key = "X",
                                std::string_view section = "A") {
  std::vector<std::string> found;
  for (const IniValue& one : file.all(section, key)) found.push_back(one.text);
  return found;
}

TEST(IniFile, AValueIsWithoutTheBlanksAroundIt) {
  EXPECT_EQ(value("[A]\n\tX \t = \t one  two\t \r\n"), "one  two");
}

TEST(IniFile, TheFirstEqualsSignBeginsTheValue) {
  EXPECT_EQ(value("[A]\nX==a=b=\n"), "=a=b=");
  EXPECT_EQ(value("[A]\nX y = z\n"), "z");
}

TEST(IniFile, QuotesAndCommentsBehindAValueAreTheValue) {
  EXPECT_EQ(value("[A]\nX = \"q\" ; c # d\n"), "\"q\" ; c # d");
}

TEST(IniFile, ALineWhoseFirstCharacterIsACommentSignSaysNothing) {
  EXPECT_EQ(value("[A]\n#X=1\n  ;X=2\n # [B]\nX=3\n"), "3");
}

TEST(IniFile, ALineOfNoKnownFormIsPassedOver) {
  EXPECT_EQ(value("[A]\nwords\n=\n=5\n\"\n]\nX=1\n"), "1");
}

TEST(IniFile, CaseMattersInKeysAndSections) {
  const IniFile file = ini("[A]\nx=low\nX=high\n[a]\nX=other\n");
  EXPECT_EQ(value(file, "x"), "low");
  EXPECT_EQ(value(file, "X"), "high");
  EXPECT_EQ(value(file, "X", "a"), "other");
}

TEST(IniFile, AKeyEndsAtABlankOrAnEqualsSignAndAtNothingElse) {
  EXPECT_EQ(value("[A]\nXY=1\nX:=2\nX\t=3\n"), "3");
}

TEST(IniFile, ValuesOfARepeatedKeyComeInOrderUpToOneThatIsEmpty) {
  EXPECT_THAT(values(ini("[A]\nX=1\nY=n\nX = 2\nX=\nX=4\n")), ElementsAre("1", "2"));
}

TEST(IniFile, AKeyWhoseFirstLineHasNoValueHasNone) {
  EXPECT_EQ(value("[A]\nX=  \nX=2\n"), std::nullopt);
  EXPECT_EQ(value("[A]\nX\t\nX=2\n"), std::nullopt);
  EXPECT_EQ(value("[A]\nX\nX=2\n"), "2");  // no blank, no =: not this key's line
}

TEST(IniFile, AReopenedSectionIsNotSeen) {
  const IniFile file = ini("[A]\nX=1\n[B]\n[A]\nX=2\nY=3\n");
  EXPECT_THAT(values(file), ElementsAre("1"));
  EXPECT_EQ(value(file, "Y"), std::nullopt);
  EXPECT_EQ(file.line_of_section("A"), 1U);
}

TEST(IniFile, AHeaderMayHaveBlanksBeforeAndAnythingBehind) {
  const IniFile file = ini("X=0\n \t[A]]B] ; c\nX=1\n");
  EXPECT_EQ(value(file, "X"), "1");
  EXPECT_EQ(file.line_of_section("A"), 2U);
}

TEST(IniFile, AnOpenBracketAloneEndsASection) { EXPECT_EQ(value("[A]\n  [\nX=1\n"), std::nullopt); }

TEST(IniFile, WhatIsNotThereIsNeverFound) {
  const IniFile file = ini("X=1\n[A]\n");
  EXPECT_EQ(file.find("A", "X"), nullptr);
  EXPECT_EQ(file.find("B", "X"), nullptr);
  EXPECT_THAT(file.all("B", "X"), IsEmpty());
  EXPECT_TRUE(file.has_section("A"));
  EXPECT_FALSE(file.has_section("B"));
  EXPECT_EQ(file.line_of_section("B"), 0U);
}

TEST(IniFile, AnEmptyFileHasNothing) { EXPECT_FALSE(ini("").has_section("")); }

TEST(IniFile, ABackslashAtTheEndJoinsTheNextLineAsItStands) {
  EXPECT_EQ(value("[A]\nX = a \\\n  b\\\nc\n"), "a   bc");
}

TEST(IniFile, ABackslashJoinsCommentsToo) { EXPECT_EQ(value("[A]\n# note \\\nX=1\nX=2\n"), "2"); }

TEST(IniFile, AHeaderJoinedToACommentBeginsItsSectionAndEndsNoOther) {
  const IniFile file = ini("[A]\n# note \\\n[B]\nX=1\n");
  EXPECT_EQ(value(file, "X", "A"), "1");
  EXPECT_EQ(value(file, "X", "B"), "1");
}

TEST(IniFile, ABackslashBeforeACarriageReturnJoinsNothing) {
  EXPECT_EQ(value("[A]\r\nX=1\\\r\nY=2\r\n"), "1\\");
  EXPECT_EQ(value("[A]\r\nX=1\\\r\nY=2\r\n", "Y"), "2");
}

TEST(IniFile, TwentyLinesAreJoinedAndNotOneMore) {
  std::string twenty = "[A]\nX=";
  for (int i = 0; i < 20; ++i) twenty += "1\\\n";
  EXPECT_EQ(value(twenty + "1\n"), std::string(21, '1'));
  EXPECT_EQ(value(twenty + "1\\\n1\nY=2\n"), std::nullopt);
  EXPECT_EQ(value(twenty + "1\\\n1\nY=2\n", "Y"), std::nullopt);
}

TEST(IniFile, TheLastLineNeedsNoNewlineUnlessItIsJoined) {
  EXPECT_EQ(value("[A]\nX=12"), "12");
  EXPECT_EQ(value("[A]\nX=1\\"), "1\\");
  EXPECT_EQ(value("[A]\nX=1\\\n23"), "12");
  EXPECT_EQ(value("[A]\nX=1\\\n"), std::nullopt);
}

TEST(IniFile, TheRestOfALongLineIsAnotherLine) {
  const std::string filler(253, 'v');
  EXPECT_EQ(value("[A]\nX=" + filler + "\n"), filler);
  const IniFile file = ini("[A]\nX=" + filler + "Y=2\nZ=3\n");
  EXPECT_EQ(value(file, "X"), filler);
  EXPECT_EQ(value(file, "Y"), "2");
  EXPECT_EQ(value(file, "Z"), "3");
}

TEST(IniFile, AStrayCarriageReturnEndsAll) {
  const IniFile file = ini("[A]\nX=1\n# a\rb\nY=2\n[B]\nX=3\n");
  EXPECT_EQ(value(file, "X"), "1");
  EXPECT_EQ(value(file, "Y"), std::nullopt);
  EXPECT_FALSE(file.has_section("B"));
}

TEST(IniFile, AByteOrderMarkHidesAHeaderOfTheFirstLine) {
  EXPECT_EQ(value("\xEF\xBB\xBF[A]\nX=1\n[A]\nX=2\n"), "2");
}

TEST(IniFile, BytesAreNotInterpreted) {
  EXPECT_EQ(value("[A]\nX=\xFF\xC3(\x01\n"), "\xFF\xC3(\x01");
}

TEST(IniFile, AValueKnowsWhereItBegins) {
  const IniFile file = ini("[A]\nY=1\nX=1\\\n2\n");
  EXPECT_EQ(file.find("A", "X")->line, 3U);
  EXPECT_EQ(file.find("A", "X")->file, "/m/test.ini");
}

TEST(IniFile, WhatWasFoundStaysWhenTheFileIsMoved) {
  IniFile file = ini("[A]\nX=short\n");
  const IniValue* found = file.find("A", "X");
  const IniFile moved = std::move(file);
  EXPECT_EQ(found, moved.find("A", "X"));
  EXPECT_EQ(found->text, "short");
}

TEST(IniFile, ANulByteIsRefusedWithItsLine) {
  const auto wrong =
      refused(IniFile::parse(std::string_view{"[A]\nX=1\0\n", 9}, "/m/test.ini", {}));
  EXPECT_EQ(all_of(wrong), "/m/test.ini:2:1: a NUL byte\n");
}

TEST(IniFile, AFileTooLargeOrOfTooManyLinesIsRefused) {
  const std::string large(kMaxFileBytes + 1, '#');
  EXPECT_THAT(all_of(refused(IniFile::parse(large, "a.ini", {}))), HasSubstr("too large"));
  const std::string lines(kMaxIniLines + 1, '\n');
  EXPECT_THAT(all_of(refused(IniFile::parse(lines, "a.ini", {}))), HasSubstr("too long"));
}

TEST(IniFile, AFileThatIsNotThereIsRefusedByName) {
  EXPECT_EQ(all_of(refused(IniFile::read("/nonexistent/a.ini"))),
            "/nonexistent/a.ini: cannot open: No such file or directory\n");
}

TEST(IniFile, AFolderOrAPipeIsRefused) {
  const TempFolder folder;
  EXPECT_THAT(all_of(refused(IniFile::read(folder.path()))), HasSubstr("is a directory"));
  ASSERT_EQ(::mkfifo(folder.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(all_of(refused(IniFile::read(folder.path("pipe")))),
              HasSubstr("is not a regular file"));
}

}  // namespace
}  // namespace masterd::config
