// A foreign file, mapped by a profile, picked, changed and read again.
#include <gmock/gmock.h>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kProfile = R"toml([profile]
files = ["*.ini"]
detect = ["EMC:MACHINE"]

[session]
name = "${ini:EMC:MACHINE}"
description = "the machine ${ini:EMC:MACHINE}"
env = { MACHINE = "${ini:EMC:MACHINE}" }
before = [["/bin/sh", "-c", "echo \"$MACHINE\" > before"]]

[coprocess.server]
command = ["/bin/sleep", "${ini:SERVER:TIME:-1000}"]

[coprocess.load]
type = "oneshot"
for_each = "ini:HAL:HALFILE"
in_order = true
requires = ["server"]
command = ["${profile.dir}/load", "${item}"]

[coprocess.panel]
when = "${ini:HAL:HALUI:-}"
requires = ["load"]
command = ["/bin/sleep", "${ini:HALUI:TIME}"]
)toml";
constexpr const char* kMachine = R"ini([EMC]
MACHINE = My Mill
[HAL]
HALFILE = first
HALFILE = second third
)ini";

class ProfileTest : public DaemonTest {
 protected:
  void SetUp() override {
    folder().file("profiles/mill.toml", kProfile);
    folder().file("profiles/load", "#!/bin/sh\necho \"$1\" >> loaded\n", 0755);
    ini_ = folder().file("configs/mills/mill.ini", kMachine);
    start({"--profiles", folder().path("profiles"), "--config-dir", folder().path("configs")});
  }
  std::string beside(const std::string& name) const {
    return contents(folder().path("configs/mills/" + name));
  }
  void change(const std::string& text) { folder().file("configs/mills/mill.ini", text); }

  std::string ini_;
};

TEST_F(ProfileTest, BringsUpTheSessionOfAFile) {
  EXPECT_EQ(text_of(set_config(ini_), "session"), "My-Mill");
  EXPECT_EQ(beside("before"), "My Mill\n") << "in its folder, with the session's environment";
  EXPECT_EQ(beside("loaded"), "first\nsecond third\n");
  EXPECT_THAT(story({"running", "exited"}),
              ElementsAre("server running", "load-1 exited", "load-2 exited"));
  EXPECT_EQ(text_of(call("status").at("session").as_object(), "config"), ini_);
}

TEST_F(ProfileTest, IsListedAndPickedByItsName) {
  const auto configs = call("list_configs").at("configs").as_array();
  ASSERT_EQ(configs.size(), 1U);
  const json::object& machine = configs.front().as_object();
  EXPECT_EQ(text_of(machine, "name"), "My-Mill");
  EXPECT_EQ(text_of(machine, "description"), "the machine My Mill");
  EXPECT_EQ(text_of(machine, "profile"), "mill");
  EXPECT_EQ(text_of(machine, "path"), ini_);
  EXPECT_EQ(text_of(call("set_config", {{"config", "My-Mill"}, {"wait", "ready"}}), "session"),
            "My-Mill");
  EXPECT_EQ(state("server"), "running");
}

TEST_F(ProfileTest, TellsWhatTheFileLacks) {
  change(std::string{kMachine} + "HALUI = halui\n");
  const proto::Error error = refused("set_config", {{"config", ini_}});
  EXPECT_EQ(proto::reason_of(error), "bad_config");
  EXPECT_THAT(error.message, HasSubstr(ini_ + ": [HALUI]TIME: is missing: the profile needs it (" +
                                       folder().path("profiles/mill.toml") + ":"));
  EXPECT_EQ(call("check_config", {{"config", ini_}}).at("ok"), false);
  EXPECT_THAT(processes(), IsEmpty()) << describe(processes());
}

TEST_F(ProfileTest, IsReadAgainBySighupAndOnlyWhatChangedIsRestarted) {
  set_config(ini_);
  const pid_t server = pid_of("server");
  change(std::string{kMachine} + "HALFILE = more\nHALUI = halui\n[HALUI]\nTIME = 1000\n");
  reload();
  await_state("panel", "running");
  EXPECT_EQ(pid_of("server"), server);
  EXPECT_EQ(beside("loaded"), "first\nsecond third\nmore\n");
  change(std::string{kMachine} + "[SERVER]\nTIME = 999\n");
  reload();
  await_new_pid("server", server);
}

}  // namespace
}  // namespace masterd::test
