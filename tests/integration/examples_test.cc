// The example programs keep what they promise: their transitions, in order. Times are left out.
#include <gmock/gmock.h>

#include <regex>
#include <sstream>

#include "tests/integration/program.h"

namespace masterd::test {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(const std::vector<std::string>& argv) {
  Plan plan;
  plan.argv = argv;
  const Finished end = run(plan);
  EXPECT_EQ(end.status, 0) << end.err;
  static const std::regex kTime{R"(^\[ *[0-9.]+\] *)"};
  std::vector<std::string> lines;
  std::istringstream text{end.out};
  for (std::string line; std::getline(text, line);) {
    lines.push_back(std::regex_replace(line, kTime, ""));
  }
  return lines;
}

/// Without what the coprocesses print: that comes when they have got a processor.
std::vector<std::string> changes_of(const std::vector<std::string>& argv) {
  std::vector<std::string> lines = lines_of(argv);
  std::erase_if(lines,
                [](const std::string& line) { return line.find(" says: ") != std::string::npos; });
  return lines;
}

TEST(ExamplesTest, RunCoprocessEndsItsChildByTheFirstSigterm) {
  EXPECT_THAT(lines_of({EXAMPLE_RUN_COPROCESS}),
              ElementsAre("sleeper: starting (spawn)", "sleeper: running (ready)", "SIGTERM",
                          "sleeper: stopping (SIGTERM)", "sleeper: killed by SIGTERM",
                          "SIGTERM: it has ended", "shutdown: nothing left to do"));
}

TEST(ExamplesTest, RunCoprocessKillsADeafChildAfterOneGrace) {
  EXPECT_THAT(
      lines_of({EXAMPLE_RUN_COPROCESS, "--deaf"}),
      ElementsAre("deaf-sleeper: starting (spawn)", "deaf-sleeper: running (ready)", "SIGTERM",
                  "deaf-sleeper: stopping (SIGTERM)", "SIGTERM: already in progress",
                  "shutdown: already in progress", "deaf-sleeper: killed by SIGKILL"));
}

TEST(ExamplesTest, MasterdSessionBringsTwoStagesUpAndDown) {
  EXPECT_THAT(
      changes_of({EXAMPLE_MASTERD_SESSION}),
      ElementsAre(
          "waiting for a configuration", "set_config",
          "session demo: waiting -> starting (configuration picked)",
          "rt: stopped -> waiting (session start)", "display: stopped -> waiting (session start)",
          "rt: waiting -> starting (session start)", "rt: starting -> running (ready)",
          "display: waiting -> starting (session start)", "display: starting -> running (ready)",
          "session demo: starting -> running (all coprocesses are ready)", "shutdown",
          "session demo: running -> stopping (the demo is over)",
          "display: running -> stopping (the demo is over)",
          "display: stopping -> stopped (the demo is over)",
          "rt: running -> stopping (the demo is over)",
          "rt: stopping -> stopped (the demo is over)",
          "session demo: stopping -> waiting (the session has ended)", "the loop has stopped"));
}

}  // namespace
}  // namespace masterd::test
