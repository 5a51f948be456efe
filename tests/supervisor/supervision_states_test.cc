// Every state x event pair of a coprocess (states_table.h), driven through the supervisor; and that
// docs/states.md says the same.
#include <functional>

#include "config/load.h"
#include "tests/supervisor/document_table.h"
#include "tests/supervisor/states_table.h"
#include "tests/supervisor/supervisor_fixture.h"

namespace masterd::supervisor {
namespace {

struct Cell {
  State state;
  Happening happening;
  std::string name;
  std::string expected;
};

std::vector<Cell> cells_that_can_come() {
  std::vector<Cell> cells;
  for (const Row& row : kTable) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      if (row.cells.at(i)[0] == '-') continue;
      std::string state = kColumns.at(i);
      state[0] = static_cast<char>(state[0] - 'a' + 'A');
      cells.push_back(
          {static_cast<State>(i), row.happening, state + "_" + row.test_name, row.cells.at(i)});
    }
  }
  return cells;
}

/// What can be told apart from outside before and after.
struct Moment {
  std::size_t processes = 0;  // of the coprocess, ever
  std::size_t signals = 0;    // of its newest process
  std::size_t leader_signals = 0;
  Desired desired = Desired::Up;
};

// The coprocess is "c". It is restarted on failure, once; its processes obey no signal, so that
// each step can be seen. It requires "q" (stopped by hand where it has to wait), "r" (restarted
// when it is lost) and "f" (fails for good).
class SupervisionStatesTest : public SupervisorFixture, public ::testing::WithParamInterface<Cell> {
 protected:
  SupervisionStatesTest() {
    spec.restart.limit = 1;
    spec.on_suspend = config::OnSuspend::Fail;
    sink.on_transition = [this](const Transition& t) {
      if (t.name != "c") return;
      launcher.unkillable = t.to == State::Starting;  // for the process that comes now
      if (t.to == State::Starting && while_starting) std::exchange(while_starting, nullptr)();
    };
  }

  [[nodiscard]] config::SessionSpec session_with(const config::CoprocessSpec& c) const {
    return session({coprocess("q"), restarting(coprocess("r")), coprocess("f"), c});
  }

  // ---- into a state ----

  void come_into(State state) {
    supervisor.emplace(loop, launcher, session_with(spec), sink);
    if (state == State::Waiting) supervisor->stop_coprocess("q", false);
    supervisor->start();
    settle();
    switch (state) {
      case State::Waiting:
      case State::Starting:  // see TestBody
      case State::Running:
        break;
      case State::Stopping:
        stop();
        break;
      case State::Backoff:
        dies("c", 1);
        break;
      case State::Exited:
        dies("c", 0);
        break;
      case State::Stopped:
        stop();
        dies("c", 0);
        break;
      case State::Failed:
        use_up_the_limit();
        dies("c", 1);
        break;
    }
  }
  void stop() {
    supervisor->stop_coprocess("c", false);
    settle();
  }
  void use_up_the_limit() {
    dies("c", 1);
    advance(1s);
  }
  /// What must have come before, beside the state.
  void prepare(State state, Happening happening) {
    if (happening == Happening::GroupGone) {
      leader_ends();
      settle();
    }
    if (happening == Happening::KillGraceOver) advance(5s);
    if (happening != Happening::RequirementReady || state == State::Waiting) return;
    if (state == State::Failed) {
      fail_for_the_requirement();
    } else {
      supervisor->stop_coprocess("q", false);
      settle();
    }
  }
  /// The one kind of failure that heals.
  void fail_for_the_requirement() {
    supervisor->start_coprocess("c");
    settle();
    dies("q", 1);
    dies("c", 0);  // as it was told to
    ASSERT_EQ(reason("c"), "dependency: q");
  }

  // ---- events ----

  void leader_ends() { process("c").end({ExitStatus::Kind::Exited, 0, false}, true); }
  void signal(int signo) { refused = supervisor->signal_coprocess("c", signo) == ESRCH; }
  void reconfigure(const std::optional<config::CoprocessSpec>& c) {
    config::SessionSpec next = session_with(c.value_or(spec));
    if (!c) next.coprocesses.pop_back();
    supervisor->reconfigure(std::move(next));
  }

