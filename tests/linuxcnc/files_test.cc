// What an .ini may ask for besides the plain machine.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace fs = std::filesystem;

class FilesTest : public MachineTest {
 protected:
  /// What a HAL signal holds.
  [[nodiscard]] std::string signal_value(const std::string& signal) const {
    std::string text = run(as_owner({"/usr/bin/halcmd", "gets", signal})).out;
    while (!text.empty() && text.back() <= ' ') text.pop_back();
    return text;
  }
  void add_to(const std::string& section, const std::string& lines) {
    edit("mini.ini", "[" + section + "]\n", "[" + section + "]\n" + lines);
  }
  void script(const std::string& file, const std::string& text) const {
    write(file, text);
    fs::permissions(machine(file), fs::perms::owner_all);
  }
  /// A HAL component in Python that `begins` in this way; its pid is in component.pid.
  void add_component(const std::string& begins) {
    script("component.py", "#!/usr/bin/python3\nimport hal, os, signal\n" + begins +
                               "c = hal.component('watcher')\nc.ready()\n"
                               "open('component.pid', 'w').write(f'{os.getpid()}\\n')\n"
                               "while True: signal.pause()\n");
    edit("mini.hal", "# No real safety", "loadusr -W ./component.py\n# No real safety");
    edit("mini.hal", "loadusr -W ./component.py", "loadusr -Wn watcher ./component.py");
  }
  [[nodiscard]] pid_t component() const {
    EXPECT_TRUE(eventually([&] { return !contents(machine("component.pid")).empty(); }));
    return std::stoi(contents(machine("component.pid")));
  }
  void expect_down_with_the_session(pid_t pid) {
    EXPECT_TRUE(is_alive(pid));
    end_session();
    EXPECT_FALSE(is_alive(pid));
    expect_nothing_left();
  }
};

TEST_F(FilesTest, AComponentThatAHalFileLoadsGoesDownWithTheSession) {
  add_component("");
  start_masterd();
  bring_up();
  expect_moves_to(1);
  expect_down_with_the_session(component());
}

TEST_F(FilesTest, OneThatIgnoresSigtermGoesDownToo) {
  add_component("signal.signal(signal.SIGTERM, signal.SIG_IGN)\n");
  start_masterd();
  bring_up();
  expect_down_with_the_session(component());
}

TEST_F(FilesTest, OneThatNeverBecomesReadyDoesNotKeepTheEndFromComing) {
  add_component("open('component.pid', 'w').write(f'{os.getpid()}\\n')\nsignal.pause()\n");
  start_masterd();
  set_config(ini(), false);
  expect_down_with_the_session(component());
}

TEST_F(FilesTest, HalFilesAndHalCommandsRunInTheirOrder) {
  write("second.hal", "newsig second u32\nsets second 1\n");
  write("third.hal", "sets second 3\n");
  add_to("HAL", "HALCMD = sets second 4\nHALCMD = newsig fifth u32\nHALCMD = sets fifth 5\n");
  edit("mini.ini", "HALFILE = mini.hal\n",
       "HALFILE = mini.hal\nHALFILE = second.hal\nHALFILE = third.hal\n");
  start_masterd();
  bring_up();
  EXPECT_EQ(signal_value("second"), "4");
  EXPECT_EQ(signal_value("fifth"), "5");
}

TEST_F(FilesTest, WhatAnIniIncludesCountsAndItsCopyGoesWithTheSession) {
  std::string text = contents(ini());
  const std::size_t at = text.find("[AXIS_X]");
  write("axis.inc", text.substr(at));
  write("mini.ini", text.substr(0, at) + "#INCLUDE axis.inc\n");
  start_masterd();
  bring_up();
  EXPECT_TRUE(fs::exists(machine("mini.ini.expanded")));
  expect_moves_to(1);
  end_session();
  EXPECT_FALSE(fs::exists(machine("mini.ini.expanded")));
}

TEST_F(FilesTest, WithoutHaluiThereIsNone) {
  edit("mini.ini", "HALUI = halui\n", "");
  start_masterd();
  bring_up();
  EXPECT_THAT(World::named("halui"), IsEmpty());
  expect_moves_to(1);
}

TEST_F(FilesTest, ApplicationsRunBesideTheMachineAndEndWithIt) {
  script("one", "#!/bin/sh\necho $$ $* >one.pid; exec sleep 1000\n");
  script("two", "#!/bin/sh\necho $$ >two.pid; exec sleep 1000\n");
  write("mini.ini", contents(ini()) + "[APPLICATIONS]\nAPP = one 'a b' c\nAPP = ./two\n");
  start_masterd();
  bring_up();
  ASSERT_TRUE(eventually([&] {
    return !contents(machine("one.pid")).empty() && !contents(machine("two.pid")).empty();
  }));
  EXPECT_THAT(contents(machine("one.pid")), HasSubstr(" a b c\n"));
  const pid_t one = std::stoi(contents(machine("one.pid")));
  expect_down_with_the_session(one);
}

TEST_F(FilesTest, TheHalFileOfTheShutdownRunsWhileAllIsUp) {
  write("down.hal", "loadusr -w ./note\n");
  script("note", "#!/bin/sh\npidof milltask >down\n");
  add_to("HAL", "SHUTDOWN = down.hal\n");
  start_masterd();
  bring_up();
  const pid_t task = pid_of("milltask");
  end_session();
  EXPECT_EQ(contents(machine("down")), std::to_string(task) + "\n");
}

class DisplayTest : public FilesTest {
 protected:
  void start_with(const std::string& display) {
    edit("mini.ini", "DISPLAY = dummy", "DISPLAY = " + display);
    write("mini.ini", contents(ini()) + "[MASTERD]\nSTART_DISPLAY = yes\n");
    start_masterd();
    bring_up();
  }
};

TEST_F(DisplayTest, IsNotStartedUnlessItIsAskedFor) {
  edit("mini.ini", "DISPLAY = dummy", "DISPLAY = linuxcncrsh");
  start_masterd();
  bring_up();
  EXPECT_THAT(World::named("linuxcncrsh"), IsEmpty());
}

TEST_F(DisplayTest, RunsWithTheMachineAndEndsWithIt) {
  start_with("linuxcncrsh");
  expect_moves_to(1);
  expect_down_with_the_session(pid_of("display"));
}

TEST_F(DisplayTest, ClosingItEndsTheSession) {
  script("screen",
         "#!/bin/sh\ntest \"$1\" = -ini || exit 1\nwhile ! test -e close; do sleep 0.05; done\n");
  start_with("./screen");
  write("close", "");
  await_session("");
  EXPECT_THAT(log(), Not(HasSubstr("fail-safe")));
  expect_nothing_left();
}

TEST_F(DisplayTest, ItsDeathEndsTheSessionAndStopsTheAxis) {
  start_with("linuxcncrsh");
  begin_slow_move();
  const AxisView view = axis();
  AxisWatch watch{view};
  ::kill(pid_of("display"), SIGKILL);
  const auto stop = watch.await_still(std::chrono::milliseconds{100});
  ASSERT_TRUE(stop);
  EXPECT_LT(stop->at, 49);
  await_session("");
  expect_nothing_left();
}

}  // namespace
}  // namespace masterd::test
