// masterd itself is killed while the axis moves.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

class MasterdDeathTest : public MachineTest, public testing::WithParamInterface<Who> {
 protected:
  MasterdDeathTest() : MachineTest{GetParam()} {}

  milliseconds overrun(bool with_milltask = false) {
    drop_mover();
    start_masterd();
    bring_up();
    begin_slow_move();
    const AxisView view = axis();
    AxisWatch watch{view};
    const auto killed = AxisWatch::Clock::now();
    if (with_milltask) {  // which masterd cannot notice any more
      daemon().signal(SIGSTOP);
      for (const pid_t pid : World::named("milltask")) ::kill(pid, SIGKILL);
    }
    daemon().signal(SIGKILL);
    EXPECT_EQ(exit_status(), 128 + SIGKILL);
    const auto stop = watch.await_still(milliseconds{100});
    if (!stop) {
      ADD_FAILURE() << "the axis moves on";
      return milliseconds::max();
    }
    EXPECT_LT(stop->at, 49) << "it was not stopped, it arrived";
    return duration_cast<milliseconds>(stop->moved - killed);
  }
};

// The client of the dead session stays connected meanwhile: it is not in the way of the next one.
TEST_P(MasterdDeathTest, TheAxisStandsStillAndANewMasterdStartsAtOnce) {
  milliseconds best = milliseconds::max();
  for (int round = 0; round < 3 && best > milliseconds{50} && !HasFailure(); ++round) {
    best = std::min(best, overrun());
  }
  std::cout << "still after " << best.count() << " ms\n";
  EXPECT_LE(best, milliseconds{50});
  start_masterd();
  bring_up();
  drop_mover();
  expect_moves_to(1);
}

// The kernel's SIGTERM (pdeathsig) to milltask stops the axis, too; here there is only the guard.
TEST_P(MasterdDeathTest, TheAxisStandsStillAlsoWhenMilltaskIsKilledWithIt) {
  milliseconds best = milliseconds::max();
  for (int round = 0; round < 3 && best > milliseconds{50} && !HasFailure(); ++round) {
    best = std::min(best, overrun(true));
  }
  EXPECT_LE(best, milliseconds{50});
  start_masterd();
  bring_up();
}

INSTANTIATE_TEST_SUITE_P(Machine, MasterdDeathTest,
                         testing::Values(Who::User, Who::RootForUser, Who::Root), owner_name);

}  // namespace
}  // namespace masterd::test
