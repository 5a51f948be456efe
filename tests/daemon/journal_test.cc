#include "daemon/journal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <string>

namespace masterd::daemon {
namespace {

class JournalStreamTest : public testing::Test {
 protected:
  JournalStreamTest() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds_.data()), 0);
  }
  ~JournalStreamTest() override {
    for (const int fd : fds_) ::close(fd);
  }
  static std::string name_of(int fd) {
    struct stat found {};
    EXPECT_EQ(::fstat(fd, &found), 0);
    return std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
  }

  std::array<int, 2> fds_{-1, -1};
};

TEST_F(JournalStreamTest, TheSocketThatTheVariableNamesLeadsToTheJournal) {
  EXPECT_TRUE(leads_to_journal(name_of(fds_[0]).c_str(), fds_[0]));
}

TEST_F(JournalStreamTest, AVariableThatWasInheritedBesideAnotherStderrDoesNot) {
  EXPECT_FALSE(leads_to_journal(name_of(fds_[0]).c_str(), fds_[1]));
}

TEST_F(JournalStreamTest, WithoutTheVariableNothingDoes) {
  EXPECT_FALSE(leads_to_journal(nullptr, fds_[0]));
}

TEST_F(JournalStreamTest, ADescriptorThatIsClosedDoesNot) {
  EXPECT_FALSE(leads_to_journal(name_of(fds_[0]).c_str(), -1));
}

TEST_F(JournalStreamTest, AVariableThatIsNoPairOfNumbersIsNobodys) {
  const std::string good = name_of(fds_[0]);
  const std::string device = good.substr(0, good.find(':'));
  for (const std::string& bad :
       {std::string{}, std::string{":"}, device, device + ":", ":" + device, good + " ",
        good + ":1", " " + good, "-" + good, std::string{"99999999999999999999999:1"}}) {
    EXPECT_FALSE(leads_to_journal(bad.c_str(), fds_[0])) << "'" << bad << "'";
  }
}

}  // namespace
}  // namespace masterd::daemon
