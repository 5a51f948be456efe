// What can be picked: the configurations below the configured folders.
#include "daemon/config_list.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/config_store.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kGood =
    "[session]\ndescription = \"D\"\n[coprocess.a]\ncommand = [\"true\"]\n";
constexpr const char* kProfile = R"([profile]
files = ["*.ini"]
detect = ["EMC:MACHINE"]
[session]
name = "${ini:EMC:MACHINE}"
description = "LinuxCNC ${ini:EMC:MACHINE}"
[coprocess.a]
command = ["true", "${ini:A:NEEDED}"]
)";

class ConfigListTest : public testing::Test {
 protected:
  ConfigListTest() { folder_.file("profiles/linuxcnc.toml", kProfile); }
  [[nodiscard]] ConfigStore store(std::vector<std::string> dirs = {"c"}) const {
    for (std::string& dir : dirs) dir = folder_.path(dir);
    return {std::move(dirs), ::getuid(), {folder_.path("profiles")}};
  }
  /// "NAME FILE" of each.
  [[nodiscard]] std::vector<std::string> listed(const ConfigStore& store) const {
    std::vector<std::string> found;
    for (const ConfigEntry& entry : store.list()) {
      found.push_back(
          entry.name + " " +
          std::filesystem::path{entry.path}.lexically_relative(folder_.path()).string());
    }
    return found;
  }
  void machine(const std::string& file, const std::string& name) const {
    folder_.file(file, R"([A]
NEEDED = 1
[EMC]
MACHINE = )" + name + "\n");
  }

  test::TempFolder folder_;
};

TEST_F(ConfigListTest, HoldsSessionFilesAndMappedFilesByName) {
  folder_.file("c/zeta.toml", kGood);
  folder_.file("c/sub/beta.toml", kGood);
  machine("c/mills/first.ini", "My Mill");
  const auto entries = store().list();
  EXPECT_THAT(listed(store()),
              ElementsAre("My-Mill c/mills/first.ini", "beta c/sub/beta.toml", "zeta c/zeta.toml"));
  EXPECT_EQ(entries[0].description, "LinuxCNC My Mill");
  EXPECT_EQ(entries[0].profile, "linuxcnc");
  EXPECT_EQ(entries[1].description, "D");
  EXPECT_EQ(entries[1].profile, "");
  for (const auto& entry : entries) EXPECT_EQ(entry.error, std::nullopt);
}

TEST_F(ConfigListTest, CallsASessionFileAsItsSession) {
  folder_.file("c/x.toml", "[session]\nname = \"mill\"\n[coprocess.a]\ncommand = [\"true\"]\n");
  EXPECT_THAT(listed(store()), ElementsAre("mill c/x.toml"));
}

TEST_F(ConfigListTest, ShowsWhatIsBrokenAndHidesNothingForIt) {
  folder_.file("c/bad name.toml", kGood);
  folder_.file("c/broken.toml", "[session\n");
  folder_.file("c/good.toml", kGood);
  folder_.file("c/lacks.ini", "[EMC]\nMACHINE = lathe\n");
  const auto entries = store().list();
  EXPECT_THAT(listed(store()), ElementsAre("bad name c/bad name.toml", "broken c/broken.toml",
                                           "good c/good.toml", "lathe c/lacks.ini"));
  EXPECT_THAT(entries[0].error.value_or(""), HasSubstr("'bad name' is not a name"));
  EXPECT_THAT(entries[1].error.value_or(""), HasSubstr("broken.toml:1:"));
  EXPECT_EQ(entries[2].error, std::nullopt);
  EXPECT_THAT(entries[3].error.value_or(""), HasSubstr("[A]NEEDED: is missing"));
}

TEST_F(ConfigListTest, LeavesOutWhatIsNoConfiguration) {
  folder_.file("c/notes.txt", "no session");
  folder_.file("c/masterd.toml", "endpoints = []\n");
  folder_.file("c/profile.toml", kProfile);
  folder_.file("c/printer.ini", "[printer]\nmodel = x\n");
  folder_.file("c/.git/x.toml", kGood);
  folder_.file("c/.hidden.toml", kGood);
  EXPECT_THAT(listed(store()), IsEmpty());
}

