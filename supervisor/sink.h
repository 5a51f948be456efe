// sink -- where a session's supervisor tells what happens. Implemented by the daemon, so that
// supervisor/ never sees a socket; by a host that embeds it, as it likes.
#pragma once

#include <string>
#include <string_view>

#include "config/spec.h"
#include "fsm/clock.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/output_ring.h"

namespace masterd::supervisor {

/// The supervisor's only way out; it never sees a socket. Called from the loop and from machines'
/// stacks: must not destroy the supervisor and must not throw.
class Sink {
 public:
  enum class End { EndSession, Shutdown };

  virtual ~Sink() = default;
  virtual void transition(const Transition& transition) = 0;
  /// `from` wrote it; spec.output.log says whether it belongs into the log.
  virtual void output(const config::CoprocessSpec& from, const OutputLine& line) = 0;
  /// Something about a coprocess for the operator's log that is no change of its state.
  virtual void note(const std::string& name, const std::string& text) = 0;
  /// The session should end: a vital death, a limit with `then`, or `on_exit`. It does not end by
  /// itself.
  virtual void session_end(End end, const std::string& reason, bool failure) = 0;
  /// Every control transfer of a machine (a coprocess's name, or "supervisor"), for a debug log.
  virtual void machine_trace(const std::string& machine, std::string_view what) {
    (void)machine;
    (void)what;
  }
  /// The session should end and, after `delay`, begin anew: a coprocess that cannot be started
  /// again in place has to be.
  virtual void session_restart(fsm::Duration delay, const std::string& reason) = 0;
  /// A vital coprocess has died, just now: nothing has been done about it yet, not even its tree
  /// swept.
  virtual void vital_death(const std::string& name, const std::string& cause) = 0;
};

}  // namespace masterd::supervisor
