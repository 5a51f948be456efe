// What nothing may begin before: the survivors of a masterd that was killed.
#include <gmock/gmock.h>

#include "daemon/daemon_fsm.h"
#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using test::session_spec;
using testing::ElementsAre;

constexpr const char* kAround =
    "[session]\nname = \"s\"\nbefore = [[\"one\"]]\nafter = [[\"last\"]]\n"
    "[coprocess.a]\ncommand = [\"a\"]\n";

class HoldTest : public test::MachinesFixture {
 protected:
  HoldTest() {
    fsm_.emplace(loop_, launcher_, HookSpec{}, noted_, log_.log);
    fsm_->hold({over_, "survivors", loop_.now() + seconds{7}});
    fsm_->start();
    settle();
  }
  void pick() {
    fsm_->pick(session_spec(kAround));
    settle();
  }
  void release() {
    over_.set();
    settle();
  }

  fsm::Event over_;
  std::optional<DaemonFsm> fsm_;
};

TEST_F(HoldTest, ASessionIsPickedAndShownButBeginsNothingBefore) {
  pick();
  EXPECT_EQ(launcher_.launches, 0);
  EXPECT_EQ(fsm_->session()->state(), SessionState::Starting);
  EXPECT_EQ(fsm_->session()->stage(), "survivors");
  EXPECT_EQ(*fsm_->session()->waits_until() - loop_.now(), seconds{7});
  release();
  EXPECT_EQ(launcher_.launches, 1);
  EXPECT_EQ(fsm_->session()->stage(), "before: one");
}

TEST_F(HoldTest, OneThatIsPickedAfterwardsDoesNotWait) {
  release();
  pick();
  EXPECT_EQ(fsm_->session()->stage(), "before: one");
}

TEST_F(HoldTest, AnotherConfigurationMeanwhileIsTheOneThatBegins) {
  pick();
  fsm_->session()->reconfigure(session_spec(test::kTwo));
  settle();
  EXPECT_EQ(launcher_.launches, 0);
  release();
  EXPECT_EQ(fsm_->session()->state(), SessionState::Running);
  EXPECT_NE(launcher_.of("b"), nullptr);
}

TEST_F(HoldTest, AnEndMeanwhileCleansUpAfterwards) {
  pick();
  fsm_->end_session("test");
  settle();
  EXPECT_EQ(launcher_.launches, 0);
  release();
  EXPECT_THAT(launcher_.processes.back()->command, ElementsAre("last"));
  launcher_.processes.back()->end_with(0);
  settle();
  EXPECT_EQ(fsm_->session(), nullptr);
  EXPECT_EQ(launcher_.of("a"), nullptr);
}

TEST_F(HoldTest, TheDaemonDoesNotEndBefore) {
  fsm_->shutdown("test");
  settle();
  EXPECT_FALSE(fsm_->ended());
  release();
  EXPECT_TRUE(fsm_->ended());
}

TEST_F(HoldTest, ADaemonThatIsDestroyedMeanwhileLetsGoOfIt) {
  pick();
  fsm_.reset();
  release();
}

}  // namespace
}  // namespace masterd::daemon
