// masterd.toml and a real masterd: its defaults, its options, and what --check says of it all.
#include <gmock/gmock.h>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kConfig = 78;
constexpr const char* kSaysWord = "echo \"word $WORD\"; exec sleep 1000";

class DaemonFileTest : public DaemonTest {
 protected:
  std::string daemon_file(const std::string& text) const {
    return folder().file("masterd.toml", text);
  }
  Finished check(const std::vector<std::string>& args) const {
    std::vector<std::string> all{"--check"};
    all.insert(all.end(), args.begin(), args.end());
    return run(plan(all));
  }
};

TEST_F(DaemonFileTest, ItsDefaultsHoldForFilesMappedFilesAndText) {
  folder().file("profiles/mill.toml",
                "[profile]\nfiles = [\"*.ini\"]\n" + coprocess("mapped", kSaysWord));
  start(
      {"--config", daemon_file("profiles = [\"profiles\"]\n[defaults]\nenv.WORD = \"common\"\n")});
  set_config(session_file(coprocess("plain", kSaysWord)));
  await_line({"plain"}, "word common");
  set_config(folder().file("x.ini", "[A]\n"));
  await_line({"mapped"}, "word common");
  call("set_config", {{"text", coprocess("inline", kSaysWord)}, {"wait", "ready"}});
  await_line({"inline"}, "word common");
  set_config(session_file("[defaults]\nenv.WORD = \"own\"\n" + coprocess("plain", kSaysWord)));
  await_line({"plain"}, "word own");
}

TEST_F(DaemonFileTest, AReloadReadsTheSessionAloneAndItsDefaultsChangeNothing) {
  const std::string file = daemon_file("[defaults]\nenv.WORD = \"common\"\n");
  start({"--config", file});
  set_config(session_file(coprocess("a", kSaysWord)));
  await_line({"a"}, "word common");
  const auto before = pids();
  daemon_file("[defaults]\nenv.WORD = \"other\"\n");
  reload();
  EXPECT_EQ(pids(), before);
  EXPECT_THAT(log(), HasSubstr("0 added, 0 removed, 0 changed"));
}

TEST_F(DaemonFileTest, AHookOfFlagsRunsWhileNothingIsPicked) {
  start({"--hook-command", "/bin/sh", "--hook-command", "-c", "--hook-command",
         "echo ran >> " + folder().path("ran"), "--hook-interval", "10ms"});
  EXPECT_TRUE(eventually([&] { return count_of(contents(folder().path("ran")), "ran") > 1; }));
}

TEST_F(DaemonFileTest, CheckTellsWhatIsWrongWithEverythingAtOnce) {
  const std::string file = daemon_file(
      "config_dirs = [\"sessions\"]\nprofiles = [\"profiles\"]\n[log]\nlevle = \"info\"\n"
      "[defaults]\nnice = 99\n");
  const std::string profile = folder().file(
      "profiles/mill.toml", "[profile]\nfiles = [\"*.ini\"]\nfor = 1\n" + coprocess("a", "true"));
  const std::string one = folder().file("sessions/one.toml", "[coprocess.a]\nvital = true\n");
  const std::string two =
      folder().file("sessions/deep/two.toml", coprocess("a", "true", "nise = 1"));
  const Finished all = check({"--config", file});
  EXPECT_EQ(all.status, kConfig);
  EXPECT_THAT(all.err, AllOf(HasSubstr(file + ":4:1: log.levle: "),
                             HasSubstr(file + ":6:8: defaults.nice: "),
                             HasSubstr(profile + ":3:1: profile.for: "),
                             HasSubstr(one + ":1:12: coprocess.a: 'command' is missing"),
                             HasSubstr(two + ":3:1: coprocess.a.nise: ")));
  EXPECT_EQ(count_of(all.err, "\n"), 5U) << all.err;
  EXPECT_THAT(all.out, IsEmpty());
}

TEST_F(DaemonFileTest, CheckIsContentWithFilesThatAreRight) {
  const std::string file = daemon_file(
      "config_dirs = [\"sessions\"]\nprofiles = [\"profiles\"]\n[defaults]\nnice = 1\n");
  folder().file("profiles/mill.toml",
                "[profile]\nfiles = [\"*.ini\"]\n[coprocess.a]\ncommand = [\"${ini:A:B}\"]\n");
  folder().file("sessions/one.toml", coprocess("a", "true"));
  folder().file("sessions/two.ini", "[A]\nB = x\n");
  const Finished end = check({"--config", file});
  EXPECT_EQ(end.status, 0);
  EXPECT_EQ(end.err, "");
}

TEST_F(DaemonFileTest, CheckOfAFileThatIsNoTomlTellsThatAlone) {
  const std::string file = daemon_file("config_dirs = [\"sessions\"\n");
  folder().file("sessions/one.toml", "[coprocess.a]\n");
  const Finished end = check({"--config", file});
  EXPECT_EQ(end.status, kConfig);
  EXPECT_THAT(end.err, AllOf(HasSubstr(file + ":1:27: TOML: "), Not(HasSubstr("one.toml"))));
}

TEST_F(DaemonFileTest, CheckOfAMappedFileTellsWhatItLacks) {
  folder().file("profiles/mill.toml",
                "[profile]\nfiles = [\"*.ini\"]\n[coprocess.a]\ncommand = [\"${ini:A:B}\"]\n");
  const std::string ini = folder().file("x.ini", "[A]\n");
  const Finished end = check({"--profiles", folder().path("profiles"), "--session", ini});
  EXPECT_EQ(end.status, kConfig);
  EXPECT_THAT(end.err, HasSubstr(ini + ":1: [A]B: is missing"));
}

}  // namespace
}  // namespace masterd::test
