// coprocess_state -- what the outside may see of a coprocess. The machines never read it back from
// there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.h"
#include "fsm/clock.h"
#include "supervisor/exit_status.h"

namespace masterd::supervisor {

/// The words on the wire: waiting starting running stopping backoff exited stopped failed.
enum class State : std::uint8_t {
  Waiting,   // for what it requires
  Starting,  // spawned, not ready
  Running,   // ready
  Stopping,  // its ladder runs
  Backoff,   // restarts at a known time
  Exited,    // ended by itself, as it should
  Stopped,   // by request
  Failed,    // gave up; reason says why
};
enum class Desired : std::uint8_t { Down, Up };

std::string_view to_string(State state);
std::string_view to_string(Desired desired);
std::optional<State> state_from_string(std::string_view word);

/// A moment of one coprocess. What means nothing at the moment is absent.
struct CoprocessView {
  std::string name;
  std::string group;
  config::Kind kind = config::Kind::Simple;
  State state = State::Stopped;
  Desired desired = Desired::Up;
  std::optional<pid_t> pid;
  bool ready = false;
  unsigned restarts = 0;                // since the session began, by policy and by hand
  std::optional<fsm::TimePoint> since;  // when the running process was spawned
  std::optional<ExitStatus> last_exit;
  std::optional<std::string> reason;       // why it failed, is stopping, backs off
  std::vector<std::string> waiting_for;    // requirements that are not ready
  std::vector<std::string> requires_;      // its own and its group's
  std::string stage;                       // of starting or stopping, in words; empty: none
  std::optional<fsm::TimePoint> until;     // when the time for that stage is over
  std::string status_text;                 // its own words; empty: none
  std::optional<fsm::TimePoint> next_try;  // in backoff
};

/// One published change of state.
struct Transition {
  std::string name;
  State from = State::Stopped;
  State to = State::Stopped;
  std::string cause;
  std::optional<pid_t> pid;        // of the process it is about
  std::optional<ExitStatus> exit;  // when a process ended
};

}  // namespace masterd::supervisor
