// Durations, signals, names, and the nearest name.
#include <gtest/gtest.h>

#include <csignal>

#include "config/load.h"
#include "config/nearest.h"

namespace masterd::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(ParseDuration, TakesEachUnit) {
  EXPECT_EQ(parse_duration("1500ms"), milliseconds{1500});
  EXPECT_EQ(parse_duration("5s"), seconds{5});
  EXPECT_EQ(parse_duration("2m"), minutes{2});
  EXPECT_EQ(parse_duration("1h"), hours{1});
}

TEST(ParseDuration, TakesFractionsThatComeToWholeMilliseconds) {
  EXPECT_EQ(parse_duration("1.5s"), milliseconds{1500});
  EXPECT_EQ(parse_duration("0.25s"), milliseconds{250});
  EXPECT_EQ(parse_duration("1.0ms"), milliseconds{1});
  EXPECT_EQ(parse_duration("0.5m"), seconds{30});
  EXPECT_EQ(parse_duration("0.0005s"), std::nullopt);
  EXPECT_EQ(parse_duration("1.5ms"), std::nullopt);
}

TEST(ParseDuration, TakesZeroAndADayAndNothingBeyond) {
  EXPECT_EQ(parse_duration("0s"), milliseconds{0});
  EXPECT_EQ(parse_duration("24h"), hours{24});
  EXPECT_EQ(parse_duration("86400000ms"), hours{24});
  EXPECT_EQ(parse_duration("86400001ms"), std::nullopt);
  EXPECT_EQ(parse_duration("24.1h"), std::nullopt);
  EXPECT_EQ(parse_duration("99999999999999999999s"), std::nullopt);
  EXPECT_EQ(parse_duration("9223372036854775807h"), std::nullopt);
}

TEST(ParseDuration, RefusesWhatIsNoDuration) {
  for (const char* text :
       {"",      "0",      "5",    "s",     "ms",   "-1s",   "+1s",           " 1s",
        "1s ",   "1 s",    "1d",   "1S",    "1us",  "1m30s", "1.s",           ".5s",
        "1..5s", "1.5.5s", "1e3s", "0x10s", "1,5s", "infs",  "0.1234567890s", "\xEF\xBC\x91s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_duration("1s\0"sv), std::nullopt);
}

TEST(ParseSize, TakesBytesAndEachUnit) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("4096"), 4096U);
  EXPECT_EQ(parse_size("64K"), 65536U);
  EXPECT_EQ(parse_size("10M"), 10485760U);
  EXPECT_EQ(parse_size("2G"), 2147483648U);
  EXPECT_EQ(parse_size("9223372036854775807"), 9223372036854775807U);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const char* text : {"", "K", "-1", "+1", "1.5M", "1 M", "64k", "64KB", "1T", "0x10",
                           "9223372036854775808", "9007199254740992K", "8589934592G"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(ParseSignal, TakesNamesWithAndWithoutPrefixInAnyCase) {
  for (const char* text : {"SIGTERM", "TERM", "sigterm", "Term", "15", "SIG15"}) {
    EXPECT_EQ(parse_signal(text), SIGTERM) << text;
  }
  EXPECT_EQ(parse_signal("KILL"), SIGKILL);
  EXPECT_EQ(parse_signal("SIGUSR1"), SIGUSR1);
}

TEST(ParseSignal, TakesTheOtherNamesOfANumber) {
  EXPECT_EQ(parse_signal("SIGIO"), SIGIO);
  EXPECT_EQ(parse_signal("SIGPOLL"), SIGPOLL);
  EXPECT_EQ(parse_signal("SIGCLD"), SIGCHLD);
  EXPECT_EQ(parse_signal("SIGIOT"), SIGABRT);
}

TEST(ParseSignal, CountsRealtimeSignalsFromBothEnds) {
  EXPECT_EQ(parse_signal("SIGRTMIN"), SIGRTMIN);
  EXPECT_EQ(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(parse_signal("rtmax-1"), SIGRTMAX - 1);
  EXPECT_EQ(parse_signal("SIGRTMAX"), SIGRTMAX);
  for (const char* text : {"SIGRTMIN-1", "SIGRTMAX+1", "SIGRTMIN+", "SIGRTMIN+31", "SIGRTMAX-31",
                           "SIGRTMIN+x", "SIGRTMIN+-1", "SIGRTMIN3"}) {
    EXPECT_EQ(parse_signal(text), std::nullopt) << text;
  }
}

TEST(ParseSignal, RefusesWhatIsNoSignal) {
  for (const char* text : {"", "SIG", "0", "65", "-1", "+9", "9 ", "SIGFOO", "SIGSIGTERM",
                           "TERMINATE", "99999999999999999999"}) {
    EXPECT_EQ(parse_signal(text), std::nullopt) << text;
  }
}

TEST(SignalName, IsTakenBackForEverySignal) {
  for (int signo = 1; signo <= SIGRTMAX; ++signo) {
    EXPECT_EQ(parse_signal(signal_name(signo)), signo) << signal_name(signo);
  }
  EXPECT_EQ(signal_name(SIGTERM), "SIGTERM");
  EXPECT_EQ(signal_name(SIGRTMIN), "SIGRTMIN");
  EXPECT_EQ(signal_name(SIGRTMIN + 1), "SIGRTMIN+1");
  EXPECT_EQ(signal_name(32), "SIG32");
}

TEST(ValidName, HoldsOneTo64OfItsCharacters) {
  EXPECT_TRUE(valid_name("a"));
  EXPECT_TRUE(valid_name("Rt_host-2"));
  EXPECT_TRUE(valid_name(std::string(64, 'x')));
  EXPECT_FALSE(valid_name(std::string(65, 'x')));
  for (const char* text : {"", "a b", "a.b", "a/b", "ü", "a\n", "*"})
    EXPECT_FALSE(valid_name(text)) << text;
}

TEST(Nearest, FindsInsertionsDeletionsReplacementsAndSwaps) {
  const std::vector<std::string> known{"command", "requires", "restart", "cwd"};
  EXPECT_EQ(nearest("comand", known), "command");
  EXPECT_EQ(nearest("commmand", known), "command");
  EXPECT_EQ(nearest("commend", known), "command");
  EXPECT_EQ(nearest("restrat", known), "restart");
  EXPECT_EQ(nearest("cdw", known), "cwd");
}

TEST(Nearest, GivesNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest("health", {"command", "requires"}), "");
  EXPECT_EQ(nearest("x", {"y"}), "");
  EXPECT_EQ(nearest("", {"cwd"}), "");
  EXPECT_EQ(nearest("cwd", {}), "");
}

TEST(Nearest, PrefersTheCloserAndThenTheFirst) {
  EXPECT_EQ(nearest("worker1", {"worker33", "worker2", "worker3"}), "worker2");
}

}  // namespace
}  // namespace masterd::config
