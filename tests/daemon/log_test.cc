#include "daemon/log.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/daemon/quiet_log.h"

namespace masterd::daemon {
namespace {

using test::LineSink;

TEST(Log, TextLineHasTimeLevelNameAndMessage) {
  const auto sink = std::make_shared<LineSink>();
  Log log{sink, "info", LogFormat::Text};
  log.warning("rt-host", "failed");
  ASSERT_EQ(sink->lines.size(), 1U);
  EXPECT_EQ(sink->lines[0].substr(24), " warning rt-host: failed");
  EXPECT_EQ(sink->lines[0][23], 'Z');
}

TEST(Log, JsonLineIsOneObject) {
  const auto sink = std::make_shared<LineSink>();
  Log log{sink, "info", LogFormat::Json};
  log.info("a", "say \"hi\"\n");
  ASSERT_EQ(sink->lines.size(), 1U);
  const auto line = boost::json::parse(sink->lines[0]);
  EXPECT_EQ(line.at("level"), "info");
  EXPECT_EQ(line.at("name"), "a");
  EXPECT_EQ(line.at("message"), "say \"hi\"\n");
  EXPECT_EQ(sink->lines[0].find('\n'), std::string::npos);
}

TEST(Log, ForeignTextCannotForgeALineOrDriveATerminal) {
  const auto sink = std::make_shared<LineSink>();
  Log log{sink, "info", LogFormat::Text};
  log.info("a", "x\ny\x1b[2J");
  EXPECT_NE(sink->lines.at(0).find("x\\ny\\x1b[2J"), std::string::npos);
}

TEST(Log, LevelHidesWhatIsBelowIt) {
  const auto sink = std::make_shared<LineSink>();
  Log log{sink, "warning", LogFormat::Text};
  log.info("a", "x");
  log.debug("a", "x");
  EXPECT_FALSE(log.debugs());
  EXPECT_TRUE(sink->lines.empty());
}

TEST(Log, BracesAreNoFormat) {
  const auto sink = std::make_shared<LineSink>();
  Log log{sink, "info", LogFormat::Text};
  log.info("a", "{} {0} {{");
  EXPECT_NE(sink->lines.at(0).find("{} {0} {{"), std::string::npos);
}

}  // namespace
}  // namespace masterd::daemon
