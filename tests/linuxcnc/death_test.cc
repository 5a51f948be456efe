// One of the processes dies, or is stopped, while the axis moves.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

struct Death {
  const char* coprocess;
  int signal;
};

class DeathTest : public MachineTest, public testing::WithParamInterface<Death> {
 protected:
  // The end in order takes seconds then: only the fail-safe is in time.
  void add_deaf_application() {
    write("deaf", "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 0.1; done\n");
    ASSERT_EQ(::chmod(machine("deaf").c_str(), 0755), 0);
    write("mini.ini", contents(ini()) + "[APPLICATIONS]\nAPP = deaf\n");
  }
  // How long after its death was known the axis still moved. Below zero: it did not.
  milliseconds overrun(const Death& death) {
    drop_mover();
    bring_up();
    begin_slow_move();
    const AxisView view = axis();
    AxisWatch watch{view};
    const std::uint64_t before = seq();
    ::kill(pid_of(death.coprocess), death.signal);
    const auto stop = watch.await_still(milliseconds{100});
    await_session("");
    if (!stop) {
      ADD_FAILURE() << "the axis moves on";
      return milliseconds::max();
    }
    EXPECT_LT(stop->at, 49) << "it was not stopped, it arrived";
    const auto known = time_of(death.coprocess, {"stopping", "exited", "failed"}, before);
    return duration_cast<milliseconds>(stop->moved - known);
  }
};

TEST_P(DeathTest, TheAxisStandsStillAndTheNextSessionMoves) {
  start_masterd();
  // The best of three: what masterd does is measured, not what the computer does beside it.
  milliseconds best = milliseconds::max();
  for (int round = 0; round < 3 && best > milliseconds{50} && !HasFailure(); ++round) {
    best = std::min(best, overrun(GetParam()));
    expect_nothing_left();
  }
  std::cout << "still after " << best.count() << " ms\n";
  EXPECT_LE(best, milliseconds{50});
  bring_up();
  expect_moves_to(1);
}

class DelayedEndTest : public DeathTest {};

TEST_P(DelayedEndTest, TheAxisStandsStillLongBeforeTheSessionHasEnded) {
  add_deaf_application();
  start_masterd();
  milliseconds best = milliseconds::max();
  for (int round = 0; round < 3 && best > milliseconds{50} && !HasFailure(); ++round) {
    best = std::min(best, overrun(GetParam()));
  }
  EXPECT_LE(best, milliseconds{50});
}

std::string death_name(const testing::TestParamInfo<Death>& info) {
  std::string name = info.param.coprocess;
  name.erase(std::remove(name.begin(), name.end(), '-'), name.end());
  return name + (info.param.signal == SIGKILL ? "Killed" : "Stopped");
}

INSTANTIATE_TEST_SUITE_P(Machine, DeathTest,
                         testing::Values(Death{"milltask", SIGKILL}, Death{"milltask", SIGSTOP},
                                         Death{"linuxcncsvr", SIGKILL},
                                         Death{"linuxcncsvr", SIGSTOP}, Death{"rtapi-app", SIGKILL},
                                         Death{"rtapi-app", SIGSTOP}, Death{"io", SIGKILL},
                                         Death{"io", SIGSTOP}, Death{"halui", SIGKILL},
                                         Death{"halui", SIGSTOP}),
                         death_name);

INSTANTIATE_TEST_SUITE_P(Machine, DelayedEndTest,
                         testing::Values(Death{"milltask", SIGKILL}, Death{"io", SIGKILL}),
                         death_name);

}  // namespace
}  // namespace masterd::test
