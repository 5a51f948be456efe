// A machine whose files are wrong: it is told why, nothing stays, and the mended one comes up.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BrokenMachineTest : public MachineTest {
 protected:
  /// `what` is in `file`, and what is wrong is `by`.
  void break_with(const std::string& file, const std::string& what, const std::string& by) {
    file_ = file;
    good_ = contents(machine(file));
    edit(file, what, by);
    start_masterd();
  }
  /// It begins, and fails on its way up; the answer names the `step` and says `why`.
  void expect_fails(const std::string& step, const testing::Matcher<std::string>& why) {
    EXPECT_THAT(refused_bring_up(), AllOf(HasSubstr(step), why));
    await_session("");
    expect_nothing_left();
  }
  /// Nothing is begun, the answer says `why`.
  void expect_refused(const testing::Matcher<std::string>& why) {
    EXPECT_THAT(refused_bring_up(), why);
    EXPECT_TRUE(call("status").at("session").is_null());
    EXPECT_THAT(history("session."), testing::IsEmpty());
    expect_nothing_left();
  }
  void mend_and_move() {
    write(file_, good_);
    bring_up();
    expect_moves_to(1);
  }

 private:
  std::string file_;
  std::string good_;
};

TEST_F(BrokenMachineTest, AnUnknownPinEndsTheBringUpAndIsNamedWithItsLine) {
  break_with("mini.hal", "joint.0.motor-pos-fb", "joint.7.motor-pos-fb");
  expect_fails("hal-1", AllOf(HasSubstr("mini.hal:7"), HasSubstr("joint.7.motor-pos-fb")));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AnUnknownModuleEndsTheBringUpAndIsNamed) {
  break_with("mini.hal", "loadrt [EMCMOT]EMCMOT", "loadrt nosuchmod");
  expect_fails("hal-1", HasSubstr("nosuchmod"));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AnUnknownKeyInAHalFileEndsTheBringUpAndIsNamed) {
  break_with("mini.hal", "[EMCMOT]SERVO_PERIOD", "[EMCMOT]NO_SUCH_KEY");
  expect_fails("hal-1", HasSubstr("NO_SUCH_KEY"));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AMissingHalFileEndsTheBringUpAndIsNamed) {
  break_with("mini.ini", "HALFILE = mini.hal", "HALFILE = nowhere.hal");
  expect_fails("hal-1", HasSubstr("[HAL]HALFILE = nowhere.hal"));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AMissingNmlFileEndsTheBringUpAndIsNamed) {
  break_with("mini.ini", "NML_FILE = mini.nml", "NML_FILE = nowhere.nml");
  expect_fails("preflight", HasSubstr("nowhere.nml"));
  mend_and_move();
}

TEST_F(BrokenMachineTest, ATaskThatDoesNotExistEndsTheBringUpAndIsNamed) {
  break_with("mini.ini", "TASK = milltask", "TASK = no-such-task");
  expect_fails("milltask", HasSubstr("no-such-task"));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AnIniWithoutAKeyThatIsNeededIsRefusedWithTheFileAndTheKey) {
  break_with("mini.ini", "TASK = milltask\n", "");
  expect_refused(AllOf(HasSubstr(ini()), HasSubstr("[TASK]TASK")));
  mend_and_move();
}

TEST_F(BrokenMachineTest, AMissingIniIsRefusedByItsPath) {
  start_masterd();
  std::filesystem::remove(ini());
  expect_refused(HasSubstr(ini()));
}

TEST_F(BrokenMachineTest, AMissingIncludeIsRefusedWithTheFileAndTheLine) {
  break_with("mini.ini", "[JOINT_0]\n", "#INCLUDE nowhere.inc\n[JOINT_0]\n");
  expect_refused(AllOf(HasSubstr(ini()), HasSubstr("nowhere.inc")));
  mend_and_move();
}

}  // namespace
}  // namespace masterd::test
