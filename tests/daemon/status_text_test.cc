#include "daemon/status_text.h"

#include <gmock/gmock.h>

#include "tests/daemon/machines_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using test::session_spec;

constexpr const char* kMill = "[session]\nname = \"mill\"\n";

class StatusTextTest : public test::MachinesFixture {
 protected:
  StatusTextTest() {
    fsm_.start();
    settle();
  }
  void pick(const std::string& text) {
    fsm_.pick(session_spec(kMill + text));
    settle();
  }
  [[nodiscard]] std::string text() const { return status_text(fsm_); }
  static std::string coprocess(const std::string& name, const std::string& more = "") {
    return "[coprocess." + name + "]\ncommand = [\"" + name + "\"]\n" + more;
  }

  DaemonFsm fsm_{loop_, launcher_, HookSpec{}, noted_, log_.log};
};

TEST_F(StatusTextTest, WithoutASessionItWaitsForAConfiguration) {
  EXPECT_EQ(text(), "waiting for a configuration");
  EXPECT_EQ(waits_until(fsm_), std::nullopt);
}

TEST_F(StatusTextTest, ARunningSessionSaysHowManyAreReady) {
  pick(coprocess("a") + coprocess("b"));
  EXPECT_EQ(text(), "running mill: 2 of 2 ready");
}

TEST_F(StatusTextTest, AStartingOneSaysForWhichItWaits) {
  const std::string slow = "ready = { delay = \"5s\" }\n";
  pick(coprocess("a") + coprocess("b", slow) + coprocess("c", slow) +
       coprocess("d", "requires = [\"b\"]\n"));
  EXPECT_EQ(text(), "starting mill: 1 of 4 ready, waiting for b, c");
}

TEST_F(StatusTextTest, ManyNamesAreShortened) {
  std::string all;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    all += coprocess(name, "ready = { delay = \"5s\" }\n");
  }
  pick(all);
  EXPECT_EQ(text(), "starting mill: 0 of 5 ready, waiting for a, b, c and 2 more");
}

TEST_F(StatusTextTest, ACommandOfTheSessionIsNamed) {
  fsm_.pick(session_spec(std::string{kMill} + "before = [[\"mount\", \"it\"]]\n" + coprocess("a")));
  settle();
  EXPECT_EQ(text(), "starting mill: before: mount");
  EXPECT_NE(waits_until(fsm_), std::nullopt);
}

TEST_F(StatusTextTest, WhoIsNotWellIsNamedWithItsState) {
  pick(coprocess("a") + coprocess("b") + coprocess("c"));
  launcher_.of("b")->end_with(1);
  settle();
  EXPECT_EQ(text(), "running mill: 2 of 3 ready, b: failed");
}

TEST_F(StatusTextTest, WhoHasEndedAsItShouldIsWell) {
  pick(coprocess("a") + coprocess("once", "type = \"oneshot\"\n"));
  launcher_.of("once")->end_with(0);
  settle();
  EXPECT_EQ(text(), "running mill: 2 of 2 ready");
}

TEST_F(StatusTextTest, AStoppingOneSaysWhoseTurnItIsAndForHowLong) {
  pick(coprocess("a") +
       coprocess("b",
                 "requires = [\"a\"]\nstop = { ladder = [{ signal = \"SIGTERM\", grace = "
                 "\"9s\" }, { signal = \"SIGKILL\" }] }\n"));
  launcher_.of("b")->obeys = {SIGKILL};
  fsm_.end_session("test");
  settle();
  EXPECT_EQ(text(), "stopping mill: waiting for b");
  ASSERT_NE(waits_until(fsm_), std::nullopt);
  EXPECT_EQ(*waits_until(fsm_) - loop_.now(), seconds{9});
  advance(seconds{9});
  EXPECT_EQ(text(), "waiting for a configuration");
}

TEST_F(StatusTextTest, ASessionThatBeginsAnewSoonIsNamed) {
  pick(coprocess("a", "restart = { policy = \"always\", scope = \"session\", delay = \"4s\" }\n"));
  for (int i = 0; i < 4; ++i) {  // the first three are immediate
    if (auto* process = launcher_.of("a"); process != nullptr && !process->gone)
      process->end_with(1);
    settle();
    if (fsm_.session() == nullptr) break;
  }
  EXPECT_EQ(text(), "waiting to begin mill anew");
}

}  // namespace
}  // namespace masterd::daemon
