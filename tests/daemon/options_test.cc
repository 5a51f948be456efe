#include "daemon/options.h"

#include <gmock/gmock.h>

#include "daemon/check.h"
#include "daemon/start_error.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::variant<CommandLine, EarlyExit> parse(std::vector<const char*> args) {
  args.insert(args.begin(), "masterd");
  return parse_command_line(static_cast<int>(args.size()), args.data());
}

class OptionsTest : public testing::Test {
 protected:
  OptionsTest() {
    environment_.uid = 1000;
    environment_.config_home = (folder_.path() / "home").string();
    environment_.cwd = "/srv/dir";
    environment_.control = "ipc:///run/user/1000/masterd/control.sock";
    environment_.events = "ipc:///run/user/1000/masterd/events.sock";
  }
  Settings settings(const std::vector<const char*>& args) {
    const auto loaded = load_settings(std::get<CommandLine>(parse(args)), environment_);
    if (const auto* found = std::get_if<Settings>(&loaded)) return *found;
    ADD_FAILURE() << std::get<config::Diagnostics>(loaded).front().to_string();
    return {};
  }

  TempFolder folder_;
  Environment environment_;
};

TEST_F(OptionsTest, WithoutAnythingTheDefaultsHold) {
  const Settings s = settings({});
  EXPECT_THAT(s.endpoints, ElementsAre(environment_.control));
  EXPECT_THAT(s.events, ElementsAre(environment_.events));
  EXPECT_THAT(s.config_dirs, ElementsAre(environment_.config_home + "/masterd/sessions"));
  EXPECT_EQ(s.session, "");
  EXPECT_EQ(s.log_level, "info");
  EXPECT_EQ(s.log_format, LogFormat::Text);
  EXPECT_THAT(s.hook.command, IsEmpty());
}

TEST_F(OptionsTest, RootsDefaultsAreInEtc) {
  environment_.uid = 0;
  EXPECT_THAT(settings({}).config_dirs, ElementsAre("/etc/masterd/sessions"));
  EXPECT_EQ(default_daemon_file(environment_), "/etc/masterd/masterd.toml");
}

TEST_F(OptionsTest, FileOfTheUserIsReadWhenItExists) {
  folder_.file("home/masterd/masterd.toml",
               "endpoints = [\"ipc:///tmp/c.sock\"]\nevents = [\"ipc:///tmp/e.sock\"]\n"
               "config_dirs = [\"sessions\"]\n[log]\nlevel = \"debug\"\nformat = \"json\"\n"
               "[hook]\ncommand = [\"/bin/true\"]\ninterval = \"5s\"\n");
  const Settings s = settings({});
  EXPECT_THAT(s.endpoints, ElementsAre("ipc:///tmp/c.sock"));
  EXPECT_THAT(s.events, ElementsAre("ipc:///tmp/e.sock"));
  EXPECT_THAT(s.config_dirs, ElementsAre(environment_.config_home + "/masterd/sessions"));
  EXPECT_EQ(s.log_level, "debug");
  EXPECT_EQ(s.log_format, LogFormat::Json);
  EXPECT_THAT(s.hook.command, ElementsAre("/bin/true"));
  EXPECT_EQ(s.hook.interval, std::chrono::seconds{5});
}

TEST_F(OptionsTest, FlagsWinOverTheFile) {
  const std::string file =
      folder_.file("m.toml",
                   "endpoints = [\"ipc:///tmp/c.sock\"]\nevents = [\"ipc:///tmp/e.sock\"]\n"
                   "config_dirs = [\"/file\"]\n[log]\nlevel = \"debug\"\nformat = \"json\"\n");
  const Settings s =
      settings({"--config", file.c_str(), "--endpoint", "ipc:///a", "--endpoint", "ipc:///b",
                "--events", "ipc:///e", "--config-dir", "mine", "--config-dir", "/other",
                "--log-level", "error", "--log-format", "text"});
  EXPECT_THAT(s.endpoints, ElementsAre("ipc:///a", "ipc:///b"));
  EXPECT_THAT(s.events, ElementsAre("ipc:///e"));
  EXPECT_THAT(s.config_dirs, ElementsAre("/srv/dir/mine", "/other"));
  EXPECT_EQ(s.log_level, "error");
  EXPECT_EQ(s.log_format, LogFormat::Text);
}

TEST_F(OptionsTest, EventsOfAGivenIpcEndpointAreBesideIt) {
  EXPECT_THAT(settings({"--endpoint", "ipc:///x/control.sock"}).events,
              ElementsAre("ipc:///x/events.sock"));
}

TEST_F(OptionsTest, EventsOfAGivenTcpEndpointGetAPortOfTheirOwn) {
  EXPECT_THAT(settings({"--endpoint", "tcp://127.0.0.1:5550"}).events,
              ElementsAre("tcp://127.0.0.1:*"));
}

TEST_F(OptionsTest, EventsOfAnEndpointInTheFileAreBesideIt) {
  const std::string file = folder_.file("m.toml", "endpoints = [\"ipc:///x/control.sock\"]\n");
  EXPECT_THAT(settings({"--config", file.c_str()}).events, ElementsAre("ipc:///x/events.sock"));
}

