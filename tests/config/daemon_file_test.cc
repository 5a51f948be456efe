// masterd.toml: what it says, and what is wrong with it.
#include "config/daemon_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/config/results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(LoadDaemonFile, LeavesEverythingToTheBuiltInDefaultsWhenEmpty) {
  const test::TempFolder folder;
  EXPECT_EQ(loaded(load_daemon_file(folder.file("masterd.toml", ""))), DaemonSpec{});
}

TEST(LoadDaemonFile, TakesEveryKey) {
  const test::TempFolder folder;
  const DaemonSpec spec = loaded(load_daemon_file(folder.file("masterd.toml", R"(
endpoints = ["ipc:///run/masterd/control.sock", "tcp://127.0.0.1:5550"]
events = ["tcp://*:*"]
config_dirs = ["/etc/masterd/sessions", "sessions/"]
profiles = ["/etc/masterd/profiles", "lathe.toml"]
[log]
level = "debug"
format = "json"
[hook]
command = ["./hook", "${config.dir}"]
interval = "1.5s"
)")));
  EXPECT_THAT(spec.endpoints,
              ElementsAre("ipc:///run/masterd/control.sock", "tcp://127.0.0.1:5550"));
  EXPECT_THAT(spec.events, ElementsAre("tcp://*:*"));
  EXPECT_THAT(spec.config_dirs, ElementsAre("/etc/masterd/sessions", folder.path() / "sessions"));
  EXPECT_THAT(spec.profiles, ElementsAre("/etc/masterd/profiles", folder.path() / "lathe.toml"));
  EXPECT_EQ(spec.log_level, "debug");
  EXPECT_EQ(spec.log_format, "json");
  EXPECT_THAT(spec.hook_command, ElementsAre(folder.path() / "hook", folder.path().native()));
  EXPECT_EQ(spec.hook_interval, milliseconds{1500});
}

TEST(LoadDaemonFile, TakesDefaultsWhosePathsCountFromItsFolder) {
  const test::TempFolder folder;
  const CoprocessSpec defaults = loaded(load_daemon_file(folder.file("masterd.toml", R"(
[defaults]
env = { HERE = "${config.dir}", FILE = "${config.path}" }
env_file = "common.env"
before = [["./prepare"]]
stop = { ladder = [{ signal = "INT", grace = "9s" }] }
)")))
                                     .defaults;
  EXPECT_THAT(defaults.env, ElementsAre(std::pair{"FILE", folder.path("masterd.toml")},
                                        std::pair{"HERE", folder.path().string()}));
  EXPECT_THAT(defaults.env_files, ElementsAre(folder.path("common.env")));
  EXPECT_THAT(defaults.before.front().argv, ElementsAre(folder.path("prepare")));
  EXPECT_EQ(defaults.stop.front(), (StopStep{SIGINT, milliseconds{9000}}));
  EXPECT_EQ(defaults.cwd, "") << "each session's own folder";
}

TEST(LoadDaemonFile, IsReadOnPastItsFaults) {
  const test::TempFolder folder;
  const DaemonFile read = read_daemon_file(folder.file("masterd.toml", R"(
endpoints = ["udp://a:1", "ipc:///a"]
config_dirs = ["", "mine"]
[log]
levle = "info"
[defaults]
nice = 99
vital = true
)"));
  ASSERT_EQ(read.wrong.size(), 4U) << all_of(read.wrong);
  ASSERT_TRUE(read.spec);
  EXPECT_THAT(read.spec->endpoints, ElementsAre("ipc:///a"));
  EXPECT_THAT(read.spec->config_dirs, ElementsAre(folder.path("mine")));
  EXPECT_EQ(read.spec->defaults.nice, std::nullopt);
  EXPECT_TRUE(read.spec->defaults.vital);
  EXPECT_FALSE(read_daemon_file(folder.file("masterd.toml", "[log\n")).spec);
}

TEST(LoadDaemonFile, SaysThatTheFileIsMissing) {
  const test::TempFolder folder;
  const Diagnostics found = refused(load_daemon_file(folder.path() / "masterd.toml"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front().message, HasSubstr("No such file"));
}

struct Broken {
  const char* name;
  const char* text;
  unsigned line;
  const char* key;
  const char* fragment;
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

class BrokenDaemonFile : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenDaemonFile, IsRefusedWithItsPlaceAndReason) {
  const Broken& broken = GetParam();
  const test::TempFolder folder;
  const auto path = folder.file("masterd.toml", broken.text);
  const Diagnostics found = refused(load_daemon_file(path));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_EQ(found.front().file, path);
  EXPECT_EQ(found.front().line, broken.line) << found.front().to_string();
  EXPECT_GT(found.front().column, 0U);
  EXPECT_EQ(found.front().key, broken.key);
  EXPECT_THAT(found.front().message, HasSubstr(broken.fragment));
}

constexpr Broken kBroken[] = {
    {"Syntax", "endpoints = [\n", 1, "", "TOML"},
    {"UnknownKey", "endpoint = []\n", 1, "endpoint", "did you mean 'endpoints'?"},
    {"UnknownLogKey", "[log]\nlevle = \"info\"\n", 2, "log.levle", "did you mean 'level'?"},
    {"UnknownHookKey", "[hook]\ncommand = [\"x\"]\ninterval = \"1s\"\nargs = []\n", 4, "hook.args",
     "known here: command, interval"},
    {"EndpointsIsAString", "endpoints = \"ipc:///x\"\n", 1, "endpoints", "an array of strings"},
    {"EndpointWithoutScheme", "endpoints = [\"/run/x\"]\n", 1, "endpoints[0]", "found '/run/x'"},
    {"EndpointOfAnotherScheme", "endpoints = [\"udp://a:1\"]\n", 1, "endpoints[0]",
     "found 'udp://a:1'"},
    {"EndpointWithoutPort", "events = [\"tcp://localhost\"]\n", 1, "events[0]",
     "found 'tcp://localhost'"},
    {"EndpointWithABadPort", "events = [\"ipc:///a\", \"tcp://localhost:65536\"]\n", 1, "events[1]",
     "tcp://HOST:PORT"},
    {"EndpointWithoutHost", "events = [\"tcp://:5\"]\n", 1, "events[0]", "tcp://HOST:PORT"},
    {"EndpointWithARelativePath", "events = [\"ipc://run/x\"]\n", 1, "events[0]", "ABSOLUTE"},
    {"EndpointThatIsAFolder", "events = [\"ipc:///run/\"]\n", 1, "events[0]", "ABSOLUTE"},
    {"EndpointTooLongForASocket",
     "events = [\"ipc:///12345678901234567890123456789012345678901234567890"
     "1234567890123456789012345678901234567890123456789012345678\"]\n",
     1, "events[0]", "the path has 109 bytes; a socket's has at most 107"},
    {"ConfigDirEmpty", "config_dirs = [\"\"]\n", 1, "config_dirs[0]", "an empty path"},
    {"ConfigDirIsATable", "config_dirs = [{}]\n", 1, "config_dirs[0]",
     "expected a string; found a table"},
    {"LevelUnknown", "[log]\nlevel = \"loud\"\n", 2, "log.level", "one of trace, debug, info"},
    {"FormatUnknown", "[log]\nformat = \"xml\"\n", 2, "log.format",
     "one of text, json; found 'xml'"},
    {"LogIsAString", "log = \"debug\"\n", 1, "log", "expected a table"},
    {"HookWithoutInterval", "[hook]\ncommand = [\"x\"]\n", 1, "hook", "'interval' is missing"},
    {"HookWithoutCommand", "[hook]\ninterval = \"1s\"\n", 1, "hook", "'command' is missing"},
    {"HookWithoutPause", "[hook]\ncommand = [\"x\"]\ninterval = \"0s\"\n", 3, "hook.interval",
     "above 0"},
    {"HookWithABadInterval", "[hook]\ncommand = [\"x\"]\ninterval = \"often\"\n", 3,
     "hook.interval", "found 'often'"},
    {"DefaultsIsAString", "defaults = \"x\"\n", 1, "defaults", "expected a table"},
    {"UnknownDefault", "[defaults]\nrestrat.limit = 1\n", 2, "defaults.restrat",
     "did you mean 'restart'?"},
    {"DefaultWithABadValue", "[defaults]\n[defaults.stop]\nladder = [{ signal = \"NOPE\" }]\n", 3,
     "defaults.stop.ladder[0].signal", "found 'NOPE'"},
    {"DefaultCommand", "[defaults]\ncommand = [\"x\"]\n", 2, "defaults.command",
     "cannot have a default"},
    {"DefaultOutputFile", "[defaults]\noutput.file = \"/l\"\n", 2, "defaults.output.file",
     "cannot have a default"},
    {"DefaultOfAProfile", "[defaults]\nenv.A = \"${ini:A:B}\"\n", 2, "defaults.env.A",
     "belongs to a profile"},
    {"ASessionsTable", "[session]\nname = \"a\"\n", 1, "session", "known here: endpoints"},
    {"DeepKey", "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1\n", 1, "", "more than 16 parts"},
};
INSTANTIATE_TEST_SUITE_P(Table, BrokenDaemonFile, ::testing::ValuesIn(kBroken),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace masterd::config
