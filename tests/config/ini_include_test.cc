// #INCLUDE lines of an .ini file: what the launcher of LinuxCNC makes of them, and what it may
// cost.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/ini_file.h"
#include "config/readable_by.h"
#include "config/source_text.h"
#include "results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

using masterd::test::TempFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr uid_t kSomebody = 4711;

/// Files and variables by name.
struct World {
  std::map<std::string, std::string> files;
  std::map<std::string, std::string> variables;

  IniFile::Result parse(std::string_view text) const {
    IniIncludes includes;
    includes.variable = [this](const std::string& name) {
      const auto found = variables.find(name);
      return found == variables.end() ? std::nullopt : std::optional{found->second};
    };
    includes.locate = [](const std::string& name) { return name; };
    includes.read = [this](const std::string& path, Report& report) -> std::optional<std::string> {
      const auto found = files.find(path);
      if (found != files.end()) return found->second;
      report.error({}, "is not there");
      return std::nullopt;
    };
    return IniFile::parse(text, "m.ini", includes);
  }
};

std::optional<std::string> value(const IniFile& file, std::string_view key = "X",
                                 std::string_view section = "A") {
  const IniValue* found = file.find(section, key);
  return found == nullptr ? std::nullopt : std::optional{found->text};
}

/// X of the file that `line` includes.
std::optional<std::string> included(const World& world, const std::string& line) {
  return value(loaded(world.parse("[A]\n#INCLUDE " + line + "\n")));
}

std::string refusal(const World& world, const std::string& line) {
  return all_of(refused(world.parse("[A]\n\n#INCLUDE " + line + "\n")));
}

TEST(IniInclude, AFileIsTakenInAtItsPlace) {
  const World world{{{"b.inc", "X=b\n[B]\nX=c\n"}}, {}};
  const IniFile file = loaded(world.parse("[A]\nX=a\n#INCLUDE b.inc\nX=d\n"));
  EXPECT_TRUE(file.has_includes());
  ASSERT_THAT(file.all("A", "X"), testing::SizeIs(2));
  EXPECT_EQ(file.all("A", "X")[1].text, "b");
  EXPECT_EQ(file.all("A", "X")[1].file, "b.inc");
  EXPECT_EQ(file.all("A", "X")[1].line, 1U);
  EXPECT_EQ(file.all("B", "X")[1].text, "d");
  EXPECT_EQ(file.all("B", "X")[1].file, "m.ini");
  EXPECT_EQ(file.all("B", "X")[1].line, 4U);
  EXPECT_EQ(file.line_of_section("B"), 2U);
  EXPECT_EQ(file.path(), "m.ini");
}

TEST(IniInclude, IncludesOfAnIncludedFileAreComments) {
  const World world{{{"b.inc", "#INCLUDE c.inc\nX=1\n"}, {"c.inc", "X=0\n"}}, {}};
  EXPECT_EQ(included(world, "b.inc"), "1");
}

TEST(IniInclude, ABlankBeforeItCountsOnlyWhereAnotherLineBeginsWithInclude) {
  const World world{{{"b.inc", "X=1\n"}}, {}};
  EXPECT_EQ(value(loaded(world.parse("[A]\n #INCLUDE b.inc\n"))), std::nullopt);
  EXPECT_EQ(value(loaded(world.parse("[A]\n #INCLUDE b.inc\n#INCLUDED\n"))), "1");
}

TEST(IniInclude, TheShellOfTheLauncherTakesBackslashesFromTheFileItself) {
  const World world{{{"b.inc", "Y=\\a\\\nb\n"}}, {}};
  const IniFile file = loaded(world.parse("[A]\nX=\\1\\\\2 \\\n  3\n#INCLUDE b.inc\n"));
  EXPECT_EQ(value(file, "X"), "1\\2 3");  // blanks behind the first word are one
  EXPECT_EQ(value(file, "Y"), "\\ab");
  EXPECT_EQ(file.find("A", "Y")->line, 1U);
}

TEST(IniInclude, TheShellOfTheLauncherDropsALastLineWithoutANewline) {
  const World world{{{"b.inc", "\n"}}, {}};
  EXPECT_EQ(value(loaded(world.parse("[A]\n#INCLUDE b.inc\nX=1"))), std::nullopt);
}

