// A machine that is changed, or a part of which is started again: the session begins anew.
#include <gmock/gmock.h>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

class ChangedTest : public MachineTest {
 protected:
  /// What a HAL pin holds.
  [[nodiscard]] double pin(const std::string& name) const {
    return std::stod(run(as_owner({"/usr/bin/halcmd", "getp", name})).out);
  }
};

TEST_F(ChangedTest, AnEditedSpeedIsThatOfTheMachineAfterSetConfig) {
  start_masterd();
  bring_up();
  expect_moves_to(1);
  EXPECT_EQ(pin("ini.0.max_velocity"), 50);
  const pid_t task = pid_of("milltask");
  std::string text = contents(ini());
  for (std::size_t at = 0; (at = text.find("\nMAX_VELOCITY = 50\n", at)) != std::string::npos;) {
    text.replace(at, 19, "\nMAX_VELOCITY = 40\n");
  }
  write("mini.ini", text);
  drop_mover();
  const json::object plan = call("set_config", {{"config", ini()}, {"dry_run", true}});
  EXPECT_TRUE(plan.at("anew").as_bool());
  EXPECT_EQ(pid_of("milltask"), task);

  set_config(ini());
  EXPECT_NE(pid_of("milltask"), task);
  EXPECT_EQ(pin("ini.0.max_velocity"), 40);
  expect_moves_to(5);
  end_session();
  expect_nothing_left();
}

TEST_F(ChangedTest, TheSameFileChangesNothing) {
  start_masterd();
  bring_up();
  const auto before = pids();
  set_config(ini());
  EXPECT_EQ(pids(), before);
  expect_moves_to(1);
}

TEST_F(ChangedTest, ARestartOfAPartIsThatOfTheMachine) {
  start_masterd();
  bring_up();
  expect_moves_to(1);
  drop_mover();
  const pid_t realtime = pid_of("rtapi-app");
  restart("io");
  await_session("running");
  EXPECT_NE(pid_of("rtapi-app"), realtime);
  expect_moves_to(5);
  EXPECT_THAT(log(), testing::Not(HasSubstr("fail-safe, pid")));
}

TEST_F(ChangedTest, APartThatWasStoppedCannotBeStartedAlone) {
  start_masterd();
  bring_up();
  stop("milltask");
  EXPECT_EQ(reason("start", {{"names", {"milltask"}}}), "impossible");
  restart("milltask");
  await_session("running");
  expect_moves_to(1);
}

}  // namespace
}  // namespace masterd::test
