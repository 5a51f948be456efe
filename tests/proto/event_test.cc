#include "proto/event.h"

#include <gtest/gtest.h>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;
using std::chrono::system_clock;

TEST(Topics, EndInADotSoThatAPrefixIsExact) {
  EXPECT_EQ(session_topic(), "session.");
  EXPECT_EQ(coprocess_topic("a"), "coprocess.a.");
  EXPECT_EQ(log_topic("a-b_1"), "log.a-b_1.");
  EXPECT_EQ(heartbeat_topic(), "heartbeat.");
}

TEST(Event, IsANotificationThatCarriesItsNumbersAndTime) {
  EXPECT_EQ(encode_event("session.", 12, 3, system_clock::time_point{},
                         session_event("s", "starting", "running", "all ready")),
            R"({"jsonrpc":"2.0","method":"event","params":{"seq":12,"topic":"session.",)"
            R"("topic_seq":3,"time":"1970-01-01T00:00:00.000Z","type":"session","session":"s",)"
            R"("from":"starting","to":"running","cause":"all ready"}})");
}

TEST(Event, OfACoprocessOmitsWhatHasNoMeaning) {
  EXPECT_EQ(encode(coprocess_event("a", "waiting", "starting", "start")),
            R"({"type":"coprocess","name":"a","from":"waiting","to":"starting","cause":"start"})");
}

TEST(Event, OfACoprocessTellsPidAndLastExit) {
  const json::object by_code = coprocess_event("a", "x", "y", "c", 42, exit_code(1));
  EXPECT_EQ(by_code.at("pid"), 42);
  EXPECT_EQ(encode(by_code.at("last_exit")), R"({"code":1})");
  const json::object by_signal =
      coprocess_event("a", "x", "y", "c", std::nullopt, exit_signal("SIGKILL"));
  EXPECT_FALSE(by_signal.contains("pid"));
  EXPECT_EQ(encode(by_signal.at("last_exit")), R"({"signal":"SIGKILL"})");
}

TEST(Event, OfALogLineReplacesInvalidUtf8) {
  EXPECT_EQ(encode(log_event("a", "stderr", "x\xFF", 9)),
            "{\"type\":\"log\",\"name\":\"a\",\"stream\":\"stderr\",\"text\":\"x\xEF\xBF\xBD\","
            "\"line_seq\":9}");
}

TEST(Event, OfTheHeartTellsTheUptime) {
  EXPECT_EQ(encode(heartbeat_event(1.5)), R"({"type":"heartbeat","uptime_s":1.5})");
}

TEST(Event, IsReadBackByDecode) {
  const auto params = decode_event(
      encode_event("log.a.", 5, 2, system_clock::now(), log_event("a", "stdout", "hello", 1)));
  ASSERT_TRUE(params.has_value());
  EXPECT_EQ(params->at("seq"), 5);
  EXPECT_EQ(params->at("topic"), "log.a.");
  EXPECT_EQ(params->at("text"), "hello");
}

TEST(Event, DecodeRefusesEverythingElse) {
  for (const char* text : {"", "x", "[]", "{}", R"({"jsonrpc":"2.0","method":"ping"})",
                           R"([{"jsonrpc":"2.0","method":"event","params":{}}])"}) {
    EXPECT_EQ(decode_event(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace masterd::proto