TEST(IniInclude, AnIncludedFileWithoutAFinalNewlineGetsTheLaunchersRemark) {
  const World world{{{"b.inc", "X=1"}}, {}};
  EXPECT_EQ(included(world, "b.inc"), "1#*** End   #INCLUDE file: b.inc");
}

TEST(IniInclude, ANameMayHaveVariablesAndATilde) {
  const World world{{{"/h/b.inc", "X=1\n"}, {"/h/v/b.inc", "X=2\n"}, {"n.inc", "X=3\n"}},
                    {{"HOME", "/h"}, {"V_1", "v"}}};
  EXPECT_EQ(included(world, "~/b.inc"), "1");
  EXPECT_EQ(included(world, "$HOME/$V_1/b.inc"), "2");
  EXPECT_EQ(included(world, "/h/${V_1}/b.inc"), "2");
  EXPECT_EQ(included(world, "n.inc  # remark; `x`"), "3");
}

TEST(IniInclude, BlanksWithinANameAreOneSpace) {
  const World world{{{"my own.inc", "X=1\n"}}, {}};
  EXPECT_EQ(included(world, "my \t own.inc"), "1");
}

TEST(IniInclude, NothingElseOfTheShellIsUnderstood) {
  const World world{{}, {{"HOME", "/h"}}};
  for (const char* name :
       {"$(id)", "`id`",    "a;id", "a|id",  "a&",   "a>b", "'a'",    "\"a\"",
        "*.inc", "a?",      "[a]",  "{a,b}", "$1",   "$",   "${HOME", "${HOME:-x}",
        "${}",   "~root/a", "a!b",  "(a)",   "-n a", "a\r"}) {
    const std::string text = refusal(world, name);
    EXPECT_THAT(text, HasSubstr("m.ini:3:1: cannot include ")) << name;
    EXPECT_THAT(text, Not(HasSubstr("is not there"))) << name;
  }
}

TEST(IniInclude, AVariableThatIsNotSetIsNamed) {
  EXPECT_EQ(refusal({}, "$HALLIB_DIR/b.inc"),
            "m.ini:3:1: cannot include $HALLIB_DIR/b.inc: $HALLIB_DIR is not set\n");
}

TEST(IniInclude, EveryFileThatCannotBeReadIsNamedWithItsLine) {
  EXPECT_EQ(all_of(refused(World{}.parse("#INCLUDE\n\\\n#INCLUDE b.inc\n#INCLUDE  c.inc \n"))),
            "m.ini:1:1: #INCLUDE without a file name\n"
            "m.ini:2:1: cannot include b.inc: is not there\n"
            "m.ini:4:1: cannot include c.inc: is not there\n");
  EXPECT_EQ(refusal({}, "# b.inc"), "m.ini:3:1: #INCLUDE without a file name\n");
}

TEST(IniInclude, ANulByteInAnIncludedFileIsRefused) {
  const World world{{{"b.inc", std::string{"\n\0", 2}}}, {}};
  EXPECT_THAT(refusal(world, "b.inc"), HasSubstr("a NUL byte in line 2"));
}

TEST(IniInclude, TheFilesTogetherAndTheirNumberAreBounded) {
  const World world{{{"b.inc", std::string(kMaxFileBytes / 2, '#')}, {"c.inc", "\n"}}, {}};
  EXPECT_THAT(all_of(refused(world.parse("#INCLUDE b.inc\n#INCLUDE b.inc\n"))),
              HasSubstr("m.ini:2:1: cannot include b.inc: too large"));
  std::string many;
  for (std::size_t i = 0; i < kMaxIncludes; ++i) many += "#INCLUDE c.inc\n";
  loaded(world.parse(many));
  EXPECT_THAT(all_of(refused(world.parse(many + "#INCLUDE c.inc\n"))),
              HasSubstr(":257:1: more than 256 #INCLUDE lines"));
  std::string none;
  for (std::size_t i = 0; i <= kMaxIncludes; ++i) none += "#INCLUDE none\n";
  EXPECT_THAT(all_of(refused(world.parse(none))), HasSubstr("more errors"));
}

