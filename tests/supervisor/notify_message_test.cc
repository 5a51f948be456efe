// What sd_notify(3) messages mean, also the hostile ones.
#include "supervisor/notify_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "supervisor/utf8.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Watchdog = NotifyMessage::Watchdog;

TEST(NotifyMessageTest, AnEmptyMessageSaysNothing) { EXPECT_EQ(parse_notify(""), NotifyMessage{}); }

TEST(NotifyMessageTest, EveryVariableIsRead) {
  const NotifyMessage message = parse_notify(
      "READY=1\nRELOADING=1\nSTOPPING=1\nBARRIER=1\nSTATUS=serving 3 axes\nERRNO=2\nMAINPID=4711\n"
      "EXTEND_TIMEOUT_USEC=5000000\nWATCHDOG=1\nWATCHDOG_USEC=20000\nMONOTONIC_USEC=7");
  NotifyMessage want;
  want.ready = want.reloading = want.stopping = want.barrier = true;
  want.status = "serving 3 axes";
  want.error = 2;
  want.main_pid = 4711;
  want.extend_timeout = 5s;
  want.watchdog = Watchdog::Ping;
  want.watchdog_interval = 20ms;
  want.monotonic = 7us;
  EXPECT_EQ(message, want) << message.problem;
}

TEST(NotifyMessageTest, OnlyTheValueOneIsAFlag) {
  for (const char* text : {"READY=0", "READY=", "READY=yes", "READY=11", "READY", "ready=1",
                           " READY=1", "READY=1 ", "XREADY=1", "STATUS=READY=1"}) {
    EXPECT_FALSE(parse_notify(text).ready) << text;
  }
}

TEST(NotifyMessageTest, UnknownVariablesAndDescriptorStoresAreIgnored) {
  const NotifyMessage message =
      parse_notify("X_OWN=1\nFDSTORE=1\nFDNAME=a\nFDSTOREREMOVE=1\n=\n==\nnothing\nREADY=1");
  NotifyMessage want;
  want.ready = true;
  EXPECT_EQ(message, want);
}

TEST(NotifyMessageTest, LinesMayEndInEveryWay) {
  const NotifyMessage message = parse_notify("READY=1\r\n\n\rSTOPPING=1\n\n");
  EXPECT_TRUE(message.ready);
  EXPECT_TRUE(message.stopping);
}

TEST(NotifyMessageTest, TheFirstOfAVariableCounts) {
  const NotifyMessage message = parse_notify("STATUS=one\nSTATUS=two\nMAINPID=5\nMAINPID=6");
  EXPECT_EQ(message.status, "one");
  EXPECT_EQ(message.main_pid, 5);
}

TEST(NotifyMessageTest, AnEmptyStatusIsOneToo) {
  EXPECT_EQ(parse_notify("STATUS=").status, "");
  EXPECT_EQ(parse_notify("READY=1").status, std::nullopt);
}

TEST(NotifyMessageTest, AStatusCanMoveNoCursor) {
  EXPECT_EQ(parse_notify("STATUS=a\x1b[2Jb\tc\x7f").status, "a [2Jb c ");
  EXPECT_EQ(parse_notify("STATUS=a\xC2\x9B"
                         "2J")
                .status,
            "a 2J")
      << "a C1 control is as good as an escape";
  EXPECT_EQ(parse_notify("STATUS=bereit \xC3\xBC\xC2\xA0!").status, "bereit \xC3\xBC\xC2\xA0!");
}

TEST(NotifyMessageTest, AStatusIsMadeValidUtf8) {
  EXPECT_EQ(parse_notify("STATUS=a\xFF\xC3").status, "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(NotifyMessageTest, ALongStatusIsCutBetweenCharacters) {
  const std::string text = std::string(kMaxStatus - 1, 'x') + "\xC3\xBC tail";
  EXPECT_EQ(parse_notify("STATUS=" + text).status, std::string(kMaxStatus - 1, 'x'));
}

TEST(NotifyMessageTest, ATriggerOutweighsAPing) {
  EXPECT_EQ(parse_notify("WATCHDOG=trigger").watchdog, Watchdog::Trigger);
  EXPECT_EQ(parse_notify("WATCHDOG=1\nWATCHDOG=trigger").watchdog, Watchdog::Trigger);
  EXPECT_EQ(parse_notify("WATCHDOG=trigger\nWATCHDOG=1").watchdog, Watchdog::Trigger);
  EXPECT_EQ(parse_notify("WATCHDOG=0").watchdog, Watchdog::None);
}

TEST(NotifyMessageTest, WhatIsNoNumberIsAProblemWithItsName) {
  for (const char* text :
       {"MAINPID=abc", "MAINPID=", "MAINPID=0", "MAINPID=-1", "MAINPID=2147483648", "MAINPID=1x",
        "MAINPID= 1", "MAINPID=+1", "MAINPID=99999999999999999999999", "ERRNO=4096", "ERRNO=EPERM",
        "WATCHDOG_USEC=-1", "EXTEND_TIMEOUT_USEC=1.5", "MONOTONIC_USEC=0x10"}) {
    const NotifyMessage message = parse_notify(text);
    EXPECT_THAT(message.problem, HasSubstr(text));
    EXPECT_FALSE(message.main_pid || message.error || message.watchdog_interval ||
                 message.extend_timeout || message.monotonic)
        << text;
  }
  EXPECT_THAT(parse_notify("MAINPID=1\nERRNO=0\nWATCHDOG_USEC=0").problem, IsEmpty());
}

TEST(NotifyMessageTest, AProblemDoesNotHideTheRest) {
  const NotifyMessage message = parse_notify("MAINPID=abc\nERRNO=x\nREADY=1");
  EXPECT_TRUE(message.ready);
  EXPECT_EQ(message.problem, "MAINPID=abc is no process id") << "the first";
}

TEST(NotifyMessageTest, TimesAreBoundedSoThatNothingOverflows) {
  for (const char* text : {"EXTEND_TIMEOUT_USEC=18446744073709551615",
                           "EXTEND_TIMEOUT_USEC=99999999999999999999999999"}) {
    EXPECT_EQ(parse_notify(text).extend_timeout, kMaxNotifyTime);
  }
  EXPECT_GT(std::chrono::nanoseconds{kMaxNotifyTime}.count(), 0);
}

TEST(NotifyMessageTest, ANulByteInsideMakesTheWholeSuspect) {
  const NotifyMessage message = parse_notify("READY=1\0MAINPID=1"s);
  EXPECT_FALSE(message.ready);
  EXPECT_THAT(message.problem, HasSubstr("NUL"));
  EXPECT_TRUE(parse_notify("READY=1\0"s).ready) << "one at the end is forgiven";
  EXPECT_FALSE(parse_notify("READY=1\0\0"s).ready);
}

TEST(NotifyMessageTest, RandomBytesGiveCleanText) {
  std::mt19937 random{1};
  const std::string alphabet = "=\n\r\0\xC2\x9B\xFFSTATUSREADYMAINPID1"s;
  for (int round = 0; round < 2000; ++round) {
    std::string text = round % 2 == 0 ? "STATUS=" : "MAINPID=";
    for (unsigned i = random() % 40; i > 0; --i) text += alphabet[random() % alphabet.size()];
    const NotifyMessage message = parse_notify(text);
    for (const std::string& shown : {message.status.value_or(""), message.problem}) {
      EXPECT_EQ(valid_utf8(shown), shown);
      EXPECT_EQ(shown.find_first_of("\n\r\x1b"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace masterd::supervisor
