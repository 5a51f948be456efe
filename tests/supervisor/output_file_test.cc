#include "supervisor/output_file.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OutputFileTest : public testing::Test {
 protected:
  OutputFileTest() {
    spec.file = folder.path("log");
    spec.max_size = 20;
    spec.keep = 2;
  }
  OutputFile& file() {
    if (!file_) file_.emplace(spec, [this](const std::string& text) { notes.push_back(text); });
    return *file_;
  }
  void write(const std::string& line) {
    file().add(line);
    file().flush();
  }
  std::string text(const std::string& name = "log") const {
    std::ifstream in{folder.path(name)};
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  bool exists(const std::string& name) const { return fs::exists(folder.path(name)); }

  test::TempFolder folder;
  config::OutputSpec spec;
  std::vector<std::string> notes;

 private:
  std::optional<OutputFile> file_;
};

/// Makes every write beyond so many bytes of a file fail, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    old_handler_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    ::signal(SIGXFSZ, old_handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_{};
  sighandler_t old_handler_ = SIG_DFL;
};

TEST_F(OutputFileTest, IsMadeWithTheFirstLineAndNotReadableForAll) {
  file().flush();
  EXPECT_FALSE(exists("log"));
  write("one");
  EXPECT_EQ(text(), "one\n");
  EXPECT_EQ(fs::status(spec.file).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST_F(OutputFileTest, IsAppendedTo) {
  folder.file("log", "old\n");
  write("new");
  EXPECT_EQ(text(), "old\nnew\n");
}

TEST_F(OutputFileTest, S11_IsRotatedBetweenLinesWhenItIsFull) {
  for (const char* line : {"first line", "second", "third line", "fourth"}) write(line);
  EXPECT_EQ(text(), "third line\nfourth\n");
  EXPECT_EQ(text("log.1"), "first line\nsecond\n");
  EXPECT_FALSE(exists("log.2"));
}

TEST_F(OutputFileTest, S11_AChunkOfManyLinesFillsSeveralFiles) {
  for (int i = 0; i < 10; ++i) file().add("line " + std::to_string(i));  // 7 bytes each
  file().flush();
  EXPECT_EQ(text("log.2"), "line 4\nline 5\n");
  EXPECT_EQ(text("log.1"), "line 6\nline 7\n");
  EXPECT_EQ(text(), "line 8\nline 9\n");
  EXPECT_FALSE(exists("log.3")) << "only as many as are to be kept";
}

TEST_F(OutputFileTest, ALineLongerThanAFileHasOneOfItsOwn) {
  write("short");
  write(std::string(50, 'x'));
  write("short again");
  EXPECT_EQ(text("log.2"), "short\n");
  EXPECT_EQ(text("log.1"), std::string(50, 'x') + "\n");
  EXPECT_EQ(text(), "short again\n");
}

TEST_F(OutputFileTest, WithNothingToKeepItBeginsAnew) {
  spec.keep = 0;
  for (const char* line : {"first line", "second", "third line"}) write(line);
  EXPECT_EQ(text(), "third line\n");
  EXPECT_FALSE(exists("log.1"));
}

TEST_F(OutputFileTest, IsRotatedOnRequestButNotWhenEmpty) {
  write("one");
  EXPECT_EQ(file().rotate(), 0);
  EXPECT_EQ(file().rotate(), 0);
  EXPECT_EQ(text("log.1"), "one\n");
  EXPECT_FALSE(exists("log.2"));
  write("two");
  EXPECT_EQ(text(), "two\n");
}

TEST_F(OutputFileTest, S11_AGapAmongTheOldOnesIsFilled) {
  spec.keep = 5;
  folder.file("log.1", "newer\n");
  folder.file("log.3", "older\n");
  write("one");
  EXPECT_EQ(file().rotate(), 0);
  EXPECT_EQ(text("log.1"), "one\n");
  EXPECT_EQ(text("log.2"), "newer\n");
  EXPECT_EQ(text("log.3"), "older\n");
}

TEST_F(OutputFileTest, S11_WhatOthersRenamedIsLeftAloneAndANewFileMade) {
  write("one");
  fs::rename(spec.file, folder.path("archive"));
  write("two");
  EXPECT_EQ(text("archive"), "one\n");
  EXPECT_EQ(text(), "two\n");
}

TEST_F(OutputFileTest, S11_WhatOthersRemovedIsMadeAgain) {
  write("one");
  fs::remove(spec.file);
  write("two");
  EXPECT_EQ(text(), "two\n");
}

TEST_F(OutputFileTest, S11_WhatOthersTruncatedIsAppendedTo) {
  write("one");
  fs::resize_file(spec.file, 0);
  write("two");
  EXPECT_EQ(text(), "two\n");
}

TEST_F(OutputFileTest, S6_HoldsNoDescriptorOfARotatedFile) {
  write("one");
  file().rotate();
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    EXPECT_THAT(fs::read_symlink(entry, error).string(), testing::Not(HasSubstr(spec.file)));
  }
}

TEST_F(OutputFileTest, WhatDoesNotFitOnTheDiskIsCountedAndToldOnceAndLeavesNoTornLine) {
  spec.max_size = 1000;
  write("fits");
  {
    const FileSizeLimit limit{8};
    write("does not fit");
    write("nor does this one");
    EXPECT_EQ(text(), "fits\n");
  }
  EXPECT_THAT(notes, ElementsAre(HasSubstr("are lost: File too large (EFBIG)")));
  EXPECT_EQ(file().lost(), 2U);
  write("again");
  EXPECT_EQ(text(), "fits\nagain\n");
  EXPECT_THAT(notes.back(), HasSubstr("written again; 2 lines were lost"));
}

TEST_F(OutputFileTest, OfAChunkThatFitsInPartTheWholeLinesAreKept) {
  spec.max_size = 1000;
  const FileSizeLimit limit{10};
  file().add("one");
  file().add("two");
  file().add("three");
  file().flush();
  EXPECT_EQ(text(), "one\ntwo\n");
}

TEST_F(OutputFileTest, AMissingFolderIsToldAndWhenItIsThereLinesAreWritten) {
  spec.file = folder.path("sub/log");
  write("one");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("No such file or directory (ENOENT)")));
  fs::create_directory(folder.path("sub"));
  write("two");
  EXPECT_EQ(text("sub/log"), "two\n");
}

