#include "daemon/options.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

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
  LoadedSettings load(const std::vector<const char*>& args) {
    return load_settings(std::get<CommandLine>(parse(args)), environment_);
  }
  Settings settings(const std::vector<const char*>& args) {
    const LoadedSettings loaded = load(args);
    for (const auto& wrong : loaded.wrong) ADD_FAILURE() << wrong.to_string();
    return loaded.settings.value_or(Settings{});
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

TEST_F(OptionsTest, ProfilesAreThoseOfTheMachineAndThoseBesideTheProgram) {
  EXPECT_THAT(settings({}).profiles, ElementsAre("/etc/masterd/profiles"));
  environment_.exe_dir = "/usr/sbin";
  EXPECT_THAT(settings({}).profiles,
              ElementsAre("/etc/masterd/profiles", "/usr/share/masterd/profiles"));
  EXPECT_THAT(settings({"--profiles", "mine", "--profiles", "/x/lathe.toml"}).profiles,
              ElementsAre("/srv/dir/mine", "/x/lathe.toml"));
  folder_.file("home/masterd/masterd.toml", "profiles = [\"mine\"]\n");
  EXPECT_THAT(settings({}).profiles, ElementsAre(environment_.config_home + "/masterd/mine"));
}

TEST_F(OptionsTest, TheProgramKnowsItsFolder) {
  EXPECT_EQ(Environment::of_this_process().exe_dir, MASTERD_TEST_DIR);
}

TEST_F(OptionsTest, RootsDefaultsAreInEtc) {
  environment_.uid = 0;
  EXPECT_THAT(settings({}).config_dirs, ElementsAre("/etc/masterd/sessions"));
  EXPECT_EQ(default_daemon_file(environment_), "/etc/masterd/masterd.toml");
}

TEST_F(OptionsTest, AServicesFolderHoldsItsFileAndItsSessions) {
  environment_.configuration_dir = folder_.path().string();
  folder_.file("masterd.toml", "[log]\nlevel = \"debug\"\n");
  const Settings s = settings({});
  EXPECT_EQ(s.log_level, "debug");
  EXPECT_THAT(s.config_dirs, ElementsAre(environment_.configuration_dir + "/sessions"));
}

TEST_F(OptionsTest, APassedSocketIsServedInPlaceOfTheDefault) {
  environment_.passed.control = {{3, "ipc:///run/m/control.sock"}};
  const Settings s = settings({});
  EXPECT_THAT(s.endpoints, ElementsAre("ipc:///run/m/control.sock"));
  EXPECT_THAT(s.events, ElementsAre("ipc:///run/m/events.sock"));
  EXPECT_EQ(s.passed.control.front().fd, 3);
}

TEST_F(OptionsTest, APassedSocketOfTheDefaultAddressLeavesTheEventsAtTheirDefault) {
  environment_.events = "ipc:///elsewhere";
  environment_.passed.control = {{3, environment_.control}};
  EXPECT_THAT(settings({}).endpoints, ElementsAre(environment_.control));
  EXPECT_THAT(settings({}).events, ElementsAre("ipc:///elsewhere"));
}

TEST_F(OptionsTest, APassedSocketIsServedBesidesWhatIsAskedForAndNeverTwice) {
  environment_.passed.control = {{3, "ipc:///a"}, {4, "ipc:///b"}};
  environment_.passed.events = {{5, "ipc:///e"}};
  const Settings s = settings({"--endpoint", "ipc:///own", "--endpoint", "ipc:///a"});
  EXPECT_THAT(s.endpoints, ElementsAre("ipc:///own", "ipc:///a", "ipc:///b"));
  EXPECT_THAT(s.events, ElementsAre("ipc:///e"));
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
                   "config_dirs = [\"/file\"]\nprofiles = [\"/file\"]\ncgroups = \"off\"\n"
                   "[log]\nlevel = \"debug\"\nformat = \"json\"\n");
  EXPECT_FALSE(settings({"--config", file.c_str()}).cgroups);
  const Settings s =
      settings({"--config",     file.c_str(),  "--endpoint", "ipc:///a",     "--endpoint",
                "ipc:///b",     "--events",    "ipc:///e",   "--config-dir", "mine",
                "--config-dir", "/other",      "--profiles", "/p",           "--cgroups",
                "auto",         "--log-level", "error",      "--log-format", "text"});
  EXPECT_THAT(s.profiles, ElementsAre("/p"));
  EXPECT_TRUE(s.cgroups);
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

TEST_F(OptionsTest, HookOfFlagsIsWordByWordAndItsPathCountsFromTheWorkingFolder) {
  const Settings s = settings({"--hook-command", "./check", "--hook-command", "--all",
                               "--hook-command", "", "--hook-interval", "1.5s"});
  EXPECT_THAT(s.hook.command, ElementsAre("/srv/dir/check", "--all", ""));
  EXPECT_EQ(s.hook.interval, std::chrono::milliseconds{1500});
  EXPECT_THAT(settings({"--hook-command", "check", "--hook-interval", "1s"}).hook.command,
              ElementsAre("check"));
}

TEST_F(OptionsTest, HookOfFlagsReplacesThatOfTheFileKeyByKey) {
  const std::string file =
      folder_.file("m.toml", "[hook]\ncommand = [\"a\", \"b\"]\ninterval = \"5s\"\n");
  const Settings other = settings({"--config", file.c_str(), "--hook-command", "c"});
  EXPECT_THAT(other.hook.command, ElementsAre("c"));
  EXPECT_EQ(other.hook.interval, std::chrono::seconds{5});
  const Settings often = settings({"--config", file.c_str(), "--hook-interval", "1s"});
  EXPECT_THAT(often.hook.command, ElementsAre("a", "b"));
  EXPECT_EQ(often.hook.interval, std::chrono::seconds{1});
}

TEST_F(OptionsTest, HookNeedsBothWhoeverSaysThem) {
  const auto wrong = [&](const std::vector<const char*>& args) {
    const LoadedSettings loaded = load(args);
    return loaded.wrong.empty() ? "" : loaded.wrong.front().to_string();
  };
  EXPECT_THAT(wrong({"--hook-command", "c"}), HasSubstr("--hook-interval: is missing"));
  EXPECT_THAT(wrong({"--hook-interval", "1s"}), HasSubstr("--hook-command: is missing"));
}

TEST_F(OptionsTest, DefaultsAreThoseOfTheFile) {
  EXPECT_EQ(settings({}).defaults, config::CoprocessSpec{});
  folder_.file("home/masterd/masterd.toml", "[defaults]\nvital = true\n");
  EXPECT_TRUE(settings({}).defaults.vital);
}

TEST_F(OptionsTest, FileThatWasGivenMustExist) {
  const LoadedSettings loaded = load({"--config", "/nonexistent/m.toml"});
  EXPECT_FALSE(loaded.settings);
  ASSERT_EQ(loaded.wrong.size(), 1U);
  EXPECT_THAT(loaded.wrong.front().to_string(), HasSubstr("/nonexistent/m.toml"));
}

TEST_F(OptionsTest, RootUsesNoFileThatOthersMayWrite) {
  if (::getuid() != 0) GTEST_SKIP() << "needs files of root";
  environment_.uid = 0;
  const std::string file = folder_.file("m.toml", "[log]\nlevel = \"debug\"\n", 0646);
  const LoadedSettings loaded = load({"--config", file.c_str()});
  EXPECT_FALSE(loaded.settings);
  ASSERT_EQ(loaded.wrong.size(), 1U);
  EXPECT_THAT(loaded.wrong.front().to_string(), HasSubstr("m.toml is writable by everybody"));
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(settings({"--config", file.c_str()}).log_level, "debug");
}

TEST_F(OptionsTest, BrokenFileGivesEveryDiagnosticAndWhatIsRightOfIt) {
  const std::string file =
      folder_.file("m.toml", "endpoint = 1\nconfig_dirs = [\"/d\"]\n[log]\nlevel = \"loud\"\n");
  const LoadedSettings loaded = load({"--config", file.c_str()});
  EXPECT_EQ(loaded.wrong.size(), 2U);
  ASSERT_TRUE(loaded.settings);
  EXPECT_THAT(loaded.settings->config_dirs, ElementsAre("/d"));
}

TEST(CommandLineTest, UsageErrorsExitWith2AndNameTheFlag) {
  for (const auto& args : std::vector<std::vector<const char*>>{{"--nonsense"},
                                                                {"--session"},
                                                                {"--log-level", "loud"},
                                                                {"--log-format", "xml"},
                                                                {"--hook-interval", "0s"},
                                                                {"--hook-interval", "often"},
                                                                {"--hook-command", ""},
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

TEST_F(CheckTest, ProfilesAreCheckedAndTheFilesThatTheyMap) {
  settings_.profiles = {folder_.path("profiles")};
  folder_.file("profiles/mill.toml",
               "[profile]\nfiles = [\"*.ini\"]\n[coprocess.a]\ncommand = [\"${ini:A:B}\"]\n");
  folder_.file("profiles/lathe.toml",
               "[profile]\nfiles = [\"*.lathe\"]\nfile = 1\n"
               "[coprocess.a]\ncommand = [\"x\"]\n");
  const std::string ini = folder_.file("sub/x.ini", "[A]\n");
  EXPECT_THAT(check_settings(settings_, 1000),
              ElementsAre(HasSubstr("lathe.toml:3:1: profile.file: "),
                          HasSubstr(ini + ":1: [A]B: is missing")));
}

TEST_F(CheckTest, SessionsAndProfilesAreCheckedWithTheDefaults) {
  settings_.profiles = {folder_.path("profiles")};
  folder_.file("good.toml", "[coprocess.a]\ncommand = [\"x\"]\nstop.timeout = \"1s\"\n");
  folder_.file("profiles/mill.toml",
               "[profile]\nfiles = [\"*.ini\"]\n[coprocess.a]\ncommand = [\"x\"]\n"
               "stop.timeout = \"1s\"\n");
  EXPECT_EQ(check_settings(settings_, 1000).size(), 2U);
  settings_.defaults.stop_command = config::CommandSpec{{"halt"}, std::chrono::seconds{5}};
  EXPECT_THAT(check_settings(settings_, 1000), IsEmpty());
}

TEST_F(CheckTest, WhatIsWrongWithTheDaemonsOwnFileComesFirst) {
  folder_.file("bad.toml", "[coprocess.a]\n");
  const config::Diagnostics wrong{{"m.toml", 2, 1, "log.levle", "unknown key"}};
  EXPECT_THAT(check_all({settings_, wrong}, 1000),
              ElementsAre("m.toml:2:1: log.levle: unknown key", HasSubstr("bad.toml:1:")));
  EXPECT_EQ(check_all({std::nullopt, wrong}, 1000).size(), 1U);
}

TEST_F(CheckTest, EndpointsAreCheckedToo) {
  settings_.endpoints = {"tcp://0.0.0.0:1"};
  EXPECT_THAT(check_settings(settings_, 1000), ElementsAre(HasSubstr("CURVE")));
}

}  // namespace
}  // namespace masterd::daemon
