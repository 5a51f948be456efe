// observer -- what the machines of the daemon tell the outside. Implemented by Recorder.
#pragma once

#include <string>
#include <string_view>

#include "supervisor/coprocess_state.h"
#include "supervisor/output_ring.h"

namespace masterd::daemon {

/// The words on the wire: waiting starting running stopping.
enum class SessionState { Waiting, Starting, Running, Stopping };
std::string_view to_string(SessionState state);

struct SessionChange {
  std::string session;
  SessionState from = SessionState::Waiting;
  SessionState to = SessionState::Waiting;
  std::string cause;
};

/// Called from the loop and from machines' stacks: must neither throw nor destroy a machine, and
/// runs nothing back into them inside the call.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void session_changed(const SessionChange& change) = 0;
  virtual void coprocess_changed(const supervisor::Transition& transition) = 0;
  /// `logged`: the line belongs into the daemon's log, too.
  virtual void coprocess_wrote(const std::string& name, const supervisor::OutputLine& line,
                               bool logged) = 0;
};

}  // namespace masterd::daemon