TEST_F(OptionsTest, SessionIsANameOrMadeAbsolute) {
  EXPECT_EQ(settings({"--session", "two-stage"}).session, "two-stage");
  EXPECT_EQ(settings({"--session", "x.toml"}).session, "/srv/dir/x.toml");
  EXPECT_EQ(settings({"--session", "../x.toml"}).session, "/srv/x.toml");
  EXPECT_EQ(settings({"--session", "/etc/x.toml"}).session, "/etc/x.toml");
}

TEST_F(OptionsTest, FileThatWasGivenMustExist) {
  const auto loaded = load_settings(
      std::get<CommandLine>(parse({"--config", "/nonexistent/m.toml"})), environment_);
  ASSERT_TRUE(std::holds_alternative<config::Diagnostics>(loaded));
  EXPECT_THAT(std::get<config::Diagnostics>(loaded).front().to_string(),
              HasSubstr("/nonexistent/m.toml"));
}

TEST_F(OptionsTest, BrokenFileGivesEveryDiagnostic) {
  const std::string file = folder_.file("m.toml", "endpoint = 1\n[log]\nlevel = \"loud\"\n");
  const auto loaded =
      load_settings(std::get<CommandLine>(parse({"--config", file.c_str()})), environment_);
  ASSERT_TRUE(std::holds_alternative<config::Diagnostics>(loaded));
  EXPECT_EQ(std::get<config::Diagnostics>(loaded).size(), 2U);
}

TEST(CommandLineTest, UsageErrorsExitWith2AndNameTheFlag) {
  for (const auto& args : std::vector<std::vector<const char*>>{{"--nonsense"},
                                                                {"--session"},
                                                                {"--log-level", "loud"},
                                                                {"--log-format", "xml"},
                                                                {"x"}}) {
    const auto parsed = parse(args);
    ASSERT_TRUE(std::holds_alternative<EarlyExit>(parsed)) << args[0];
    EXPECT_EQ(std::get<EarlyExit>(parsed).status, kExitUsage);
    EXPECT_THAT(std::get<EarlyExit>(parsed).text, HasSubstr(args[0]));
  }
}

TEST(CommandLineTest, HelpAndVersionExitWith0) {
  const auto version = parse({"--version"});
  ASSERT_TRUE(std::holds_alternative<EarlyExit>(version));
  EXPECT_EQ(std::get<EarlyExit>(version).status, 0);
  EXPECT_THAT(std::get<EarlyExit>(version).text, testing::StartsWith("masterd "));
  const auto help = parse({"--help"});
  ASSERT_TRUE(std::holds_alternative<EarlyExit>(help));
  EXPECT_EQ(std::get<EarlyExit>(help).status, 0);
  EXPECT_THAT(std::get<EarlyExit>(help).text, HasSubstr("--session"));
}

TEST(CommandLineTest, EveryLogLevelIsOneThatTheLogTakes) {
  for (const char* level : {"trace", "debug", "info", "warning", "error", "critical", "off"}) {
    EXPECT_TRUE(std::holds_alternative<CommandLine>(parse({"--log-level", level}))) << level;
    EXPECT_TRUE(is_log_level(level)) << level;
  }
  EXPECT_FALSE(is_log_level("loud"));
}

class CheckTest : public testing::Test {
 protected:
  CheckTest() {
    settings_.endpoints = {"ipc:///tmp/c.sock"};
    settings_.events = {"ipc:///tmp/e.sock"};
    settings_.config_dirs = {folder_.path().string()};
  }
  TempFolder folder_;
  Settings settings_;
};

constexpr const char* kGood = "[coprocess.a]\ncommand = [\"true\"]\n";

TEST_F(CheckTest, AllSessionsOfTheFoldersAreChecked) {
  folder_.file("good.toml", kGood);
  EXPECT_THAT(check_settings(settings_, 1000), IsEmpty());
  folder_.file("bad.toml", "[coprocess.a]\ncommand = []\nstopp = 1\n");
  EXPECT_EQ(check_settings(settings_, 1000).size(), 2U);
}

TEST_F(CheckTest, SessionThatWasAskedForIsTheOnlyOneChecked) {
  folder_.file("good.toml", kGood);
  folder_.file("bad.toml", "[coprocess.a]\n");
  settings_.session = "good";
  EXPECT_THAT(check_settings(settings_, 1000), IsEmpty());
  settings_.session = "bad";
  EXPECT_THAT(check_settings(settings_, 1000), ElementsAre(HasSubstr("bad.toml:1:")));
  settings_.session = "none";
  EXPECT_THAT(check_settings(settings_, 1000), ElementsAre(HasSubstr("'none'")));
}

TEST_F(CheckTest, EndpointsAreCheckedToo) {
  settings_.endpoints = {"tcp://0.0.0.0:1"};
  EXPECT_THAT(check_settings(settings_, 1000), ElementsAre(HasSubstr("CURVE")));
}

}  // namespace
}  // namespace masterd::daemon
