// Files that load: what they say, and what they leave to the defaults.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "config/load.h"
#include "tests/config/results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(LoadText, FillsTheSmallestFileWithDefaults) {
  const SessionSpec spec = session("[coprocess.a]\ncommand = [\"x\"]\n");
  EXPECT_EQ(spec.name, "test");
  EXPECT_EQ(spec.description, "");
  EXPECT_EQ(spec.path, "");
  EXPECT_THAT(spec.groups, IsEmpty());
  CoprocessSpec expected;
  expected.name = "a";
  expected.command = {"x"};
  expected.cwd = "/etc/masterd";
  EXPECT_EQ(spec.coprocesses, std::vector{expected});
}

TEST(CoprocessSpec, DefaultsAreTheDocumentedOnes) {
  const CoprocessSpec spec = coprocess("[coprocess.a]\ncommand = [\"x\"]\n");
  EXPECT_EQ(spec.group, "");
  EXPECT_THAT(spec.requires_, IsEmpty());
  EXPECT_THAT(spec.env, IsEmpty());
  EXPECT_FALSE(spec.vital);
  EXPECT_EQ(spec.on_exit, OnExit::None);
  EXPECT_EQ(spec.restart.policy, Restart::Never);
  EXPECT_EQ(spec.restart.delay, milliseconds{100});
  EXPECT_EQ(spec.restart.max_delay, seconds{30});
  EXPECT_EQ(spec.restart.limit, 5U);
  EXPECT_EQ(spec.restart.within, seconds{60});
  EXPECT_EQ(spec.restart.then, Then::Fail);
  EXPECT_THAT(spec.stop, ElementsAre(StopStep{SIGTERM, seconds{5}}, StopStep{SIGKILL, seconds{2}}));
}

TEST(LoadText, TakesEveryKey) {
  const SessionSpec spec = session(R"(
[session]
name = "all"
description = "every key"
[coprocess.ui]
group = "app"
description = "the display"
command = ["ui", "--fast"]
requires = ["rt"]
cwd = "/srv"
env = { A = "1", "b.c" = "" }
vital = true
on_exit = "end-session"
restart = { policy = "always", delay = "0s", max_delay = "1m", limit = 0, within = "0s", then = "shutdown" }
stop = { ladder = [{ signal = "INT", grace = "1s" }, { signal = 15, grace = "0s" }, { signal = "SIGKILL", grace = "9s" }] }
[coprocess.rt]
command = ["rt"]
)");
  EXPECT_EQ(spec.name, "all");
  EXPECT_EQ(spec.description, "every key");
  const CoprocessSpec& ui = spec.coprocesses.front();
  EXPECT_EQ(ui.group, "app");
  EXPECT_EQ(ui.description, "the display");
  EXPECT_THAT(ui.command, ElementsAre("ui", "--fast"));
  EXPECT_THAT(ui.requires_, ElementsAre("rt"));
  EXPECT_EQ(ui.cwd, "/srv");
  EXPECT_THAT(ui.env, ElementsAre(Pair("A", "1"), Pair("b.c", "")));
  EXPECT_TRUE(ui.vital);
  EXPECT_EQ(ui.on_exit, OnExit::EndSession);
  EXPECT_EQ(ui.restart, (RestartSpec{Restart::Always, milliseconds{0}, minutes{1}, 0,
                                     milliseconds{0}, Then::Shutdown}));
  EXPECT_THAT(ui.stop, ElementsAre(StopStep{SIGINT, seconds{1}}, StopStep{SIGTERM, seconds{0}},
                                   StopStep{SIGKILL, seconds{9}}));
}

TEST(LoadText, KeepsTheOrderOfTheFile) {
  const SessionSpec spec = session(R"(
[group.z]
requires = ["b"]
[coprocess.z2]
group = "z"
command = ["x"]
[coprocess.b.restart]
policy = "always"
[coprocess.b]
group = "y"
command = ["x"]
[coprocess.a]
group = "y"
command = ["x"]
[group.y]
)");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("z2", "b", "a"));
  EXPECT_THAT(names(spec.groups), ElementsAre("z", "y"));
}

