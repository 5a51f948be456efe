// coprocess -- what outlives a single life of one coprocess: its spec, what is wanted of it, its
// state, history and output; and its place among the others. Plain data: SupervisorFsm decides.
//
// A unit is something that can be required by name: one coprocess, or a group (all of its members).
// Its counters let a decision look at a unit, never at each member: 2500 members required by 2500
// others cost 5000 counter steps, not six million.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "fsm/watch.h"
#include "supervisor/coprocess_fsm.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/output_file.h"
#include "supervisor/output_ring.h"
#include "supervisor/restart_policy.h"

namespace masterd::supervisor {

struct Coprocess;

struct Unit {
  std::string name;
  std::vector<Coprocess*> members;
  std::vector<Coprocess*> dependents;  // who requires it
  unsigned unavailable = 0;            // members that are not ready, or about to end
  unsigned failed = 0;                 // members that gave up for good
  unsigned parked = 0;                 // members that will not come without a command
  unsigned live_dependents = 0;        // dependents that hold it (Facts): they go first
};

/// "requirement NAME is not ready"
std::string not_ready(const Unit& unit);

/// What the counters have counted of one coprocess.
struct Facts {
  bool live = false;
  bool holds = false;        // it or a dependent of it lives: what it requires must not end first
  bool unavailable = false;  // not ready, or about to end
  bool failed = false;       // gave up, and what it requires does not heal it
  bool parked = false;       // will not come without a command
  bool unready = false;      // desired up, neither running nor exited
  bool moving = false;       // on its way to another state
  bool troubled = false;     // desired up, failed or in backoff
  bool operator==(const Facts&) const = default;
};

/// Why a life must end.
struct Ending {
  std::string cause;
  bool now = false;  // without the ladder
};

struct Coprocess {
  explicit Coprocess(config::CoprocessSpec s) : spec{std::move(s)} {}

  config::CoprocessSpec spec;
  std::optional<config::CoprocessSpec> next_spec;  // takes over when the life under way has ended
  bool leaving = false;  // not in the configuration any more: `spec` keeps its place in the old one

  Desired desired = Desired::Up;
  State state = State::Stopped;
  std::optional<std::string> reason;
  bool failed_by_dependency = false;
  bool begun = false;            // it had a life in this session
  std::string start_cause;       // of the next life
  std::optional<Ending> ending;  // engaged: the life must end, dependents first
  std::unique_ptr<CoprocessFsm> life;

  fsm::Watch backoff;
  std::optional<fsm::TimePoint> next_try;
  RestartHistory history;
  unsigned restarts = 0;
  std::optional<ExitStatus> last_exit;
  std::optional<int> operator_signal;  // a death by it is no failure
  OutputRing ring;
  std::optional<OutputFile> file;  // where the spec asks for one

  Unit own;  // itself, as something to require
  Unit* group = nullptr;
  std::vector<Unit*> requirements;  // its own and its group's
  Facts counted;
  bool queued = false;  // for SupervisorFsm's settle()

  /// What requires it may run: it runs, or it is a oneshot that ended well.
  [[nodiscard]] bool ready() const {
    return state == State::Running ||
           (state == State::Exited && spec.kind == config::Kind::Oneshot);
  }
  [[nodiscard]] unsigned live_dependents() const {
    return own.live_dependents + (group != nullptr ? group->live_dependents : 0);
  }
  /// The first requirement that `test` holds for.
  template <typename Test>
  [[nodiscard]] const Unit* find_requirement(Test test) const {
    for (const Unit* unit : requirements) {
      if (test(*unit)) return unit;
    }
    return nullptr;
  }
  [[nodiscard]] const Unit* unavailable_requirement() const {
    return find_requirement([](const Unit& unit) { return unit.unavailable > 0; });
  }
  [[nodiscard]] const Unit* failed_requirement() const {
    return find_requirement([](const Unit& unit) { return unit.failed > 0; });
  }
  [[nodiscard]] const Unit* parked_requirement() const {
    return find_requirement([](const Unit& unit) { return unit.parked > 0; });
  }
  /// Failed for a requirement that has not failed any more.
  [[nodiscard]] bool heals() const {
    return state == State::Failed && failed_by_dependency && failed_requirement() == nullptr;
  }
  [[nodiscard]] Facts facts() const;
  [[nodiscard]] CoprocessView view() const;
};

}  // namespace masterd::supervisor
