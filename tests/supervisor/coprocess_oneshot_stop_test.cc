// A oneshot with everything that it can have is told to end at each moment of its life: what it did
// is taken back exactly once.
#include "tests/supervisor/coprocess_fixture.h"

namespace masterd::supervisor {
namespace {

enum class Moment {
  Prepares,
  Runs,
  IsSuspended,
  TookTooLong,
  Failed,
  EndedWell,
  Exited,
  ExitedAndKeeps,
  IsUndone,
  WasUndone,
};

struct Case {
  Moment moment;
  const char* name;
};

class OneshotStopTest : public CoprocessFixture, public ::testing::WithParamInterface<Case> {
 protected:
  OneshotStopTest() {
    spec.kind = config::Kind::Oneshot;
    spec.on_suspend = config::OnSuspend::Fail;
    spec.before = {does("prepare")};
    spec.undo = does("undo");
    spec.after = {does("wipe")};
    spec.ready.timeout = 4s;
    launcher.unkillable = true;  // each step waits for the test
  }
  void leaves(int code) {
    process().end({ExitStatus::Kind::Exited, code, false}, /*members_stay=*/true);
    turn();
  }
  void come_to(Moment moment) {
    if (moment == Moment::ExitedAndKeeps) spec.leftovers = config::Leftovers::Keep;
    run();
    if (moment == Moment::Prepares) return;
    ends(command("before"));
    switch (moment) {
      case Moment::Prepares:
      case Moment::Runs:
        return;
      case Moment::IsSuspended:
        process().suspend(SIGSTOP);
        return turn();
      case Moment::TookTooLong:
        return advance(4s);
      case Moment::Failed:
        return leaves(1);  // which is being swept
      case Moment::EndedWell:
      case Moment::ExitedAndKeeps:
        return leaves(0);
      case Moment::Exited:
        return ends(process());
      case Moment::IsUndone:
        return ends(process(), 1);
      case Moment::WasUndone:
        ends(process(), 1);
        return ends(command("undo"));
    }
  }
  /// What is under way ends well, one after the other.
  void let_it_end() {
    for (int step = 0; step < 10 && !life->ended(); ++step) {
      test::FakeRecord& newest = *launcher.processes.back();
      if (!newest.leader_exited) {
        newest.end_with(0);
      } else {
        newest.end_group();
      }
      turn();
    }
  }
};

TEST_P(OneshotStopTest, IsUndoneOnce) {
  const Moment moment = GetParam().moment;
  for (const bool twice : {false, true}) {
    SCOPED_TRACE(twice ? "told twice" : "told once");
    launcher.processes.clear();
    come_to(moment);
    ASSERT_FALSE(life->ended());
    stop();
    if (twice) stop();
    let_it_end();
    ASSERT_TRUE(life->ended());
    EXPECT_EQ(launched("a.undo"), moment == Moment::Prepares ? 0 : 1);
    EXPECT_EQ(launched("a.after"), 1);
    EXPECT_EQ(launched("a.before"), 1);
    for (const auto& record : launcher.processes) EXPECT_TRUE(record->destroyed) << record->name;
    life.reset();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Whenever, OneshotStopTest,
    ::testing::Values(Case{Moment::Prepares, "ItPrepares"}, Case{Moment::Runs, "ItRuns"},
                      Case{Moment::IsSuspended, "ItIsSuspended"},
                      Case{Moment::TookTooLong, "ItTookTooLong"}, Case{Moment::Failed, "ItFailed"},
                      Case{Moment::EndedWell, "ItEndedWell"}, Case{Moment::Exited, "ItHasExited"},
                      Case{Moment::ExitedAndKeeps, "ItKeepsWhatItLeft"},
                      Case{Moment::IsUndone, "ItIsUndone"}, Case{Moment::WasUndone, "ItWasUndone"}),
    [](const auto& info) { return std::string{info.param.name}; });

}  // namespace
}  // namespace masterd::supervisor