TEST(LoadText, MakesGroupsThatOnlyCoprocessesName) {
  const SessionSpec spec = session(
      "[coprocess.a]\ngroup = \"rt\"\ncommand = [\"x\"]\n[coprocess.b]\ngroup = \"rt\"\ncommand = "
      "[\"x\"]\n");
  EXPECT_EQ(spec.groups, std::vector{(GroupSpec{"rt", {}})});
}

TEST(LoadText, GivesMembersWhatTheirGroupRequires) {
  const SessionSpec spec = session(R"(
[group.app]
requires = ["rt", "net"]
[coprocess.net]
command = ["x"]
[coprocess.host]
group = "rt"
command = ["x"]
[coprocess.ui]
group = "app"
requires = ["net", "host"]
command = ["x"]
)");
  EXPECT_THAT(spec.coprocesses[2].requires_, ElementsAre("net", "host", "rt"));
  EXPECT_THAT(spec.groups.front().requires_, ElementsAre("rt", "net"));
}

TEST(Defaults, GiveWayToTheCoprocessKeyByKey) {
  const std::string defaults = R"(
[defaults]
cwd = "run"
vital = true
on_exit = "shutdown"
env = { A = "default", B = "default" }
restart = { policy = "always", delay = "1s", limit = 9 }
stop = { ladder = [{ signal = "INT" }] }
)";
  const CoprocessSpec silent = coprocess(defaults + "[coprocess.a]\ncommand = [\"x\"]\n");
  EXPECT_EQ(silent.cwd, "/etc/masterd/run");
  EXPECT_TRUE(silent.vital);
  EXPECT_EQ(silent.on_exit, OnExit::Shutdown);
  EXPECT_THAT(silent.stop,
              ElementsAre(StopStep{SIGINT, seconds{5}}, StopStep{SIGKILL, seconds{2}}));

  const CoprocessSpec own = coprocess(defaults + R"(
[coprocess.a]
command = ["x"]
cwd = "b"
vital = false
on_exit = "none"
env = { B = "own", C = "own" }
restart = { delay = "2s", then = "end-session" }
stop = { ladder = [{ signal = "HUP", grace = "1s" }] }
)");
  EXPECT_EQ(own.cwd, "/etc/masterd/b");
  EXPECT_FALSE(own.vital);
  EXPECT_EQ(own.on_exit, OnExit::None);
  EXPECT_THAT(own.env, ElementsAre(Pair("A", "default"), Pair("B", "own"), Pair("C", "own")));
  EXPECT_EQ(own.restart, (RestartSpec{Restart::Always, seconds{2}, seconds{30}, 9, seconds{60},
                                      Then::EndSession}));
  EXPECT_THAT(own.stop, ElementsAre(StopStep{SIGHUP, seconds{1}}, StopStep{SIGKILL, seconds{2}}));
}

TEST(StopLadder, EndsInKillAlsoWhenItIsEmpty) {
  EXPECT_THAT(coprocess("[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = []\n").stop,
              ElementsAre(StopStep{SIGKILL, seconds{2}}));
}

TEST(StopLadder, IsKeptWhenItEndsInKill) {
  EXPECT_THAT(coprocess("[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{signal = 9}]\n").stop,
              ElementsAre(StopStep{SIGKILL, seconds{2}}));
}

TEST(StopLadder, HasARungThatSendsNothingAndIsFollowedByKillAlsoAlone) {
  const std::string text = "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = ";
  EXPECT_THAT(coprocess(text + "[{signal = \"none\", grace = \"1s\"}, {signal = \"TERM\"}]\n").stop,
              ElementsAre(StopStep{kNoSignal, seconds{1}}, StopStep{SIGTERM, seconds{5}},
                          StopStep{SIGKILL, seconds{2}}));
  EXPECT_THAT(coprocess(text + "[{signal = \"none\"}]\n").stop,
              ElementsAre(StopStep{kNoSignal, seconds{5}}, StopStep{SIGKILL, seconds{2}}));
}

TEST(StopLadder, StaysTheDefaultWhenStopIsEmpty) {
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"x\"]\nstop = {}\n").stop, CoprocessSpec{}.stop);
}

