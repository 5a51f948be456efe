// The end is asked for in every phase of the bring-up.
#include <gmock/gmock.h>

#include "tests/linuxcnc/machine_fixture.h"

namespace masterd::test {
namespace {

struct Phase {
  std::string coprocess;
  std::string state;
};

class BringUpTest : public MachineTest {
 protected:
  /// Each coprocess while it starts, and when it has just come up.
  std::vector<Phase> phases() {
    bring_up();
    std::vector<Phase> all;
    for (const Change& change : history()) {
      if (change.name == "session." || change.to == "waiting") continue;
      all.push_back({change.name, change.to});
    }
    end_session();
    expect_nothing_left();
    return all;
  }
  /// Picks the machine and waits until it is there.
  void bring_up_until(const Phase& phase) {
    Events events{this->events(), {"coprocess." + phase.coprocess + "."}};
    set_config(ini(), false);
    EXPECT_TRUE(events.await(phase.coprocess, phase.state));
  }
};

TEST_F(BringUpTest, AnEndInAnyPhaseTakesDownWhatIsUpAndLeavesNothing) {
  start_masterd();
  for (const Phase& phase : phases()) {
    SCOPED_TRACE(phase.coprocess + " " + phase.state);
    bring_up_until(phase);
    end_session();
    expect_nothing_left();
    if (HasFailure()) return;
  }
  bring_up();
  expect_moves_to(1);
}

TEST_F(BringUpTest, AShutdownInAnyPhaseTakesDownWhatIsUpAndLeavesNothing) {
  start_masterd();
  for (const Phase& phase : phases()) {
    if (phase.state != "starting") continue;
    SCOPED_TRACE(phase.coprocess + " " + phase.state);
    bring_up_until(phase);
    EXPECT_EQ(shut_down(), 0);
    expect_nothing_left();
    if (HasFailure()) return;
    start_masterd();
  }
  bring_up();
  expect_moves_to(1);
}

}  // namespace
}  // namespace masterd::test
