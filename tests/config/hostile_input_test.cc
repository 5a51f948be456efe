// Input that crashes, hangs or misleads parsers: each gets one plain diagnostic, or loads as it
// should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "config/load.h"
#include "tests/config/results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

using ::testing::HasSubstr;
using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr std::string_view kGood = "[coprocess.a]\ncommand = [\"x\"]\n";

LoadResult load(std::string_view text) { return load_text(text, "t.toml", "/"); }

// The only thing wrong with the text.
Diagnostic fault(std::string_view text) {
  const Diagnostics found = refused(load(text));
  EXPECT_EQ(found.size(), 1U) << all_of(found);
  return found.front();
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  text.reserve(part.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST(KeyDepth, OfAHundredThousandPartsIsRefusedBeforeTheParser) {
  for (const std::string& text :
       {"a" + repeated(".a", 100'000) + " = 1\n", "[a" + repeated(".a", 100'000) + "]\n",
        "[[a" + repeated(".a", 100'000) + "]]\n",
        "x = { a" + repeated(" . 'a'", 100'000) + " = 1 }\n"}) {
    const Diagnostic d = fault(text);
    EXPECT_THAT(d.message, HasSubstr("more than 16 parts"));
    EXPECT_EQ(d.line, 1U);
    EXPECT_GT(d.column, 0U);
  }
}

TEST(KeyDepth, IsFoundBehindStringsAndComments) {
  const std::string deep = "a" + repeated(".a", 17) + " = 1\n";
  for (const std::string& before :
       {"x = \"\\\\\" # \"\n"s, "x = '\\' # '\n"s, "x = \"\"\"a\\\"\"\"\"\"\"\n"s,
        "x = '''a'''''\n"s, "x = \"\"\n"s, "# \"\"\"\n"s}) {
    EXPECT_THAT(fault(before + deep).message, HasSubstr("more than 16 parts")) << before;
  }
}

TEST(KeyDepth, DoesNotCountDotsInStringsCommentsAndValues) {
  const std::string dots = repeated("a.", 50);
  EXPECT_NO_THROW(
      loaded(load("# " + dots + "\n[coprocess.a]\ncommand = [\"x\", \"" + dots + "\", '" + dots +
                  "', \"\"\"\n" + dots + "\n\"\"\", '''" + dots + "''']\n")));
}

TEST(Nesting, OfAHundredThousandArraysIsRefused) {
  EXPECT_THAT(fault("a = " + repeated("[", 100'000)).message, HasSubstr("depth"));
}

TEST(Nesting, OfAHundredThousandInlineTablesIsRefused) {
  EXPECT_THAT(fault("a = " + repeated("{a=", 100'000)).message, HasSubstr("depth"));
}

TEST(Size, OfOneMebibyteLoads) {
  std::string text{kGood};
  text += "#" + std::string(kMaxFileBytes - text.size() - 1, 'x');
  ASSERT_EQ(text.size(), kMaxFileBytes);
  EXPECT_EQ(loaded(load(text)).coprocesses.size(), 1U);
}

TEST(Size, OfOneByteMoreIsRefused) {
  const Diagnostic d = fault(std::string(kMaxFileBytes + 1, '\n'));
  EXPECT_THAT(d.message, HasSubstr("too large"));
}

TEST(Size, OfTooManyNamesIsRefused) {
  std::string text;
  for (std::size_t i = 0; i <= kMaxNames; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"x\"]\n";
  }
  EXPECT_THAT(fault(text).message, HasSubstr("at most 8192"));
}

TEST(Size, OfTheLongestChainLoads) {
  std::string text = "[coprocess.c0]\ncommand = [\"x\"]\n";
  for (std::size_t i = 1; i < kMaxNames; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"x\"]\nrequires = [\"c" +
            std::to_string(i - 1) + "\"]\n";
  }
  EXPECT_EQ(loaded(load(text)).coprocesses.size(), kMaxNames);
}

TEST(Bytes, NulIsRefusedWithItsPlace) {
  const Diagnostic d = fault("[coprocess.a]\nco\0mmand = [\"x\"]\n"sv);
  EXPECT_THAT(d.message, HasSubstr("NUL"));
  EXPECT_EQ(d.line, 2U);
  EXPECT_EQ(d.column, 3U);
}

TEST(Bytes, NulInACommentIsRefused) {
  EXPECT_THAT(fault("# a\0b\n[coprocess.a]\ncommand = [\"x\"]\n"sv).message, HasSubstr("NUL"));
}

TEST(Bytes, InvalidUtf8IsRefusedWithItsPlace) {
  for (const char* bad : {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC3", "\xE0\x80\x80", "\xE2\x82",
                          "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
                          "\xF5\x80\x80\x80", "\xF0\x9F\x98", "\xFF", "\xFE"}) {
    const Diagnostic d = fault("# \xE2\x82\xAC\n# \xE2\x82\xAC" + std::string{bad} + "\n");
    EXPECT_THAT(d.message, HasSubstr("not UTF-8"));
    EXPECT_EQ(d.line, 2U);
    EXPECT_EQ(d.column, 4U);
  }
}

TEST(Bytes, AFileThatEndsWithinACharacterIsRefused) {
  EXPECT_THAT(fault("# \xE2\x82").message, HasSubstr("not UTF-8: byte 0xe2"));
}

TEST(Bytes, ASurrogateEscapeIsRefused) {
  EXPECT_THAT(fault("[session]\nname = \"\\ud800\"\n").message, HasSubstr("surrogate"));
}

TEST(Bytes, ValidUtf8OfEveryLengthLoads) {
  const std::string text =
      "a\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF";
  EXPECT_EQ(
      loaded(load("[coprocess.a]\ncommand = [\"x\", '" + text + "']\n")).coprocesses[0].command[1],
      text);
}

TEST(Bytes, CarriageReturnsBeforeNewlinesAreNewlines) {
  const Diagnostic d = fault("[coprocess.a]\r\ncommand = [\r\n\"x\"]\r\nvital = 1\r\n");
  EXPECT_EQ(d.line, 4U);
  EXPECT_EQ(d.column, 9U);
}

TEST(Bytes, AByteOrderMarkHasNoColumn) {
  EXPECT_NO_THROW(loaded(load("\xEF\xBB\xBF" + std::string{kGood})));
  const Diagnostic typed = fault("\xEF\xBB\xBFgroup = 1\n" + std::string{kGood});
  EXPECT_EQ(typed.column, 9U);
  const Diagnostic scanned = fault("\xEF\xBB\xBF# \x80");
  EXPECT_EQ(scanned.column, 3U);
}

TEST(Bytes, OfMessagesAreFitForATerminal) {
  for (const Diagnostic& d : refused(
           load("[session]\nname = \"\\u001b[2J\\n\"\n\"\\u001b\" = 1\nx = fals\n[coprocess]\n"))) {
    for (const char c : d.to_string())
      EXPECT_GE(static_cast<unsigned char>(c), 0x20U) << d.to_string();
  }
}

TEST(LoadText, NeedsANameWhenTheOriginHasNone) {
  const Diagnostics found = refused(load_text(kGood, "<text>", "/"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().key, "session.name");
  EXPECT_THAT(found.front().message, HasSubstr("'<text>' is not a name"));
}

Diagnostic file_fault(const std::filesystem::path& path) {
  const Diagnostics found = refused(load_file(path));
  EXPECT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_EQ(found.front().file, path.native());
  EXPECT_EQ(found.front().line, 0U);
  return found.front();
}

TEST(LoadFile, SaysThatAFileIsMissing) {
  const test::TempFolder folder;
  EXPECT_THAT(file_fault(folder.path() / "none.toml").message, HasSubstr("No such file"));
}

TEST(LoadFile, SaysThatAPathIsADirectory) {
  const test::TempFolder folder;
  EXPECT_EQ(file_fault(folder.path()).message, "is a directory");
}

TEST(LoadFile, DoesNotWaitForAFifo) {
  const test::TempFolder folder;
  const auto fifo = folder.path() / "fifo.toml";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(file_fault(fifo).message, "is not a regular file");
}

TEST(LoadFile, SaysThatALinkLoops) {
  const test::TempFolder folder;
  const auto link = folder.path() / "a.toml";
  std::filesystem::create_symlink("a.toml", link);
  EXPECT_THAT(file_fault(link).message, HasSubstr("cannot open"));
}

/// Root may read everything: nobody, while it lives.
class OrdinaryUser {
 public:
  OrdinaryUser() { change(65534); }
  ~OrdinaryUser() { change(was_); }
  OrdinaryUser(const OrdinaryUser&) = delete;
  OrdinaryUser& operator=(const OrdinaryUser&) = delete;

 private:
  void change(uid_t uid) const {
    if (was_ != 0) return;
    EXPECT_EQ(::seteuid(uid), 0);
  }
  const uid_t was_ = ::geteuid();
};

TEST(LoadFile, SaysThatAFileMayNotBeRead) {
  const test::TempFolder folder;
  const auto path = folder.file("a.toml", kGood);
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const OrdinaryUser user;
  EXPECT_THAT(file_fault(path).message, HasSubstr("Permission denied"));
}

TEST(LoadFile, StopsReadingAtTheLimit) {
  const test::TempFolder folder;
  const auto path = folder.file("big.toml", std::string(2 * kMaxFileBytes, '\n'));
  EXPECT_THAT(file_fault(path).message, HasSubstr("too large"));
}

TEST(LoadFile, RefusesAPathWithNul) {
  EXPECT_THAT(file_fault(std::string{"a\0b", 3}).message, HasSubstr("NUL"));
}

TEST(LoadFile, RefusesAnEmptyPath) {
  EXPECT_THAT(file_fault("").message, HasSubstr("cannot open"));
}

TEST(LoadFile, NeedsANameWhenTheStemIsNone) {
  const test::TempFolder folder;
  const Diagnostic d = file_fault(folder.file("my stack.toml", kGood));
  EXPECT_EQ(d.key, "session.name");
  EXPECT_THAT(d.message, HasSubstr("'my stack' is not a name"));
}

}  // namespace
}  // namespace masterd::config
