// Every phase x event pair of one life, driven through its machine; and that docs/states.md says
// the same.
#include <array>

#include "tests/supervisor/coprocess_fixture.h"
#include "tests/supervisor/document_table.h"
#include "tests/supervisor/notify_client.h"

namespace masterd::supervisor {
namespace {

enum class Phase { Before, NotReady, Ready, Exited, StopCommand, Ladder, Undo, After };
enum class Happening {
  EndsWell,
  Fails,
  TimeOver,
  SaysReady,
  Hangs,
  Suspended,
  TargetGone,
  Shutdown,
  Now
};

struct Row {
  Happening happening;
  const char* test_name;
  const char* name;  // in the document
  std::array<const char*, 8> cells;
};

constexpr std::array kPhases{"before",       "not ready", "ready", "exited",
                             "stop command", "ladder",    "undo",  "after"};

// clang-format off
constexpr std::array kLife{
  Row{Happening::EndsWell, "EndsWell", "ends with 0",
      {"not ready", "after: death", "after: death", "- no process",
       "ladder", "after", "after", "ended"}},
  Row{Happening::Fails, "Fails", "ends with 1",
      {"after: death", "after: death", "after: death", "- no process",
       "ladder", "after", "after", "ended"}},
  Row{Happening::TimeOver, "TimeOver", "its time is over",
      {"after: death", "stop command: death", "- no limit", "- no limit",
       "ladder", "after", "after", "ended"}},
  Row{Happening::SaysReady, "SaysReady", "it is ready",
      {"- no process", "ready", "ready", "- no process",
       "stop command", "ladder", "- no process", "- no process"}},
  Row{Happening::Hangs, "Hangs", "watchdog or health fails",
      {"- no process", "- not watched", "stop command: death", "- no process",
       "- not watched", "- not watched", "- no process", "- no process"}},
  Row{Happening::Suspended, "Suspended", "is suspended",
      {"- no process", "ladder: death", "ladder: death", "- no process",
       "stop command", "ladder", "- no process", "- no process"}},
  Row{Happening::TargetGone, "TargetGone", "the process ends meanwhile",
      {"- no process", "- is it itself", "- is it itself", "- no process",
       "after", "- is it itself", "- no process", "- no process"}},
  Row{Happening::Shutdown, "Shutdown", "stop",
      {"after", "stop command", "stop command", "undo",
       "stop command", "ladder", "undo", "after"}},
  Row{Happening::Now, "Now", "stop now",
      {"after", "after", "after", "undo",
       "after", "after", "after", "ended"}},
};
// clang-format on

struct Cell {
  Phase phase;
  Happening happening;
  std::string name;
  std::string expected;
};

std::vector<Cell> cells_that_can_come() {
  std::vector<Cell> cells;
  constexpr std::array kNames{"Before",      "NotReady", "Ready", "Exited",
                              "StopCommand", "Ladder",   "Undo",  "After"};
  for (const Row& row : kLife) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (row.cells.at(i)[0] == '-') continue;
      cells.push_back({static_cast<Phase>(i), row.happening,
                       std::string{kNames.at(i)} + "_" + row.test_name, row.cells.at(i)});
    }
  }
  return cells;
}

// The coprocess has everything that its kind can have. Its process obeys SIGKILL alone. What comes
// on the way down has come there by a failure, so that a stop finds it under way.
class PhasesTest : public CoprocessFixture, public ::testing::WithParamInterface<Cell> {
 protected:
  void come_into(Phase phase) {
    launcher.deaf = true;
    spec.on_suspend = config::OnSuspend::Fail;
    spec.before = {does("prepare")};
    spec.after = {does("wipe")};
    if (phase == Phase::Exited || phase == Phase::Undo) {
      spec.kind = config::Kind::Oneshot;
      spec.undo = does("undo");
    } else {
      spec.ready.how = config::ReadyNotify{};
      spec.watchdog = 10s;
      spec.stop_command = does("ask");
    }
    run();
    if (phase == Phase::Before) return;
    ends(command("before"));
    switch (phase) {
      case Phase::Before:
      case Phase::NotReady:
        return;
      case Phase::Ready:
        return ready();
      case Phase::Exited:
        return ends(process());
      case Phase::StopCommand:
        return advance(30s);
      case Phase::Ladder:
        advance(30s);
        return ends(command("stop"));
      case Phase::Undo:
      case Phase::After:
        return ends(process(), 1);
    }
  }
  void ready() {
    test::notify(process(), "READY=1");
    turn();
  }
  [[nodiscard]] std::string phase() const {
    if (life->ended()) return "ended";
    const std::string stage = life->stage();
    const std::string word = stage.substr(0, stage.find(':'));
    if (word == "before" || word == "undo" || word == "after") return word;
    if (word == "stop") return "stop command";
    if (word == "SIGTERM" || word == "SIGKILL") return "ladder";
    const std::string state = announced.back().substr(0, announced.back().find(':'));
    if (state == "running") return "ready";
    return state == "starting" ? "not ready" : state;
  }
  /// What the phase is about.
  test::FakeRecord& current() {
    const std::string now = phase();
    if (now == "before" || now == "undo" || now == "after") return command(now);
    return now == "stop command" ? command("stop") : process();
  }
  void happen(Happening happening) {
    switch (happening) {
      case Happening::EndsWell:
        return ends(current());
      case Happening::Fails:
        return ends(current(), 1);
      case Happening::TimeOver:
        return advance(*life->waits_until() - clock.now());
      case Happening::SaysReady:
        return ready();
      case Happening::Hangs:
        return advance(10s);
      case Happening::Suspended:
        process().suspend(SIGSTOP);
        return turn();
      case Happening::TargetGone:
        return ends(process());
      case Happening::Shutdown:
        return stop();
      case Happening::Now:
        return stop(/*now=*/true);
    }
  }
};

TEST_P(PhasesTest, Cell) {
  const auto& [from, happening, name, expected] = GetParam();
  come_into(from);
  ASSERT_EQ(phase(), kPhases.at(static_cast<std::size_t>(from)));
  const std::size_t before = deaths.size();
  happen(happening);
  EXPECT_EQ(phase() + (deaths.size() > before ? ": death" : ""), expected);
  EXPECT_LE(deaths.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Each, PhasesTest, ::testing::ValuesIn(cells_that_can_come()),
                         [](const auto& info) { return info.param.name; });

TEST(PhasesDocumentTest, HasTheSameTable) {
  DocumentTable document = table_of_states_md("in a life");
  Names columns{"in a life"};
  columns.insert(columns.end(), kPhases.begin(), kPhases.end());
  ASSERT_EQ(document.header, columns);
  EXPECT_EQ(document.rows.size(), kLife.size());
  for (const Row& row : kLife) {
    EXPECT_EQ(document.rows[row.name], Names(row.cells.begin(), row.cells.end())) << row.name;
  }
}

}  // namespace
}  // namespace masterd::supervisor
