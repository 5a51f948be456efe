// Which profile a foreign file is of, and what a daemon of root trusts.
#include "daemon/profile_set.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/config_store.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::string profile(const std::string& detect, const std::string& more = "") {
  return "[profile]\nfiles = [\"*.ini\", \"*.cfg\"]\ndetect = [\"" + detect + "\"]\n" + more +
         "[coprocess.a]\ncommand = [\"true\"]\n";
}

class ProfileSetTest : public testing::Test {
 protected:
  [[nodiscard]] ConfigStore store(uid_t uid = ::getuid()) const {
    return {{}, uid, {folder_.path("etc"), folder_.path("share")}};
  }
  /// The profile's name, or what is wrong.
  [[nodiscard]] std::string profile_of(const std::string& path, uid_t uid = ::getuid()) const {
    const auto found = store(uid).profiles().map(path);
    if (const auto* mapped = std::get_if<ProfileSet::Mapped>(&found)) {
      return mapped->profile.name();
    }
    const auto* none = std::get_if<ProfileSet::NoProfile>(&found);
    const auto& why = none != nullptr ? none->why : std::get<config::Diagnostics>(found);
    std::string text;
    for (const auto& diagnostic : why) text += diagnostic.to_string() + "\n";
    return text;
  }

  test::TempFolder folder_;
};

TEST_F(ProfileSetTest, TakesTheFirstThatDetectsItsOwn) {
  folder_.file("etc/b.toml", profile("B"));
  folder_.file("etc/c.toml", profile("C"));
  folder_.file("share/a.toml", profile("C:KEY"));
  EXPECT_EQ(profile_of(folder_.file("x.ini", "[C]\nKEY = 1\n")), "c");
  EXPECT_EQ(profile_of(folder_.file("y.cfg", "[B]\n[C]\nKEY = 1\n")), "b");
}

TEST_F(ProfileSetTest, SaysOfEachWhatIsMissing) {
  folder_.file("etc/b.toml", profile("B:KEY"));
  folder_.file("share/a.toml", profile("A"));
  const std::string path = folder_.file("x.ini", "[B]\n");
  EXPECT_EQ(profile_of(path), path +
                                  ": no profile is for this file: b: [B]KEY is missing; "
                                  "a: [A] is missing\n");
}

TEST_F(ProfileSetTest, SaysWhereItLookedWhenThereAreNone) {
  EXPECT_THAT(profile_of(folder_.file("x.ini", "[B]\n")), HasSubstr(folder_.path("etc") + ", "));
}

TEST_F(ProfileSetTest, TakesTheOneThatTheFileNames) {
  folder_.file("etc/b.toml", profile("B"));
  folder_.file("share/other.toml", profile("NEVER"));
  EXPECT_EQ(profile_of(folder_.file("x.ini", "[B]\n[MASTERD]\nPROFILE = other\n")), "other");
  const std::string path = folder_.file("y.ini", "[B]\n[MASTERD]\nPROFILE = none\n");
  EXPECT_EQ(profile_of(path),
            path + ":3: [MASTERD]PROFILE: there is no profile 'none'; known are: b, other\n");
}

TEST_F(ProfileSetTest, LetsTheFirstOfANameHideOthers) {
  folder_.file("etc/a.toml", profile("B"));
  folder_.file("share/a.toml", profile("A"));
  EXPECT_THAT(profile_of(folder_.file("x.ini", "[A]\n")), HasSubstr("a: [B] is missing"));
}

TEST_F(ProfileSetTest, TellsOfABrokenOneOnlyWhenNoOtherFits) {
  const std::string broken = folder_.file("etc/a.toml", "[profile]\n");
  folder_.file("share/b.toml", profile("B"));
  EXPECT_EQ(profile_of(folder_.file("x.ini", "[B]\n")), "b");
  EXPECT_THAT(profile_of(folder_.file("y.ini", "[C]\n")), HasSubstr(broken + ":1:2: profile:"));
  EXPECT_FALSE(store().profiles().broken().empty());
}

TEST_F(ProfileSetTest, IsReadAnewEachTime) {
  const std::string path = folder_.file("x.ini", "[B]\n");
  EXPECT_THAT(profile_of(path), HasSubstr("no profile"));
  folder_.file("etc/b.toml", profile("B"));
  EXPECT_EQ(profile_of(path), "b");
}

TEST_F(ProfileSetTest, MayBeASingleFile) {
  const ConfigStore one{{}, ::getuid(), {folder_.file("p.toml", profile("B")), "/nowhere"}};
  const Loaded loaded = one.load(folder_.file("mill.ini", "[B]\n"));
  ASSERT_TRUE(std::holds_alternative<config::SessionSpec>(loaded)) << first_fault(loaded);
  EXPECT_EQ(std::get<config::SessionSpec>(loaded).name, "mill");
  EXPECT_THAT(one.profiles().broken(), IsEmpty());
}

