// Environment files: what is read, and how a bad one is named.
#include "supervisor/env_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>

#include "supervisor/spawn_error.h"
#include "tests/support/temp_folder.h"

namespace masterd::test {
namespace {

using supervisor::read_env_file;
using supervisor::SpawnError;
using supervisor::SpawnStage;
using supervisor::Variables;

class EnvFileTest : public testing::Test {
 protected:
  Variables variables_of(const std::string& text) const {
    return read_env_file(folder.file("env", text));
  }
  void expect_refused(const std::string& path, int error, const std::string& mentions) const {
    try {
      read_env_file(path);
      ADD_FAILURE() << "it was read";
    } catch (const SpawnError& failure) {
      EXPECT_EQ(failure.stage(), SpawnStage::EnvFile);
      EXPECT_EQ(failure.error(), error) << failure.what();
      EXPECT_NE(std::string{failure.what()}.find(mentions), std::string::npos) << failure.what();
    }
  }
  void expect_bad_line(const std::string& text, int line) const {
    const std::string path = folder.file("env", text);
    expect_refused(path, EINVAL, path + ":" + std::to_string(line) + ":");
  }
  TempFolder folder;
};

TEST_F(EnvFileTest, NamesAndValuesInFileOrder) {
  EXPECT_EQ(variables_of("B=2\nA=1\nB=3\n"), (Variables{{"B", "2"}, {"A", "1"}, {"B", "3"}}));
  EXPECT_EQ(variables_of("LAST=no newline"), (Variables{{"LAST", "no newline"}}));
  EXPECT_EQ(variables_of("EMPTY=\nX=a=b"), (Variables{{"EMPTY", ""}, {"X", "a=b"}}));
}

TEST_F(EnvFileTest, EmptyLinesAndCommentsAreSkipped) {
  EXPECT_EQ(variables_of("\n  \n# A=1\n ; B=2\nC=3 # kept\n"), (Variables{{"C", "3 # kept"}}));
  EXPECT_EQ(variables_of(""), Variables{});
}

TEST_F(EnvFileTest, BlanksAroundAnUnquotedValueAreCut) {
  EXPECT_EQ(variables_of("  A=  a  b \t\r\n"), (Variables{{"A", "a  b"}}));
}

TEST_F(EnvFileTest, QuotesKeepBlanksAndNewlines) {
  EXPECT_EQ(variables_of("A=' x \\n' \nB=\" y\n z\"\nC=a\" b \"'c'd\n"),
            (Variables{{"A", " x \\n"}, {"B", " y\n z"}, {"C", "a b cd"}}));
}

TEST_F(EnvFileTest, BackslashesEscape) {
  EXPECT_EQ(variables_of("A=a\\ \\#\\\\\nB=\"\\\"\\$\\n\\\nend\"\nC=one\\\ntwo\n"),
            (Variables{{"A", "a #\\"}, {"B", "\"$\\nend"}, {"C", "onetwo"}}));
}

TEST_F(EnvFileTest, ABadLineIsNamed) {
  expect_bad_line("A=1\n\nexport B=2\n", 3);
  expect_bad_line("no equals sign", 1);
  expect_bad_line("=value", 1);
  expect_bad_line("1A=value", 1);
  expect_bad_line("A-B=value", 1);
  expect_bad_line("A=1\nB='never\nclosed\n", 2);
  expect_bad_line("A=\"never closed", 1);
  expect_bad_line("A=1\nB=at the end\\", 2);
  expect_bad_line(std::string("A=nul\0byte", 10), 1);
}

TEST_F(EnvFileTest, AMissingFileIsAnErrorUnlessItMayBeMissing) {
  expect_refused(folder.path("none"), ENOENT, folder.path("none"));
  EXPECT_EQ(read_env_file("-" + folder.path("none")), Variables{});
  EXPECT_EQ(read_env_file("-" + folder.file("env", "A=1")), (Variables{{"A", "1"}}));
  expect_refused("-" + folder.file("bad", "A"), EINVAL, folder.path("bad") + ":1");
}

TEST_F(EnvFileTest, WhatIsNoPlainFileOrTooLongIsRefusedAtOnce) {
  expect_refused(folder.path().string(), EISDIR, folder.path().string());
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0600), 0);
  expect_refused(folder.path("fifo"), EINVAL, "fifo");
  expect_refused(folder.file("long", std::string((1U << 20U) + 1, '\n')), EFBIG, "long");
}

}  // namespace
}  // namespace masterd::test
