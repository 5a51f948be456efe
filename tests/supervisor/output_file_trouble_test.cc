// Output files that others change, that cannot be rotated, and that are written by halves. Each of
// these must end: flush() runs on the daemon's only loop.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "supervisor/output_file.h"
#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

class OutputFileTroubleTest : public testing::Test {
 protected:
  OutputFile make(std::uint64_t max_size, unsigned keep = 5) {
    config::OutputSpec spec;
    spec.file = folder_.path("log");
    spec.max_size = max_size;
    spec.keep = keep;
    return OutputFile{spec, [this](const std::string& text) { notes_.push_back(text); }};
  }
  static void write(OutputFile& file, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) file.add(line);
    file.flush();
  }
  [[nodiscard]] std::string text(const std::string& name = "log") const {
    std::ifstream in{folder_.path(name), std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
  }
  [[nodiscard]] bool exists(const std::string& name) const {
    return fs::exists(folder_.path(name));
  }

  test::TempFolder folder_;
  std::vector<std::string> notes_;
};

TEST_F(OutputFileTroubleTest, S11_AFileThatOthersTruncatedHasRoomAgain) {
  OutputFile file = make(100);
  write(file, {std::string(90, 'a')});
  fs::resize_file(folder_.path("log"), 0);
  write(file, {std::string(50, 'b')});  // more than there was room for before
  EXPECT_EQ(text(), std::string(50, 'b') + "\n");
  EXPECT_FALSE(exists("log.1"));
}

TEST_F(OutputFileTroubleTest, WhatOthersAppendCountsToItsSize) {
  OutputFile file = make(10);
  write(file, {"one"});
  std::ofstream{folder_.path("log"), std::ios::app} << "other\n";
  write(file, {"two"});
  EXPECT_EQ(text("log.1"), "one\nother\n");
  EXPECT_EQ(text(), "two\n");
}

TEST_F(OutputFileTroubleTest, AnEmptyFileIsNotRotatedOpenOrNot) {
  folder_.file("log", "");  // logrotate's `create` leaves one
  OutputFile file = make(100);
  EXPECT_EQ(file.rotate(), 0);
  EXPECT_FALSE(exists("log.1"));
  EXPECT_TRUE(exists("log"));
}

TEST_F(OutputFileTroubleTest, AFileMayBeFilledToTheLastByteAndNotBeyond) {
  OutputFile file = make(8);
  write(file, {"123", "456"});
  EXPECT_FALSE(exists("log.1"));
  write(file, {""});
  EXPECT_EQ(text("log.1"), "123\n456\n");
  EXPECT_EQ(text(), "\n");
}

TEST_F(OutputFileTroubleTest, AnUnfinishedLineOfAnEarlierWriterIsEndedFirst) {
  folder_.file("log", "whole\nto");
  OutputFile file = make(100);
  write(file, {"new"});
  write(file, {"newer"});
  EXPECT_EQ(text(), "whole\nto\nnew\nnewer\n");
}

TEST_F(OutputFileTroubleTest, OnlyLinesThatAreNotInTheFileCountAsLost) {
  OutputFile file = make(100);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ::getrlimit(RLIMIT_FSIZE, &old);
  const rlimit full{10, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  write(file, {"123", "456", "789", "abc"});
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(text(), "123\n456\n");
  EXPECT_EQ(file.lost(), 2U);
  write(file, {"again"});
  ASSERT_EQ(notes_.size(), 2U);
  EXPECT_THAT(notes_[1], HasSubstr("2 lines were lost"));
}

// rename() of a file onto a folder is refused, to root as well.
TEST_F(OutputFileTroubleTest, ALineLongerThanAFileIsWrittenAlsoWhereNothingCanBeRotated) {
  folder_.file("log.1/in_the_way", "");
  OutputFile file = make(10, 1);
  write(file, {"1234567"});
  write(file, {"a line longer than a file", "another line longer than a file"});
  EXPECT_EQ(text(), "1234567\na line longer than a file\nanother line longer than a file\n");
  EXPECT_EQ(file.lost(), 0U);
  EXPECT_THAT(notes_, ElementsAre(HasSubstr("cannot be rotated")));
}

TEST_F(OutputFileTroubleTest, WhatCannotBeRotatedIsRotatedAsSoonAsItCanBeAgain) {
  folder_.file("log.1/in_the_way", "");
  OutputFile file = make(10, 1);
  write(file, {"1234567"});
  write(file, {"abcdefg"});
  fs::remove_all(folder_.path("log.1"));
  for (int i = 0; i < 3; ++i) write(file, {"7654321"});
  EXPECT_EQ(text("log.1"), "7654321\n");
  EXPECT_EQ(text(), "7654321\n");
}

TEST_F(OutputFileTroubleTest, S6_BetweenTwoLivesNoDescriptorIsHeld) {
  OutputFile file = make(100);
  write(file, {"one"});
  file.close();
  int held = 0;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;  // the iterator's own
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (target.rfind(folder_.path("log"), 0) == 0) ++held;
  }
  EXPECT_EQ(held, 0);
  write(file, {"two"});
  EXPECT_EQ(text(), "one\ntwo\n");
}

}  // namespace
}  // namespace masterd::supervisor
