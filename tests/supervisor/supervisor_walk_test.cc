// Random events over a graph of twelve coprocesses; after each, what must hold is checked against
// a slow model (supervisor_model.h). Seeded: a failure is found again by its seed and step.
#include <array>
#include <map>
#include <random>

#include "supervisor/restart_policy.h"
#include "tests/supervisor/supervisor_fixture.h"
#include "tests/supervisor/supervisor_model.h"

namespace masterd::supervisor {
namespace {

constexpr int kCoprocesses = 12;
constexpr int kEvents = 5000;  // for each of four seeds
constexpr int kRestEvery = 100;

/// Which states may follow each other: the diagram of docs/states.md.
bool may_follow(State from, State to) {
  switch (from) {
    case State::Waiting:
      return to == State::Starting || to == State::Stopped || to == State::Failed;
    case State::Starting:
      return to == State::Running || to == State::Stopping || to == State::Backoff ||
             to == State::Failed || to == State::Waiting || to == State::Stopped;
    case State::Running:
      return to == State::Stopping || to == State::Backoff || to == State::Exited ||
             to == State::Failed || to == State::Waiting || to == State::Stopped;
    case State::Stopping:
      return to == State::Stopped || to == State::Waiting || to == State::Failed ||
             to == State::Backoff || to == State::Exited;
    case State::Backoff:
    case State::Exited:
    case State::Failed:
      return to == State::Waiting || to == State::Stopped;
    case State::Stopped:
      return to == State::Waiting;
  }
  return false;
}

class SupervisorWalkTest : public SupervisorFixture,
                           public ::testing::WithParamInterface<unsigned> {
 protected:
  SupervisorWalkTest() : random_{GetParam()} {
    sink.on_transition = [this](const Transition& t) { check_transition(t); };
  }

  unsigned any(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string any_name() { return "c" + std::to_string(any(kCoprocesses)); }

  /// Requirements go from later to earlier ones of a random order, so that no file has a cycle, but
  /// two files together often do.
  config::SessionSpec any_session() {
    std::array<int, kCoprocesses> order{};
    for (int i = 0; i < kCoprocesses; ++i) order.at(static_cast<std::size_t>(i)) = i;
    if (any(2) == 0) std::shuffle(order.begin(), order.end(), random_);
    std::vector<config::CoprocessSpec> all;
    std::vector<config::GroupSpec> groups{{"low", {}}, {"high", {}}};
    bool low = false;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (any(6) == 0) continue;  // not in this file
      config::CoprocessSpec c = coprocess("c" + std::to_string(order.at(i)));
      if (any(3) == 0) c.command.emplace_back("-v");
      c.restart.policy = static_cast<config::Restart>(any(3));
      c.restart.limit = any(4);
      if (i < 3) c.group = "low";
      if (i > 8) c.group = "high";
      low = low || i < 3;
      for (const auto& earlier : all) {
        if (any(4) == 0) c.requires_.push_back(earlier.name);
      }
      all.push_back(std::move(c));
    }
    if (low && any(2) == 0) groups[1].requires_ = {"low"};
    return session(std::move(all), std::move(groups));
  }

  /// True when it was something that an operator did.
  bool any_event() {
    switch (any(12)) {
      case 0:
        return with_any_name([this](const std::string& n) { supervisor->start_coprocess(n); });
      case 1:
        return with_any_name(
            [this](const std::string& n) { supervisor->stop_coprocess(n, any(3) == 0); });
      case 2:
        return with_any_name(
            [this](const std::string& n) { supervisor->restart_coprocess(n, any(3) == 0); });
      case 3:
        return with_any_name([this](const std::string& n) {
          const int signo = std::array{SIGHUP, SIGTERM, SIGUSR1}.at(any(3));
          if (supervisor->signal_coprocess(n, signo) == 0 && any(2) == 0) process(n).end_by(signo);
        });
      case 4:
        if (any(4) != 0) return false;
        possible_.clear();
        supervisor->reconfigure(any_session());
        return true;
      case 5:
        launcher.fail_next = any(2) == 0 ? ENOENT : 0;
        launcher.deaf = any(3) == 0;
        launcher.unkillable = any(10) == 0;
        return false;
      case 6:
      case 7:
        clock.advance(std::chrono::milliseconds{any(3000)});
        return false;
      default:
        end_any_process();
        if (any(4) == 0) end_any_process();  // two in one turn
        return false;
    }
  }
  template <typename Verb>
  bool with_any_name(const Verb& verb) {
    const std::string name = any_name();
    if (!supervisor->has(name)) return false;
    possible_.clear();
    verb(name);
    return true;
  }
  void end_any_process() {
    if (launcher.processes.empty()) return;
    test::FakeRecord& record =
        *launcher.processes.at(any(static_cast<unsigned>(launcher.processes.size())));
    if (record.destroyed) return;
    if (record.leader_exited) {
      record.end_group();
    } else if (any(2) == 0) {
      record.end({ExitStatus::Kind::Exited, static_cast<int>(any(2)), false}, any(4) == 0);
    } else {
      record.end_by(SIGSEGV);
    }
  }

  /// From here on all processes are well-behaved and nobody interferes.
  void come_to_rest() {
    launcher.fail_next = 0;
    launcher.deaf = launcher.unkillable = false;
    for (const auto& record : launcher.processes) record->obeys = {SIGKILL, SIGTERM};
    // Longer than the longest chain of ladders, delays, and one more chain to come up again.
    for (int i = 0; i < 4 * kCoprocesses && !supervisor->settled(); ++i) advance(31s);
    SupervisorModel{*supervisor}.check_at_rest();
  }

  void check_transition(const Transition& t) {
    EXPECT_TRUE(may_follow(t.from, t.to))
        << t.name << ": " << to_string(t.from) << " -> " << to_string(t.to) << ": " << t.cause;
    EXPECT_FALSE(t.cause.empty());
    const auto known = last_.find(t.name);
    if (known != last_.end()) {
      EXPECT_EQ(known->second, t.from) << t.name;
    }
    last_[t.name] = t.to;
    const auto possible = possible_.find({t.name, t.to});
    if (possible != possible_.end()) {
      EXPECT_TRUE(possible->second)
          << t.name << " came into " << to_string(t.to) << ": " << t.cause;
    }
  }
  void note_possible() {
    possible_.clear();
    for (const CoprocessView& view : supervisor->views()) {
      for (int s = 0; s <= static_cast<int>(State::Failed); ++s) {
        const auto state = static_cast<State>(s);
        possible_[{view.name, state}] = supervisor->possible(view.name, state);
      }
    }
  }
  /// Only the living are of interest; and who left may come back under the same name.
  void forget() {
    std::erase_if(launcher.processes, [](const auto& record) { return record->destroyed; });
    std::erase_if(last_, [this](const auto& entry) { return !supervisor->has(entry.first); });
    sink.transitions.clear();
    sink.ends.clear();
  }

  std::mt19937 random_;
  std::map<std::string, State> last_;
  std::map<std::pair<std::string, State>, bool> possible_;
};

TEST_P(SupervisorWalkTest, AnyEventInAnyStateKeepsWhatMustHold) {
  run(any_session());
  for (int step = 0; step < kEvents && !HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    // What can come is what was possible before, unless somebody commanded otherwise.
    note_possible();
    if (any_event()) note_possible();
    settle();
    SupervisorModel{*supervisor}.check(launcher);
    if (step % kRestEvery == 0) come_to_rest();
    forget();
  }
  possible_.clear();
  supervisor->shutdown("end of the walk");
  settle();
  for (int i = 0; i < 2 * kCoprocesses && !over; ++i) advance(7s);
  EXPECT_TRUE(over);
  EXPECT_FALSE(anything_lives());
}

INSTANTIATE_TEST_SUITE_P(Seeds, SupervisorWalkTest, ::testing::Values(1U, 2U, 3U, 4U));

// ---- C5: instances go up and down while they die ----

TEST_F(SupervisorFixture, TwoHundredReconfiguresBetweenOneAndFiveInstances_C5) {
  std::mt19937 random{5};
  const auto instances = [](unsigned count) {
    std::vector<config::CoprocessSpec> all;
    for (unsigned i = 1; i <= count; ++i) {
      config::CoprocessSpec spec =
          restarting(member("w" + std::to_string(i), "w"), config::Restart::Always);
      spec.restart.delay = 0ms;
      spec.restart.limit = 0;
      all.push_back(spec);
    }
    return session(std::move(all));
  };
  unsigned target = 3;
  run(instances(target));
  int launches = 3;  // each one's reason is known
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE(round);
    const std::string victim = "w" + std::to_string(1 + random() % target);
    const unsigned before = target;
    target = 1 + static_cast<unsigned>(random() % 5);
    const bool stays = std::stoul(victim.substr(1)) <= target;
    const bool first = random() % 2 == 0;
    if (first) process(victim).end_with(1);
    supervisor->reconfigure(instances(target));
    if (!first) process(victim).end_with(1);
    settle();
    launches += (stays ? 1 : 0) + (target > before ? static_cast<int>(target - before) : 0);
    std::size_t live = 0;
    for (const auto& record : launcher.processes) live += record->destroyed ? 0 : 1;
    ASSERT_EQ(live, target);
    ASSERT_EQ(supervisor->views().size(), target);
    ASSERT_EQ(launcher.launches, launches);
    ASSERT_TRUE(supervisor->all_ready());
    advance(
        config::RestartSpec{}.reset_after);  // the next death begins a new row: restarted at once
  }
}

}  // namespace
}  // namespace masterd::supervisor