TEST_F(ConfigListTest, FollowsLinksToFilesAndNotToFolders) {
  folder_.file("elsewhere/x.toml", kGood);
  folder_.file("c/here.toml", kGood);
  std::filesystem::create_symlink(folder_.path("elsewhere/x.toml"), folder_.path("c/linked.toml"));
  std::filesystem::create_directory_symlink(folder_.path("elsewhere"), folder_.path("c/folder"));
  std::filesystem::create_directory_symlink(folder_.path("c"), folder_.path("c/loop"));
  std::filesystem::create_symlink("nowhere", folder_.path("c/dangling.toml"));
  EXPECT_THAT(listed(store()), ElementsAre("here c/here.toml", "linked c/linked.toml"));
}

TEST_F(ConfigListTest, ListsAFileOnceAlsoWhenFoldersAreWithinEachOther) {
  folder_.file("c/sub/x.toml", kGood);
  EXPECT_THAT(listed(store({"c", "c/sub", "missing"})), ElementsAre("x c/sub/x.toml"));
}

TEST_F(ConfigListTest, GoesEightFoldersDeep) {
  folder_.file("c/1/2/3/4/5/6/7/8/in.toml", kGood);
  folder_.file("c/1/2/3/4/5/6/7/8/9/out.toml", kGood);
  EXPECT_THAT(listed(store()), ElementsAre("in c/1/2/3/4/5/6/7/8/in.toml"));
}

TEST_F(ConfigListTest, StopsWhereThereIsTooMuch) {
  folder_.file("c/x.toml", kGood);
  folder_.file("c/sub/y.toml", kGood);
  folder_.file("c/sub/deep/z.toml", kGood);
  const ConfigStore all = store();
  for (const auto& [limit, found] : {std::pair{2U, 1U}, std::pair{4U, 2U}, std::pair{5U, 3U}}) {
    ConfigList list{all, ConfigList::Look::All, limit};
    while (list.step()) {
    }
    EXPECT_EQ(list.truncated(), limit < 5U);
    EXPECT_EQ(list.take().size(), found) << "what is near is looked at first";
  }
}

TEST_F(ConfigListTest, DoesALittleInEachStep) {
  for (int i = 0; i < 3; ++i) machine("c/" + std::to_string(i) + ".ini", std::to_string(i));
  const ConfigStore all = store();
  ConfigList list{all};
  int steps = 1;
  while (list.step()) ++steps;
  EXPECT_EQ(steps, 4) << "a folder, and each file";
  EXPECT_FALSE(list.truncated());
}

// ---- picked by name ----

class PickTest : public ConfigListTest {
 protected:
  [[nodiscard]] std::string picked(const std::string& name) const {
    const Loaded loaded = store().load(name);
    const auto* spec = std::get_if<config::SessionSpec>(&loaded);
    if (spec == nullptr) return first_fault(loaded);
    return std::filesystem::path{spec->path}.lexically_relative(folder_.path()).string();
  }
};

TEST_F(PickTest, TakesTheFileOfThatNameFirst) {
  folder_.file("c/mill.toml", "[session]\nname = \"x\"\n[coprocess.a]\ncommand = [\"true\"]\n");
  machine("c/a.ini", "mill");
  EXPECT_EQ(picked("mill"), "c/mill.toml");
}

TEST_F(PickTest, TakesTheSessionOfThatNameBeforeTheStem) {
  machine("c/a.ini", "mill");
  machine("c/sub/mill.ini", "lathe");
  EXPECT_EQ(picked("mill"), "c/a.ini");
  EXPECT_EQ(picked("lathe"), "c/sub/mill.ini");
}

TEST_F(PickTest, TakesTheStemElse) {
  machine("c/sub/first.ini", "My Mill");
  EXPECT_EQ(picked("first"), "c/sub/first.ini");
  EXPECT_EQ(picked("My-Mill"), "c/sub/first.ini");
}

TEST_F(PickTest, SaysWhichOnesWhenThereAreSeveral) {
  machine("c/a.ini", "mill");
  machine("c/b.ini", "mill");
  const Loaded loaded = store().load("mill");
  const auto* several = std::get_if<AmbiguousConfig>(&loaded);
  ASSERT_NE(several, nullptr);
  EXPECT_THAT(several->paths, ElementsAre(folder_.path("c/a.ini"), folder_.path("c/b.ini")));
  EXPECT_THAT(several->message, HasSubstr("a.ini, "));
}

TEST_F(PickTest, SaysWhatIsWrongWithTheOneThatIsMeant) {
  folder_.file("c/a.ini", "[EMC]\nMACHINE = mill\n");
  EXPECT_THAT(picked("mill"), HasSubstr("a.ini: [A]NEEDED: is missing"));
}

}  // namespace
}  // namespace masterd::daemon