TEST_F(OutputFileTest, WhatIsNoRegularFileIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo(spec.file.c_str(), 0600), 0);
  write("one");
  EXPECT_EQ(file().lost(), 1U);
  spec.file = "/dev/null";
  file().configure(spec);
  write("two");
  EXPECT_EQ(file().lost(), 2U);
}

TEST_F(OutputFileTest, ARotationThatFailsIsToldAndTheFileGrows) {
  fs::create_directories(folder.path("log.1/in-the-way"));
  spec.keep = 1;
  write("first line");
  write("second line");
  EXPECT_EQ(text(), "first line\nsecond line\n");
  EXPECT_THAT(notes, ElementsAre(HasSubstr("cannot be rotated")));
}

TEST_F(OutputFileTest, WhatIsLostInTheEndIsToldInTheEndAndOfItsOwnPath) {
  spec.file = folder.path("sub/log");
  write("one");
  write("two");
  spec.file = folder.path("log");
  file().configure(spec);
  EXPECT_EQ(notes.back(), "2 lines for " + folder.path("sub/log") + " were lost");
  write("three");
  EXPECT_EQ(notes.size(), 2U);
}

TEST_F(OutputFileTest, TakesOverAnotherPathAndSize) {
  write("one");
  spec.file = folder.path("other");
  spec.max_size = 1000;
  file().configure(spec);
  write("two");
  write("a line of more than twenty bytes");
  EXPECT_EQ(text(), "one\n");
  EXPECT_EQ(text("other"), "two\na line of more than twenty bytes\n");
}

}  // namespace
}  // namespace masterd::supervisor