  void happen(Happening happening) {
    switch (happening) {
      case Happening::Start:
        return supervisor->start_coprocess("c");
      case Happening::Stop:
        return supervisor->stop_coprocess("c", false);
      case Happening::StopNow:
        return supervisor->stop_coprocess("c", true);
      case Happening::Restart:
        return supervisor->restart_coprocess("c", false);
      case Happening::SignalTerm:
        return signal(SIGTERM);
      case Happening::SignalHup:
        return signal(SIGHUP);
      case Happening::DiesByTheHup:
        signal(SIGHUP);
        return process("c").end_by(SIGHUP);
      case Happening::Spawned:
        return;
      case Happening::SpawnFailed:
        launcher.fail_next = ENOENT;
        return;
      case Happening::ExitZero:
        return process("c").end_with(0);
      case Happening::ExitOne:
      case Happening::ExitOneAtTheLimit:
        return process("c").end_with(1);
      case Happening::KilledBySegv:
        return process("c").end_by(SIGSEGV);
      case Happening::Suspended:
        return process("c").suspend(SIGSTOP);
      case Happening::LeaderEnds:
        return leader_ends();
      case Happening::GroupGone:
        return process("c").end_group();
      case Happening::GraceOver:
        return clock.advance(5s);
      case Happening::KillGraceOver:
        return clock.advance(2s);
      case Happening::BackoffOver:
        return clock.advance(1s);
      case Happening::RequirementReady:
        return supervisor->start_coprocess("q");
      case Happening::RequirementLost:
        return process("r").end_with(1);
      case Happening::RequirementFailed:
        return process("f").end_with(1);
      case Happening::Shutdown:
        return supervisor->shutdown("end");
      case Happening::SpecChanged:
        return reconfigure(with_command(spec, "-v"));
      case Happening::SpecUpdated: {
        config::CoprocessSpec updated = spec;
        updated.restart.max_delay *= 2;
        return reconfigure(updated);
      }
      case Happening::SpecRemoved:
        return reconfigure(std::nullopt);
    }
  }

  // ---- what came of it ----

  [[nodiscard]] Moment moment() const {
    Moment now;
    for (const auto& record : launcher.processes) now.processes += record->name == "c" ? 1 : 0;
    if (now.processes > 0) {
      now.signals = process("c").signals.size();
      now.leader_signals = process("c").leader_signals.size();
    }
    now.desired = supervisor->view("c").desired;
    return now;
  }
  [[nodiscard]] std::string since(Moment before) const {
    if (!supervisor->has("c")) return "removed";
    const Moment after = moment();
    std::vector<std::string> done;
    if (after.processes != before.processes) {
      done.emplace_back("spawn");
      before.signals = before.leader_signals = 0;
    }
    for (std::size_t i = before.signals; i < after.signals; ++i) {
      done.push_back(config::signal_name(process("c").signals.at(i)));
    }
    for (std::size_t i = before.leader_signals; i < after.leader_signals; ++i) {
      done.push_back(config::signal_name(process("c").leader_signals.at(i)) + " to the leader");
    }
    if (refused) done.emplace_back("refused");
    if (after.desired != before.desired) {
      done.push_back("desired " + std::string{to_string(after.desired)});
    }
    std::string text{to_string(state("c"))};
    for (std::size_t i = 0; i < done.size(); ++i) text += (i == 0 ? ": " : ", ") + done[i];
    return text;
  }

  config::CoprocessSpec spec = restarting(coprocess("c", {"q", "r", "f"}));
  std::function<void()> while_starting;
  bool refused = false;
};

TEST_P(SupervisionStatesTest, Cell) {
  const auto& [state, happening, name, expected] = GetParam();
  Moment before;
  if (state == State::Starting) {
    // Spawn and ready are one step: only what is called from inside it comes in this state.
    while_starting = [&, h = happening] {
      before = moment();
      happen(h);
    };
    come_into(state);
    settle();
  } else {
    come_into(state);
    if (happening == Happening::ExitOneAtTheLimit && state == State::Running) use_up_the_limit();
    prepare(state, happening);
    ASSERT_EQ(this->state("c"), state);
    before = moment();
    happen(happening);
    settle();
  }
  EXPECT_EQ(since(before), expected);
}

INSTANTIATE_TEST_SUITE_P(Each, SupervisionStatesTest, ::testing::ValuesIn(cells_that_can_come()),
                         [](const auto& info) { return info.param.name; });

// ---- the document ----

TEST(StatesDocumentTest, HasTheSameTable) {
  DocumentTable document = table_of_states_md("event");
  Names columns{"event"};
  columns.insert(columns.end(), kColumns.begin(), kColumns.end());
  ASSERT_EQ(document.header, columns);
  EXPECT_EQ(document.rows.size(), kTable.size());
  for (const Row& row : kTable) {
    EXPECT_EQ(document.rows[row.name], Names(row.cells.begin(), row.cells.end())) << row.name;
  }
}

TEST(StatesDocumentTest, ColumnsAreTheWordsOfTheWire) {
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<State>(i)), kColumns.at(i));
  }
}

TEST(StatesDocumentTest, EveryCellIsFilled) {
  for (const Row& row : kTable) {
    for (const std::string cell : row.cells) {
      EXPECT_GT(cell.size(), 2U) << row.name;
      const std::string word = cell.substr(0, cell.find(':'));
      EXPECT_TRUE(cell[0] == '-' || word == "removed" || state_from_string(word)) << cell;
    }
  }
}

}  // namespace
}  // namespace masterd::supervisor
