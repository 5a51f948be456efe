// A session from its bring-up to its end, for each kind of owner.
#include <gmock/gmock.h>

#include <algorithm>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class OwnedMachineTest : public MachineTest, public testing::WithParamInterface<Who> {
 protected:
  OwnedMachineTest() : MachineTest{GetParam()} {}
};

TEST_P(OwnedMachineTest, ComesUpMovesAndLeavesNothing) {
  start_masterd();
  bring_up();
  expect_moves_to(5);
  end_session();
  expect_nothing_left();
}

TEST_P(OwnedMachineTest, ShutdownTakesItDownWithTheDaemon) {
  start_masterd();
  bring_up();
  expect_moves_to(5);
  EXPECT_EQ(shut_down(), 0);
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Machine, OwnedMachineTest,
                         testing::Values(Who::User, Who::RootForUser, Who::Root), owner_name);

class ManySessionsTest : public MachineTest {
 protected:
  static milliseconds since(steady_clock::time_point begin) {
    return duration_cast<milliseconds>(steady_clock::now() - begin);
  }
  // Most are alike; the slowest is not far from them. Generous: others use the computer, too.
  static void expect_alike(const std::string& what, std::vector<milliseconds> times) {
    std::sort(times.begin(), times.end());
    const milliseconds median = times[times.size() / 2];
    std::cout << what << ": median " << median.count() << " ms, slowest " << times.back().count()
              << " ms\n";
    EXPECT_LE(times.back(), 2 * median + milliseconds{2000}) << what;
  }
};

TEST_F(ManySessionsTest, TwentyInARowTakeTheSameTimeAndLeaveNothing) {
  std::vector<milliseconds> up;
  std::vector<milliseconds> down;
  start_masterd();
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    auto begin = steady_clock::now();
    bring_up();
    up.push_back(since(begin));
    expect_moves_to(1);
    drop_mover();
    begin = steady_clock::now();
    end_session();
    down.push_back(since(begin));
    expect_nothing_left();
  }
  expect_alike("bring-up", up);
  expect_alike("end", down);
}

}  // namespace
}  // namespace masterd::test
