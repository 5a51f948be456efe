#include "ctl/write.h"

#include <gtest/gtest.h>

#include <sstream>

#include "ctl/exit_code.h"
#include "ctl/run.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using proto::application_error;
using proto::Request;
using test::Answer;
using test::FakeDaemon;

// ---- pieces ----

TEST(Pieces, NoCharacterIsCutInTwo) {
  // Three bytes each: the limit falls inside one.
  std::string euros;
  for (int i = 0; i < 10'000; ++i) euros += "€";
  Pieces pieces;
  pieces.add(euros);
  std::string all;
  while (const auto piece = pieces.next(true)) {
    EXPECT_LE(piece->size(), Pieces::kPiece);
    EXPECT_EQ(piece->size() % 3, 0U);
    all += *piece;
  }
  EXPECT_EQ(all, euros);
}

TEST(Pieces, HalfACharacterWaitsForItsRest) {
  Pieces pieces;
  pieces.add("a\xE2\x82");
  EXPECT_EQ(pieces.next(false), "a");
  EXPECT_EQ(pieces.next(false), std::nullopt);
  pieces.add("\xAC!");
  EXPECT_EQ(pieces.next(false), "€!");
  EXPECT_EQ(pieces.next(true), std::nullopt);
}

TEST(Pieces, WhatIsNoUtf8IsRefusedWithItsPlace) {
  Pieces pieces;
  pieces.add("abc");
  EXPECT_EQ(pieces.next(false), "abc");
  pieces.add("d\xFF!!!");
  try {
    pieces.next(false);
    ADD_FAILURE();
  } catch (const Failure& failure) {
    EXPECT_NE(std::string{failure.what()}.find("byte 5 "), std::string::npos) << failure.what();
  }
}

TEST(Pieces, NothingOfALineIsTakenWhoseEndCanBeNoCharacter) {
  for (const char* bad : {"l3 \xFF\n", "l3 \x80", "l3 \xC0\n", "l3 \xE2\n", "l3 \xF5"}) {
    Pieces pieces;
    pieces.add(bad);
    EXPECT_THROW(pieces.next(false), Failure) << bad;
  }
}

TEST(Pieces, ACharacterThatNeverEndsIsRefusedAtTheEnd) {
  Pieces pieces;
  pieces.add("\xE2\x82");
  EXPECT_EQ(pieces.next(false), std::nullopt);
  EXPECT_THROW(pieces.next(true), Failure);
}

// ---- the verb ----

class WriteTest : public testing::Test {
 protected:
  std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  std::string events() const { return "ipc://" + folder_.path("events.sock"); }

  int masterctl(std::vector<std::string> args, const std::string& input = {}) {
    args.insert(args.begin(), {"--endpoint", control()});
    std::istringstream in{input};
    std::ostringstream out;
    std::ostringstream err;
    const int code = run(std::move(args), {in, out, err});
    out_ = out.str();
    err_ = err.str();
    return code;
  }
  /// Takes everything but each `full`-th request and keeps what it took.
  FakeDaemon::Handler reader(int full = 0) {
    return [this, full, asked = 0](FakeDaemon&, const Request& request) mutable -> Answer {
      if (full > 0 && ++asked % full == 0) return application_error("queue_full", "full");
      const auto& data = request.params.at("data").as_string();
      got_ += std::string_view{data};
      return json::value{{"bytes", data.size()}};
    };
  }

  test::TempFolder folder_;
  std::string got_;
  std::string out_;
  std::string err_;
};

TEST_F(WriteTest, TextIsJoinedAndEndsWithANewline) {
  const FakeDaemon daemon{control(), events(), reader()};
  EXPECT_EQ(masterctl({"write", "a", "home", "all"}, "not this"), kDone);
  EXPECT_EQ(got_, "home all\n");
  EXPECT_EQ(out_, "");
  EXPECT_EQ(daemon.request("write_stdin").params.at("name"), "a");
}

TEST_F(WriteTest, WithoutTextTheStandardInputIsWrittenAsItIs) {
  const FakeDaemon daemon{control(), events(), reader()};
  EXPECT_EQ(masterctl({"write", "a"}, "one\ntwo"), kDone);
  EXPECT_EQ(got_, "one\ntwo");
}

TEST_F(WriteTest, AMegabyteGoesInPiecesAndAFullQueueIsTriedAgain) {
  std::string megabyte;
  while (megabyte.size() < 1'000'000) megabyte += "0123456789äöü€\n";
  const FakeDaemon daemon{control(), events(), reader(20)};
  EXPECT_EQ(masterctl({"--json", "write", "a"}, megabyte), kDone);
  EXPECT_EQ(got_, megabyte);
  EXPECT_EQ(out_, "{\"bytes\":" + std::to_string(megabyte.size()) + "}\n");
  EXPECT_GT(daemon.requests().size(), megabyte.size() / Pieces::kPiece);
}

TEST_F(WriteTest, AnEmptyStandardInputWritesNothing) {
  const FakeDaemon daemon{control(), events(), reader()};
  EXPECT_EQ(masterctl({"write", "a"}, ""), kDone);
  ASSERT_EQ(daemon.requests().size(), 1U) << "but it asks whether it could";
  EXPECT_EQ(daemon.requests().front().params.at("data"), "");
}

TEST_F(WriteTest, OneThatNeverReadsTimesOut) {
  const FakeDaemon daemon{control(), events(), reader(1)};
  EXPECT_EQ(masterctl({"write", "a", "x", "--timeout", "0.05"}), kTimedOut);
  EXPECT_EQ(err_, "masterctl: a does not read its stdin; 0 bytes were written\n");
}

TEST_F(WriteTest, ARefusalInTheMiddleSaysHowMuchWasWritten) {
  const FakeDaemon daemon{control(), events(),
                          [n = 0](FakeDaemon&, const Request&) mutable -> Answer {
                            if (++n > 1) return application_error("stdin_closed", "a: closed");
                            return json::value{{"bytes", 1}};
                          }};
  EXPECT_EQ(masterctl({"write", "a"}, std::string(Pieces::kPiece + 1, 'x')), kFailed);
  EXPECT_EQ(err_, "masterctl: 16384 bytes were written\nmasterctl: a: closed (stdin_closed)\n");
}

TEST_F(WriteTest, AnUnknownNameIsUsage) {
  const FakeDaemon daemon{control(), events(),
                          test::always(application_error("unknown_coprocess", "no a"))};
  EXPECT_EQ(masterctl({"write", "a", "x"}), kUsage);
}

// One good piece first: a client that ends before its connection is made leaks in libzmq 4.3.4.
TEST_F(WriteTest, WhatIsNoTextIsRefusedBeforeItIsSent) {
  const FakeDaemon daemon{control(), events(), reader()};
  const std::string good(Pieces::kPiece, 'x');
  EXPECT_EQ(masterctl({"write", "a"}, good + "\xFF\xFE"), kFailed);
  EXPECT_EQ(got_, good);
  EXPECT_EQ(daemon.requests().size(), 1U);
}

}  // namespace
}  // namespace masterd::ctl