TEST(IniInclude, ANameCountsFromTheFolderOfTheIni) {
  const TempFolder folder;
  folder.file("sub/b.inc", "X=1\n");
  const std::string path = folder.file("m.ini", "[A]\n#INCLUDE sub/b.inc\n");
  const IniFile file = loaded(IniFile::read(path));
  EXPECT_EQ(value(file), "1");
  EXPECT_EQ(file.find("A", "X")->file, folder.path("sub/b.inc"));
}

TEST(IniInclude, AFolderIsNotIncluded) {
  const TempFolder folder;
  const std::string path = folder.file("m.ini", "[A]\n#INCLUDE .\n");
  EXPECT_THAT(all_of(refused(IniFile::read(path))),
              HasSubstr("m.ini:2:1: cannot include .: is a directory"));
}

// The reader of these is another user than the process; that needs no privilege to try.
class IniIncludeForAnother : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NE(::geteuid(), kSomebody);
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
  }

  std::string refusal_of(const std::string& line) {
    const std::string path = folder_.file("m.ini", "[A]\n#INCLUDE " + line + "\n");
    return all_of(refused(IniFile::read(path, kSomebody)));
  }
  TempFolder folder_;
};

TEST_F(IniIncludeForAnother, OnlyWhatThatUserCanReadIsIncluded) {
  folder_.file("open.inc", "X=1\n", 0604);
  folder_.file("closed.inc", "secret\n", 0640);
  const std::string path = folder_.file("m.ini", "[A]\n#INCLUDE open.inc\n");
  EXPECT_EQ(value(loaded(IniFile::read(path, kSomebody))), "1");
  EXPECT_THAT(refusal_of("closed.inc"),
              HasSubstr("m.ini:2:1: cannot include closed.inc: no file that user 4711 can read"));
}

TEST_F(IniIncludeForAnother, TheFileItselfMustBeOneThatTheUserCanRead) {
  const std::string path = folder_.file("m.ini", "[A]\nX = 1\n", 0640);
  EXPECT_THAT(all_of(refused(IniFile::read(path, kSomebody))),
              HasSubstr("no file that user 4711 can read"));
}

TEST_F(IniIncludeForAnother, AFileInAClosedFolderIsLikeOneThatIsNotThere) {
  folder_.file("in/open.inc", "X=1\n");
  ASSERT_EQ(::chmod(folder_.path("in").c_str(), 0700), 0);
  EXPECT_THAT(refusal_of("in/open.inc"), HasSubstr("no file that user 4711 can read"));
  EXPECT_THAT(refusal_of("in/none.inc"), HasSubstr("no file that user 4711 can read"));
}

TEST_F(IniIncludeForAnother, ASymbolicLinkOpensNothing) {
  folder_.file("in/closed.inc", "secret\n");
  ASSERT_EQ(::chmod(folder_.path("in").c_str(), 0700), 0);
  std::filesystem::create_symlink("in/closed.inc", folder_.path("link.inc"));
  EXPECT_THAT(refusal_of("link.inc"), HasSubstr("no file that user 4711 can read"));
}

TEST_F(IniIncludeForAnother, TheEnvironmentOfTheProcessStaysItsOwn) {
  ASSERT_EQ(::setenv("MASTERD_TEST_SECRET", "s3cret", 1), 0);
  const std::string text = refusal_of("$MASTERD_TEST_SECRET");
  EXPECT_THAT(text, HasSubstr("$MASTERD_TEST_SECRET is not set"));
  EXPECT_THAT(text, Not(HasSubstr("s3cret")));
}

TEST_F(IniIncludeForAnother, TheOwnersBitsCountForTheOwner) {
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0700), 0);
  const std::string path = folder_.file("a", "text", 0400);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  EXPECT_TRUE(readable_by(::geteuid(), fd));
  EXPECT_TRUE(readable_by(0, fd));
  EXPECT_FALSE(readable_by(kSomebody, fd));
  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::close(fd), 0);
}

}  // namespace
}  // namespace masterd::config
