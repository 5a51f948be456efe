#include "daemon/config_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using test::TempFolder;
using testing::HasSubstr;

constexpr const char* kGood =
    "[session]\ndescription = \"D\"\n[coprocess.a]\ncommand = [\"true\"]\n";

class ConfigStoreTest : public testing::Test {
 protected:
  [[nodiscard]] std::string dir(const std::string& name = "") const {
    return (folder_.path() / name).string();
  }
  [[nodiscard]] ConfigStore store(std::vector<std::string> dirs) const {
    return {std::move(dirs), ::getuid()};
  }
  static std::string unknown(const Loaded& loaded) {
    const auto* found = std::get_if<UnknownConfig>(&loaded);
    return found == nullptr ? "" : found->message;
  }
  static std::string first_fault(const Loaded& loaded) {
    const auto* found = std::get_if<config::Diagnostics>(&loaded);
    return found == nullptr ? "" : found->front().to_string();
  }
  static const config::SessionSpec* spec(const Loaded& loaded) {
    return std::get_if<config::SessionSpec>(&loaded);
  }

  TempFolder folder_;
};

TEST_F(ConfigStoreTest, NameIsAFileInTheFirstFolderThatHasIt) {
  folder_.file("one/x.toml", "[session]\nname = \"first\"\n[coprocess.a]\ncommand = [\"true\"]\n");
  folder_.file("two/x.toml", kGood);
  folder_.file("two/y.toml", kGood);
  const auto both = store({dir("one"), dir("two")});
  const auto x = both.load("x");
  ASSERT_NE(spec(x), nullptr);
  EXPECT_EQ(spec(x)->name, "first");
  EXPECT_EQ(spec(x)->path, dir("one/x.toml"));
  const auto y = both.load("y");
  ASSERT_NE(spec(y), nullptr);
  EXPECT_EQ(spec(y)->path, dir("two/y.toml"));
}

TEST_F(ConfigStoreTest, AbsolutePathNeedsNoConfiguredFolder) {
  const std::string path = folder_.file("x.toml", kGood);
  EXPECT_NE(spec(store({}).load(path)), nullptr);
}

TEST_F(ConfigStoreTest, UnknownNameSaysWhereItWasLookedFor) {
  EXPECT_THAT(unknown(store({dir("one"), dir("two")}).load("x")),
              HasSubstr(dir("one") + ", " + dir("two")));
}

TEST_F(ConfigStoreTest, NamesCannotLeaveTheFolders) {
  folder_.file("secret.toml", kGood);
  for (const char* name : {"../secret", "one/../../secret", "x.toml", "", ".", "..", "a\nb"}) {
    EXPECT_THAT(unknown(store({dir("one")}).load(name)),
                HasSubstr("neither a name nor an absolute path"))
        << name;
  }
}

TEST_F(ConfigStoreTest, BrokenFileGivesItsDiagnostics) {
  const std::string path = folder_.file("x.toml", "[session\n");
  EXPECT_THAT(first_fault(store({}).load(path)), HasSubstr(path + ":1:"));
}

TEST_F(ConfigStoreTest, TextIsASessionWithoutAFile) {
  const auto loaded = store({}).load_text(kGood);
  ASSERT_NE(spec(loaded), nullptr);
  EXPECT_TRUE(spec(loaded)->path.empty());
}

TEST_F(ConfigStoreTest, DefaultsHoldForFilesMappedFilesAndText) {
  config::CoprocessSpec defaults;
  defaults.nice = 3;
  folder_.file("p/mill.toml",
               "[profile]\nfiles = [\"*.ini\"]\n[coprocess.a]\ncommand = [\"true\"]\n");
  const ConfigStore all{{dir()}, ::getuid(), {dir("p")}, defaults};
  for (const Loaded& loaded : {all.load(folder_.file("x.toml", kGood)), all.load_text(kGood),
                               all.load(folder_.file("x.ini", "[A]\n"))}) {
    ASSERT_NE(spec(loaded), nullptr) << first_fault(loaded);
    EXPECT_EQ(spec(loaded)->coprocesses.front().nice, 3);
  }
}

// ---- what a daemon of root does not use; the files are the test's user's ----

TEST_F(ConfigStoreTest, RootRefusesAFileThatOthersMayWrite) {
  if (::getuid() != 0) GTEST_SKIP() << "needs files of root";
  const ConfigStore root{{}, 0};
  const std::string path = folder_.file("x.toml", kGood, 0646);
  EXPECT_THAT(first_fault(root.load(path)), HasSubstr("writable by everybody (mode 0646)"));
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_NE(spec(root.load(path)), nullptr);
}

TEST_F(ConfigStoreTest, RootRefusesAFileInAFolderThatOthersMayWrite) {
  if (::getuid() != 0) GTEST_SKIP() << "needs files of root";
  const ConfigStore root{{}, 0};
  const std::string path = folder_.file("d/x.toml", kGood);
  ASSERT_EQ(::chmod(dir("d").c_str(), 0777), 0);
  EXPECT_THAT(first_fault(root.load(path)), HasSubstr(dir("d") + " is writable by everybody"));
  ASSERT_EQ(::chmod(dir("d").c_str(), 01777), 0);  // sticky: ours cannot be replaced
  EXPECT_NE(spec(root.load(path)), nullptr);
}

TEST_F(ConfigStoreTest, RootRefusesAFileOfAnotherUser) {
  if (::getuid() != 0) GTEST_SKIP() << "needs to give a file away";
  const ConfigStore root{{}, 0};
  const std::string path = folder_.file("x.toml", kGood);
  ASSERT_EQ(::chown(path.c_str(), 12345, 0), 0);
  EXPECT_THAT(first_fault(root.load(path)), HasSubstr("belongs to uid 12345"));
}

TEST_F(ConfigStoreTest, DaemonOfAUserUsesWhatItCanRead) {
  const std::string path = folder_.file("x.toml", kGood, 0666);
  const ConfigStore user{{}, 1000};
  EXPECT_NE(spec(user.load(path)), nullptr);
}

}  // namespace
}  // namespace masterd::daemon