// ---- what a daemon of root trusts ----

class RootsProfiles : public ProfileSetTest {
 protected:
  void SetUp() override {
    if (::getuid() != 0) GTEST_SKIP() << "needs to give files away";
    ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
    folder_.file("etc/owner.toml", profile("OWNER", "run_as_owner = true\n"));
    folder_.file("etc/any.toml", profile("ANY"));
  }
  static void give(const std::string& path, uid_t uid) {
    ASSERT_EQ(::lchown(path.c_str(), uid, 0), 0);
  }
  /// A file of the user in a folder of theirs.
  std::string of_user(const std::string& text, mode_t mode = 0644) const {
    const std::string path = folder_.file("home/x.ini", text, mode);
    give(path, 12345);
    give(folder_.path("home"), 12345);
    return path;
  }
  [[nodiscard]] Loaded load(const std::string& path) const { return store(0).load(path); }
};

TEST_F(RootsProfiles, RunEverythingOfAUsersFileAsThatUser) {
  const Loaded loaded = load(of_user("[OWNER]\n"));
  ASSERT_TRUE(std::holds_alternative<config::SessionSpec>(loaded)) << first_fault(loaded);
  const auto& spec = std::get<config::SessionSpec>(loaded);
  EXPECT_EQ(spec.user, "12345");
  EXPECT_EQ(spec.coprocesses.front().user, "12345");
}

TEST_F(RootsProfiles, RunAFileOfRootAsThemselves) {
  const Loaded loaded = load(folder_.file("x.ini", "[OWNER]\n"));
  ASSERT_TRUE(std::holds_alternative<config::SessionSpec>(loaded)) << first_fault(loaded);
  EXPECT_EQ(std::get<config::SessionSpec>(loaded).user, "");
}

TEST_F(RootsProfiles, RefuseAUsersFileUnlessEverythingRunsAsTheOwner) {
  EXPECT_THAT(first_fault(load(of_user("[ANY]\n"))), HasSubstr("belongs to uid 12345"));
  const Loaded named = load(of_user("[OWNER]\n[MASTERD]\nPROFILE = any\n"));
  EXPECT_THAT(first_fault(named), HasSubstr("belongs to uid 12345"));
}

TEST_F(RootsProfiles, RefuseAUsersFileThatYetOthersMayChange) {
  EXPECT_THAT(first_fault(load(of_user("[OWNER]\n", 0666))), HasSubstr("writable by everybody"));
  const std::string path = of_user("[OWNER]\n");
  give(folder_.path("home"), 54321);
  EXPECT_THAT(first_fault(load(path)), HasSubstr("belongs to uid 54321"));
}

TEST_F(RootsProfiles, RefuseALinkOfSomebodyToAFileOfAnother) {
  const std::string file = of_user("[OWNER]\n");
  const std::string link = folder_.path("link.ini");
  std::filesystem::create_symlink(file, link);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 01777), 0);  // as /tmp
  give(link, 54321);
  EXPECT_THAT(first_fault(load(link)), HasSubstr("belongs to uid 54321"));
}

TEST_F(RootsProfiles, ReadNothingThatTheOwnerMayNotRead) {
  const std::string file = of_user("[OWNER]\n#INCLUDE ../secret\n");
  folder_.file("secret", "[SECRET]\n", 0600);
  EXPECT_THAT(first_fault(load(file)), HasSubstr("secret"));
  ASSERT_EQ(::chmod(folder_.path("secret").c_str(), 0644), 0);
  EXPECT_TRUE(std::holds_alternative<config::SessionSpec>(load(file)));
}

TEST_F(RootsProfiles, AreNotUsedWhenOthersMayChangeThem) {
  give(folder_.path("etc/owner.toml"), 12345);
  EXPECT_THAT(first_fault(load(of_user("[OWNER]\n"))), HasSubstr("any: [ANY] is missing"));
  EXPECT_THAT(store(0).profiles().broken().front().to_string(),
              HasSubstr("etc/owner.toml belongs to uid 12345"));
}

TEST_F(ProfileSetTest, OfAUsersDaemonRunEverythingAsItself) {
  folder_.file("etc/owner.toml", profile("OWNER", "run_as_owner = true\n"));
  const std::string path = folder_.file("x.ini", "[OWNER]\n", 0666);
  const Loaded loaded = store(1000).load(path);
  ASSERT_TRUE(std::holds_alternative<config::SessionSpec>(loaded)) << first_fault(loaded);
  EXPECT_EQ(std::get<config::SessionSpec>(loaded).user, "");
}

}  // namespace
}  // namespace masterd::daemon