TEST(Command, KeepsABareNameAndAnAbsolutePath) {
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"sh\"]\n").command.front(), "sh");
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"/bin/sh\"]\n").command.front(), "/bin/sh");
}

TEST(Command, CountsARelativeProgramFromTheConfigFolder) {
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"./x\"]\n").command.front(), "/etc/masterd/x");
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"../x/y\"]\n").command.front(), "/etc/x/y");
}

TEST(Command, LeavesArgumentsAlone) {
  EXPECT_THAT(coprocess("[coprocess.a]\ncommand = [\"x\", \"./y\", \"\"]\n").command,
              ElementsAre("x", "./y", ""));
}

TEST(Expansion, PutsTheConfigFolderIntoCommandCwdAndEnv) {
  const CoprocessSpec spec = coprocess(R"(
[coprocess.a]
command = ["${config.dir}/bin/x", "-c", "a${config.dir}b${config.dir}"]
cwd = "${config.dir}/run/"
env = { D = "${config.dir}" }
)");
  EXPECT_THAT(spec.command, ElementsAre("/etc/masterd/bin/x", "-c", "a/etc/masterdb/etc/masterd"));
  EXPECT_EQ(spec.cwd, "/etc/masterd/run");
  EXPECT_THAT(spec.env, ElementsAre(Pair("D", "/etc/masterd")));
}

TEST(Expansion, LeavesShellTextAlone) {
  const std::string text = "${HOME} ${x:-${y}} $$ $x ${configure} ${ $";
  EXPECT_EQ(coprocess("[coprocess.a]\ncommand = [\"sh\", \"-c\", '" + text + "']\n").command[2],
            text);
}

TEST(Expansion, TakesADoubledDollarForALiteral) {
  EXPECT_EQ(
      coprocess("[coprocess.a]\ncommand = [\"x\", \"$${config.dir} $${ini:A:B}\"]\n").command[1],
      "${config.dir} ${ini:A:B}");
}

TEST(LoadFile, CountsFromTheFilesFolderAndTakesItsStemForAName) {
  const test::TempFolder folder;
  const auto path = folder.file("my-stack.toml", "[coprocess.a]\ncommand = [\"./x\"]\n");
  const SessionSpec spec = loaded(load_file(path));
  EXPECT_EQ(spec.name, "my-stack");
  EXPECT_EQ(spec.path, path);
  EXPECT_EQ(spec.coprocesses.front().cwd, folder.path().native());
  EXPECT_EQ(spec.coprocesses.front().command.front(), folder.path() / "x");
}

TEST(LoadFile, MakesARelativePathAbsolute) {
  const test::TempFolder folder;
  const auto path = folder.file("a.toml", "[coprocess.a]\ncommand = [\"x\"]\n");
  const auto relative = std::filesystem::relative(path);
  ASSERT_TRUE(relative.is_relative());
  const SessionSpec spec = loaded(load_file(relative));
  EXPECT_EQ(spec.path, (std::filesystem::current_path() / relative).lexically_normal());
  EXPECT_EQ(spec.coprocesses.front().cwd.front(), '/');
}

TEST(LoadFile, TakesTheExampleSession) {
  const SessionSpec spec =
      loaded(load_file(std::filesystem::path{MASTERD_SOURCE_DIR} / "examples/two-stage.toml"));
  EXPECT_EQ(spec.name, "two-stage");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("rt-host", "ui-server", "stubborn"));
  EXPECT_THAT(spec.coprocesses[1].requires_, ElementsAre("rt"));
}

TEST(LoadText, TakesTheExampleOfTheManual) {
  std::ifstream file{std::filesystem::path{MASTERD_SOURCE_DIR} / "docs/session-file.md"};
  const std::string manual{std::istreambuf_iterator<char>{file}, {}};
  const std::string fence = "```toml\n";
  const std::size_t begin = manual.rfind(fence) + fence.size();
  const SessionSpec spec = session(manual.substr(begin, manual.rfind("```") - begin));
  EXPECT_EQ(spec.name, "mill");
  EXPECT_THAT(names(spec.coprocesses),
              ElementsAre("io-module", "rt-host", "planner", "camera-1", "camera-2", "display"));
}

}  // namespace
}  // namespace masterd::config
