// What a process is given, as the session file says, and what happens when the kernel refuses.
#include <gmock/gmock.h>
#include <unistd.h>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::ElementsAre;

class AttributesTest : public DaemonTest {};

TEST_F(AttributesTest, AreWhatTheFileSays) {
  folder().file("secret.env", "FROM_FILE=one\nBOTH=file\n");
  folder().file("sub/here", "");
  start_session(coprocess("a",
                          "ulimit -n; umask; cat /proc/self/oom_score_adj; nice\n"
                          "echo $FROM_FILE $BOTH ${HOME-unset}; ls; exec sleep 1000",
                          "limits = { nofile = 64 }\numask = \"027\"\noom_score_adj = 500\n"
                          "nice = 7\nenv_file = \"secret.env\"\nenv = { BOTH = \"table\" }\n"
                          "env_unset = [\"HOME\"]\ncwd = \"sub\"\n"));
  await_line({"a"}, "here");
  EXPECT_THAT(lines("a"), ElementsAre("64", "0027", "500", "7", "one table unset", "here"));
}

TEST_F(AttributesTest, AnotherUserHasItsGroupsAndOnlyTheCapabilitiesThatAreKept) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  start_session(coprocess("a",
                          "id -u; id -g; grep CapEff: /proc/self/status | tr -d '\\t'\n"
                          "grep NoNewPrivs: /proc/self/status | tr -d '\\t'; echo end; "
                          "exec sleep 1000",
                          "user = \"65534\"\ngroup_name = \"65533\"\nno_new_privs = true\n"
                          "capabilities = [\"net_bind_service\"]\ncwd = \"/\"\n"));
  await_line({"a"}, "end");
  EXPECT_THAT(lines("a"),
              ElementsAre("65534", "65533", "CapEff:0000000000000400", "NoNewPrivs:1", "end"));
}

// As in a container, or for a service: a daemon of an ordinary user, who has no entry anywhere.
TEST_F(AttributesTest, ADaemonWithoutPrivilegesRunsThingsAsTheUserThatItIs) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may become somebody else";
  constexpr uid_t kStranger = 65432;
  Plan as_stranger = plan();
  as_stranger.argv.insert(as_stranger.argv.begin(), {"/usr/bin/setpriv", "--reuid=65432",
                                                     "--regid=65432", "--clear-groups", "--"});
  Plan version = as_stranger;
  version.argv = {"/usr/bin/setpriv", "--reuid=65432", "--", MASTERD, "--version"};
  if (run(version).status != 0) GTEST_SKIP() << MASTERD " cannot be run by other users";
  ASSERT_EQ(::chown(folder().path().c_str(), kStranger, kStranger), 0);
  start(as_stranger);
  set_config(session_file(
      coprocess("a", "id -u; id -g; id -G; echo end; exec sleep 1000", "user = \"65432\"\n")));
  await_line({"a"}, "end");
  EXPECT_THAT(lines("a"), ElementsAre("65432", "65432", "65432", "end"));
}

struct Refused {
  const char* name;
  const char* keys;
  const char* reason;
};

class RefusedTest : public DaemonTest, public testing::WithParamInterface<Refused> {};

INSTANTIATE_TEST_SUITE_P(
    Attributes, RefusedTest,
    testing::Values(Refused{"Cwd", "cwd = \"/nowhere\"\n",
                            "chdir /nowhere: No such file or directory (ENOENT)"},
                    Refused{"EnvFile", "env_file = \"/nowhere/x.env\"\n",
                            "env-file /nowhere/x.env: No such file or directory (ENOENT)"},
                    Refused{
                        "User", "user = \"no-such-user\"\n",
                        "user 'no-such-user', who is unknown: No such file or directory (ENOENT)"},
                    Refused{"Affinity", "realtime = { cpus = [1023] }\n",
                            "affinity: Invalid argument (EINVAL)"}),
    [](const auto& info) { return std::string{info.param.name}; });

TEST_P(RefusedTest, IsAFailedStartWithItsStageAndNothingElseSuffers) {
  start();
  set_config(session_file(coprocess("a", kSleeper, GetParam().keys) + coprocess("b", kSleeper)),
             false);
  await_state("a", "failed");
  EXPECT_EQ(text_of(coprocess_status("a"), "reason"), GetParam().reason);
  await_state("b", "running");
}

}  // namespace
}  // namespace masterd::test
