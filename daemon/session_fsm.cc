#include "daemon/session_fsm.h"

#include <fmt/format.h>

#include <utility>

namespace masterd::daemon {

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::Waiting:
      return "waiting";
    case SessionState::Starting:
      return "starting";
    case SessionState::Running:
      return "running";
    case SessionState::Stopping:
      return "stopping";
  }
  return "?";
}

SessionFsm::SessionFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher,
                       config::SessionSpec spec, Host& host, Observer& observer, Log& log)
    : MealyCoroutine{loop, "session"},
      host_{host},
      observer_{observer},
      log_{log},
      supervisor_{loop, launcher, std::move(spec), *this} {
  supervisor_.on_end([this] {
    supervisor_over_.set();
    resume();  // come_up() yields without awaiting it
  });
}

SessionState SessionFsm::state() const {
  return shutdown_requested() ? SessionState::Stopping : state_;
}

supervisor::Changes SessionFsm::reconfigure(config::SessionSpec spec) {
  if (spec != supervisor_.spec()) ++generation_;
  supervisor::Changes changes = supervisor_.reconfigure(std::move(spec));
  if (!changes.added.empty() || !changes.removed.empty() || !changes.changed.empty()) {
    reconfigured_.set();
  }
  return changes;
}

void SessionFsm::state_machine() {
  enter(SessionState::Starting, "configuration picked");
  supervisor_.start();
  for (;;) {
    come_up();
    await_any({&reconfigured_, &supervisor_over_});
    if (supervisor_over_.is_set()) break;
    enter(SessionState::Starting, "configuration changed");
  }
  host_.end_wanted(End::EndSession, "the supervisor failed: " + supervisor_.failure(), true);
}

// Until everything is ready, or until nothing is on its way there any more.
void SessionFsm::come_up() {
  reconfigured_.reset();
  return_next_loop();  // a supervisor that has not begun yet has nothing that moves
  while (!supervisor_.all_ready() && !supervisor_.settled() && !supervisor_over_.is_set()) yield();
  if (reconfigured_.is_set() || supervisor_over_.is_set()) return;
  enter(SessionState::Running,
        supervisor_.all_ready() ? "all coprocesses are ready" : "not all coprocesses are ready");
}

// Finds the supervisor in any phase: not started, starting, running, ended by a failure.
void SessionFsm::shutdown_state_machine() {
  enter(SessionState::Stopping, *shutdown_reason());
  supervisor_.shutdown(*shutdown_reason());
  await(supervisor_over_);
}

void SessionFsm::enter(SessionState to, const std::string& cause) {
  const SessionState from = std::exchange(state_, to);
  if (from != to) observer_.session_changed({session_name(), from, to, cause});
}

void SessionFsm::trace(std::string_view what) {
  if (log_.debugs()) log_.debug(name(), what);
}

void SessionFsm::transition(const supervisor::Transition& transition) {
  observer_.coprocess_changed(transition);
  resume();
}
void SessionFsm::output(const std::string& name, const supervisor::OutputLine& line) {
  observer_.coprocess_wrote(name, line);
}
void SessionFsm::machine_trace(const std::string& machine, std::string_view what) {
  if (log_.debugs()) log_.debug(machine, what);
}
void SessionFsm::session_end(End end, const std::string& reason, bool failure) {
  host_.end_wanted(end, reason, failure);
}

}  // namespace masterd::daemon
