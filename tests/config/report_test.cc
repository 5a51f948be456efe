// How what is wrong is collected and shown.
#include "config/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/config/results.h"

namespace masterd::config {
namespace {

TEST(Diagnostic, IsShownAsFileLineColumnKeyMessage) {
  EXPECT_EQ((Diagnostic{"a.toml", 3, 7, "coprocess.a.cwd", "an empty path"}.to_string()),
            "a.toml:3:7: coprocess.a.cwd: an empty path");
}

TEST(Diagnostic, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ((Diagnostic{"a.toml", 0, 0, "", "is a directory"}.to_string()),
            "a.toml: is a directory");
  EXPECT_EQ((Diagnostic{"", 0, 0, "", "wrong"}.to_string()), "wrong");
}

TEST(Shown, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(shown("a\n\x1b[2J\x7f"), "a\\x0a\\x1b[2J\\x7f");
  EXPECT_EQ(shown("\xC2\x9B"
                  "2J"),
            "\\u009b2J");
  EXPECT_EQ(shown("gr\xC3\xBC\xC3\x9F \xC2\xA0"), "gr\xC3\xBC\xC3\x9F \xC2\xA0");
}

TEST(Shown, CutsLongTextAtACharactersBorder) {
  EXPECT_EQ(shown(std::string(60, 'x')), std::string(60, 'x'));
  EXPECT_EQ(shown(std::string(61, 'x')), std::string(60, 'x') + "...");
  EXPECT_EQ(shown(std::string(59, 'x') + "\xE2\x82\xAC"
                                         "y"),
            std::string(59, 'x') + "\xE2\x82\xAC...");
}

TEST(Report, CountsWhatDoesNotFit) {
  Report report{"a.toml"};
  for (unsigned line = 1; line <= kMaxDiagnostics + 5; ++line)
    report.error({line, 1, "k"}, "wrong");
  const Diagnostics found = report.take();
  ASSERT_EQ(found.size(), kMaxDiagnostics + 1);
  EXPECT_EQ(found.back().message, "and 5 more errors");
  EXPECT_TRUE(report.empty());
}

TEST(LoadText, ReportsEverythingAtOnceInFileOrder) {
  const Diagnostics found = refused(load_text(R"([session]
titel = "a"

[defaults]
vital = 1

[group.app]
requires = ["rtt"]

[coprocess.ui]
group = "app"
comand = ["ui"]
restart = { policy = "often", delay = "5" }

[coprocess.rt]
command = ["rt"]
requires = ["rt"]
)",
                                              "a.toml", "/"));
  std::vector<std::string> keys;
  for (const Diagnostic& d : found) keys.push_back(std::to_string(d.line) + " " + d.key);
  EXPECT_THAT(
      keys, ::testing::ElementsAre("2 session.titel", "5 defaults.vital", "8 group.app.requires[0]",
                                   "10 coprocess.ui", "12 coprocess.ui.comand",
                                   "13 coprocess.ui.restart.policy",
                                   "13 coprocess.ui.restart.delay", "17 coprocess.rt.requires[0]"))
      << all_of(found);
}

TEST(LoadText, NamesOneCycleOfEachKnot) {
  const Diagnostics found = refused(load_text(R"(
[coprocess]
a = { command = ["x"], requires = ["b", "c"] }
b = { command = ["x"], requires = ["a", "c"] }
c = { command = ["x"], requires = ["a", "b"] }
d = { command = ["x"], requires = ["e", "a"] }
e = { command = ["x"], requires = ["d"] }
)",
                                              "a.toml", "/"));
  ASSERT_EQ(found.size(), 2U) << all_of(found);
  EXPECT_EQ(found[0].message, "dependency cycle: a -> b -> a");
  EXPECT_EQ(found[1].message, "dependency cycle: d -> e -> d");
}

TEST(LoadText, CountsColumnsInCharacters) {
  const Diagnostics found =
      refused(load_text("[coprocess.a]\ncommand = [\"gr\xC3\xBC\xC3\x9F\", 1]\n", "a.toml", "/"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[0].column, 20U);
}

TEST(LoadText, BoundsTheDiagnosticsOfAHopelessFile) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  EXPECT_EQ(refused(load_text(text, "a.toml", "/")).size(), kMaxDiagnostics + 1);
}

}  // namespace
}  // namespace masterd::config
