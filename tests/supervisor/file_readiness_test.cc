// Ready by a file: real files in a real folder. Where the manual clock stands, only inotify can
// have told.
#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/supervisor/child_fixture.h"
#include "tests/supervisor/readiness_fixture.h"
#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class FileReadinessTest : public ReadinessFixture {
 protected:
  void begin_file(const std::string& name) { begin(config::ReadyFile{folder.path(name)}, 10s); }
  /// Time stands.
  bool told_by_inotify() {
    for (int i = 0; i < 20 && !ready(); ++i) loop.run_once(100ms);
    return ready();
  }
  /// As if it had been written long ago.
  std::string stale(const std::string& name) {
    const std::string path = folder.file(name, "4711");
    const timespec old{1'000'000'000, 0};
    const timespec both[2]{old, old};
    EXPECT_EQ(::utimensat(AT_FDCWD, path.c_str(), both, 0), 0);
    return path;
  }
  test::TempFolder folder;
};

TEST_F(FileReadinessTest, ItIsReadyWhenTheFileIsCreated) {
  begin_file("f");
  EXPECT_FALSE(ready());
  folder.file("other", "");
  turn();
  EXPECT_FALSE(ready());
  folder.file("f", "");
  EXPECT_TRUE(told_by_inotify());
  EXPECT_TRUE(readiness->at_rest().is_set());
}

TEST_F(FileReadinessTest, ItIsReadyWhenTheFileIsMovedThere) {
  begin_file("f");
  std::filesystem::rename(folder.file("f.tmp", ""), folder.path("f"));
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, ASocketOrAFolderIsAFileToo) {
  begin_file("f");
  std::filesystem::create_directory(folder.path("f"));
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, WhatItCreatedBeforeTheFirstLookCounts) {
  make(config::ReadyFile{folder.path("f")}, 10s);
  folder.file("f", "");  // between the spawn and begin()
  readiness->begin(kPid);
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, D12_AStaleFileDoesNotCount) {
  stale("f");
  begin_file("f");
  advance(9s);
  EXPECT_FALSE(ready());
  advance(1s);
  EXPECT_TRUE(failed());
  EXPECT_THAT(readiness->failure(), HasSubstr("f is still the one of before its start"));
}

TEST_F(FileReadinessTest, D12_AStaleFileThatIsWrittenAnewCounts) {
  stale("f");
  begin_file("f");
  folder.file("f", "4712");
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, D12_AStaleFileThatIsReplacedCountsWhateverTheClockSays) {
  stale("f");
  begin_file("f");
  std::filesystem::rename(stale("new"), folder.path("f"));  // the same time of modification
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, AFileThatDoesNotComeIsToldByName) {
  begin_file("f");
  advance(10s);
  EXPECT_EQ(readiness->failure(),
            "not ready within 10000 ms: " + folder.path("f") + " does not exist");
}

TEST_F(FileReadinessTest, AFolderThatComesLaterIsLookedIntoByTheTimer) {
  begin_file("run/f");
  folder.file("run/f", "");
  turn();
  EXPECT_FALSE(ready()) << "nobody can have told";
  advance(5ms);
  EXPECT_TRUE(ready());
}

TEST_F(FileReadinessTest, AFolderThatIsReplacedIsLookedIntoByTheTimer) {
  std::filesystem::create_directory(folder.path("run"));
  begin_file("run/f");
  std::filesystem::rename(folder.path("run"), folder.path("gone"));
  turn();  // it is blind now
  folder.file("run/f", "");
  EXPECT_FALSE(ready());
  advance(5ms);
  EXPECT_TRUE(ready());
}

TEST_F(FileReadinessTest, WhatInotifyDoesNotSeeIsFoundByTheTimer) {
  std::filesystem::create_directory(folder.path("elsewhere"));
  std::filesystem::create_symlink(folder.path("elsewhere/target"), folder.path("f"));
  begin_file("f");
  folder.file("elsewhere/target", "");
  turn();
  EXPECT_FALSE(ready());
  advance(1s);
  EXPECT_TRUE(ready());
}

TEST_F(FileReadinessTest, AStormOfEventsIsReadToItsEnd) {
  begin_file("f");
  for (int i = 0; i < 500; ++i) folder.file("n" + std::to_string(i % 7), "x");
  folder.file("f", "");
  EXPECT_TRUE(told_by_inotify());
}

TEST_F(FileReadinessTest, NoDescriptorIsLeftOpen) {
  const std::size_t before = test::open_descriptors();
  begin_file("f");
  EXPECT_EQ(test::open_descriptors(), before + 1);
  readiness.reset();
  EXPECT_EQ(test::open_descriptors(), before);
  begin_file("f");
  folder.file("f", "");
  ASSERT_TRUE(told_by_inotify());
  EXPECT_EQ(test::open_descriptors(), before) << "ready: nothing is watched any more";
}

}  // namespace
}  // namespace masterd::supervisor
