// The ledger: what a killed masterd leaves to its successor, and when that does not believe it.
#include "supervisor/ledger.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "supervisor/proc_fs.h"
#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kDaemon = "daemon boot pid:[1] 100 5000 aa11\n";

class LedgerTest : public testing::Test {
 protected:
  std::vector<Section> open(Ledger& ledger) {
    return ledger.open(path(), "", [this](const std::string& what) { troubles_.push_back(what); });
  }
  [[nodiscard]] std::string path() const { return folder_.path("c.children"); }
  [[nodiscard]] std::string text() const {
    std::ifstream file{path()};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  /// As a masterd that was killed would leave it: with this process as its child.
  std::string left() {
    std::string left;
    {
      Ledger ledger;
      open(ledger);
      ledger.born(ledger.instance() + "01", ::getpid(), false, "a");
      left = text();
    }
    return left;
  }
  void write(const std::string& text, mode_t mode = 0600) const {
    std::ofstream{path()} << text;
    EXPECT_EQ(::chmod(path().c_str(), mode), 0);
  }
  static std::string replaced(std::string text, const std::string& from, const std::string& to) {
    return text.replace(text.find(from), from.size(), to);
  }

  test::TempFolder folder_;
  std::vector<std::string> troubles_;
};

// ---- the text ----

TEST_F(LedgerTest, ATextIsReadAsItWasWritten) {
  const Section with{"boot",
                     "pid:[1]",
                     100,
                     5000,
                     "aa11",
                     77,
                     "/sys/fs/cgroup/a b/masterd-100",
                     {{"aa1101", 101, 5001, false, "rt-host"}, {"aa1102", 102, 5002, true, "x.y"}}};
  const Section without{"boot", "pid:[1]", 200, 6000, "bb22", 0, "", {}};
  const LedgerText read = parse_ledger(text_of(with) + text_of(without));
  EXPECT_EQ(read.skipped, 0U);
  EXPECT_THAT(read.sections, ElementsAre(with, without));
}

TEST_F(LedgerTest, WhatIsGoneIsNotThere) {
  const Birth a{"aa1101", 101, 5001, false, "a"};
  const Birth adopted{"aa1101", 103, 5003, false, "a"};
  const Birth b{"aa1102", 102, 5002, false, "b"};
  const LedgerText read = parse_ledger(kDaemon + line_of(a) + line_of(b) + line_of(adopted) +
                                       gone_line("aa1101") + gone_line("aa1109"));
  EXPECT_EQ(read.skipped, 0U);
  ASSERT_THAT(read.sections, SizeIs(1));
  EXPECT_THAT(read.sections[0].births, ElementsAre(b));
}

TEST_F(LedgerTest, ALineThatIsTornAtTheEndIsSkippedAlsoWhereItLooksWhole) {
  const std::string whole = line_of({"aa1101", 101, 5001, false, "a"});
  const std::string next = line_of({"aa1102", 102, 5002, false, "b"});
  for (std::size_t size = 1; size < next.size(); ++size) {
    const LedgerText read = parse_ledger(kDaemon + whole + next.substr(0, size));
    EXPECT_EQ(read.skipped, 1U) << size;
    EXPECT_THAT(read.sections.at(0).births, SizeIs(1)) << size;
  }
}

TEST_F(LedgerTest, GarbageIsSkippedAndTheRestIsRead) {
  for (const std::string bad :
       {"", "born", "born aa1101 1 5001 a", "born aa1101 -5 5001 a", "born aa1101 0 5001 a",
        "born aa1101 12x 5001 a", "born aa1101 99999999999 5001 a", "born bb2201 101 5001 a",
        "born zz 101 5001 a", "gone", "gone zz", "daemon boot pid:[1] 1 5 aa", "daemon x",
        "daemon boot pid:[1] 9 5 aa11 7 relative", "daemon boot pid:[1] 9 5 aa11 x /folder",
        "hello world", "\xff\xfe\x01"}) {
    const LedgerText read =
        parse_ledger(kDaemon + bad + "\n" + line_of({"aa1102", 102, 5002, false, "b"}));
    EXPECT_EQ(read.skipped, 1U) << bad;
    EXPECT_THAT(read.sections.at(0).births, SizeIs(1)) << bad;
  }
  EXPECT_THAT(parse_ledger(line_of({"aa1102", 102, 5002, false, "b"})).sections, IsEmpty());
  EXPECT_THAT(parse_ledger(std::string(100000, '\0')).sections, IsEmpty());
}

// ---- the file ----

TEST_F(LedgerTest, OfAnOrderlyEndNothingIsLeft) {
  {
    Ledger ledger;
    EXPECT_THAT(open(ledger), IsEmpty());
    struct stat info {};
    ASSERT_EQ(::stat(path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    ledger.born(ledger.instance() + "01", ::getpid(), false, "a");
    ledger.gone(ledger.instance() + "01");
  }
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
  EXPECT_THAT(troubles_, IsEmpty());
}

TEST_F(LedgerTest, WhatLivedAtTheEndIsFoundByTheNextAndKeptUntilItIsForgotten) {
  write(left());
  const auto one = [this] {
    Ledger ledger;
    return open(ledger);
  };
  const auto first = one();
  ASSERT_THAT(first, SizeIs(1));
  ASSERT_THAT(first[0].births, SizeIs(1));
  ProcStat self;
  ASSERT_EQ(read_stat(::getpid(), self), Look::Found);
  EXPECT_EQ(first[0].births[0],
            (Birth{first[0].instance + "01", ::getpid(), self.start, false, "a"}));
  const auto second = one();
  ASSERT_THAT(second, SizeIs(2)) << "the first was killed while it cleared";
  EXPECT_EQ(second[0], first[0]);
  {
    Ledger ledger;
    open(ledger);
    ledger.forget_earlier();
  }
  EXPECT_NE(::access(path().c_str(), F_OK), 0);
}

TEST_F(LedgerTest, OneOfAnotherBootOrPidNamespaceMeansNothing) {
  const std::string text = left();
  const Section section = parse_ledger(text).sections.at(0);
  for (const std::string& part : {section.boot, section.pid_namespace}) {
    write(replaced(text, part, "other"));
    Ledger ledger;
    EXPECT_THAT(open(ledger), IsEmpty());
  }
  EXPECT_THAT(troubles_, IsEmpty());
}

TEST_F(LedgerTest, OneThatOthersMayReadOrWriteIsNotBelieved) {
  for (const mode_t mode : {0644, 0620, 0606}) {
    write(left(), mode);
    Ledger ledger;
    EXPECT_THAT(open(ledger), IsEmpty());
    EXPECT_THAT(troubles_.back(), HasSubstr("others may read or write it"));
  }
}

TEST_F(LedgerTest, OneOfAnotherUserIsNotBelieved) {
  if (::geteuid() != 0) GTEST_SKIP() << "to give a file away takes root";
  write(left());
  ASSERT_EQ(::chown(path().c_str(), 65534, 65534), 0);
  Ledger ledger;
  EXPECT_THAT(open(ledger), IsEmpty());
  EXPECT_THAT(troubles_, ElementsAre(HasSubstr("belongs to uid 65534")));
}

TEST_F(LedgerTest, ALinkAFifoAndASecondNameAreNotFollowed) {
  write(left());
  const std::string elsewhere = folder_.path("elsewhere");
  ASSERT_EQ(::rename(path().c_str(), elsewhere.c_str()), 0);
  const auto refused = [this] {
    Ledger ledger;
    const std::size_t before = troubles_.size();
    return open(ledger).empty() && troubles_.size() == before + 1;
  };
  ASSERT_EQ(::symlink(elsewhere.c_str(), path().c_str()), 0);
  EXPECT_TRUE(refused());
  ::unlink(path().c_str());
  ASSERT_EQ(::link(elsewhere.c_str(), path().c_str()), 0);
  EXPECT_TRUE(refused());
  ::unlink(path().c_str());
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_TRUE(refused());
}

TEST_F(LedgerTest, OneThatCannotBeWrittenIsToldOnceAndTriedAgain) {
  const std::string folder = folder_.path("sub");
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  Ledger ledger;
  ASSERT_EQ(::rmdir(folder.c_str()), 0);
  ledger.open(folder + "/c.children", "",
              [this](const std::string& what) { troubles_.push_back(what); });
  ledger.born(ledger.instance() + "01", ::getpid(), false, "a");
  EXPECT_THAT(troubles_, ElementsAre(HasSubstr("No such file")));
  ASSERT_EQ(::mkdir(folder.c_str(), 0700), 0);
  ledger.born(ledger.instance() + "02", ::getpid(), false, "b");
  std::ifstream file{folder + "/c.children"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  EXPECT_THAT(parse_ledger(text).sections.at(0).births, SizeIs(2));
}

TEST_F(LedgerTest, ItsSizeDoesNotGrowWithWhatIsGone) {
  Ledger ledger;
  open(ledger);
  ledger.born(ledger.instance() + "01", ::getpid(), false, "stays");
  for (int i = 0; i < 3000; ++i) {
    ledger.born(ledger.instance() + "02", ::getpid(), false, "comes-and-goes");
    ledger.gone(ledger.instance() + "02");
  }
  const std::string text = this->text();
  EXPECT_LT(text.size(), 200'000U);
  EXPECT_THAT(parse_ledger(text).sections.at(0).births, SizeIs(1));
}

}  // namespace
}  // namespace masterd::supervisor
