// sink -- where a session's supervisor tells what happens. Implemented by the daemon, so that
// supervisor/ never sees a socket; by a host that embeds it, as it likes.
#pragma once

#include <string>
#include <string_view>

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
  virtual void output(const std::string& name, const OutputLine& line) = 0;
  /// The session should end: a vital death, a limit with `then`, or `on_exit`. It does not end by
  /// itself.
  virtual void session_end(End end, const std::string& reason, bool failure) = 0;
  /// Every control transfer of a machine (a coprocess's name, or "supervisor"), for a debug log.
  virtual void machine_trace(const std::string& machine, std::string_view what) {
    (void)machine;
    (void)what;
  }
};

}  // namespace masterd::supervisor
