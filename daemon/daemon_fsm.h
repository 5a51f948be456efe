// daemon_fsm -- the daemon's life: waits for a configuration to be picked, has a session, waits
// again, until it is told to end.
//
//   waiting --pick()--> session --session ended--> waiting ...
//      |  ^
//      |  +-- the periodic hook, if one is configured, one run at a time
//      +------ shutdown(), in any phase --> stopping: session taken down, loop stopped (end)
//
// Two endings exist: end_session() goes back to waiting, shutdown() stops the loop. A session that
// was asked for on the command line and ended by a failure ends the daemon too.
//
// Event methods may be called from anywhere in the loop. Specs come loaded: a file is never parsed
// on this stack (config/load.h).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/spec.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "daemon/session_fsm.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/process.h"

namespace masterd::daemon {

/// Runs while no session is picked. Off: an empty command.
struct HookSpec {
  std::vector<std::string> command;
  std::chrono::milliseconds interval{0};  // from the end of one run to the next
};

class DaemonFsm final : public fsm::MealyCoroutine, private SessionFsm::Host {
 public:
  /// A hook that takes longer than so many intervals is killed.
  static constexpr int kHookIntervals = 10;

  /// References must outlive the machine.
  DaemonFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher, HookSpec hook, Observer& observer,
            Log& log);
  /// Hard end: what lives is killed.
  ~DaemonFsm() override { unwind(); }

  /// No session begins anything, and the daemon does not end, before that is over. Before start().
  void hold(Hold hold) { hold_.emplace(std::move(hold)); }
  /// `fn` is called once, when the daemon's way to its end begins: from the machine's own stack.
  void on_stopping(std::function<void()> fn) { on_stopping_ = std::move(fn); }

  // ---- events ----
  /// Begins a session. REQUIRES: session() == nullptr, !shutdown_requested(). `vital`: the daemon
  /// ends when this session fails.
  void pick(config::SessionSpec spec, bool vital = false,
            const std::string& cause = "configuration picked");
  /// Takes the session down and goes back to waiting. REQUIRES: session() != nullptr. Idempotent.
  void end_session(std::string_view reason);
  /// Another configuration for the session. It changes in place; or, with Changes::anew, it ends
  /// and one of the new configuration begins. REQUIRES: session() != nullptr, not Stopping.
  supervisor::Changes reconfigure(config::SessionSpec spec);
  /// A session that is to begin anew after a pause will not: its name. nullopt: none is.
  std::optional<std::string> cancel_restart();
  /// The session is not (any more) what the command line asked for.
  void forget_vital() { vital_ = false; }

  // ---- views ----
  /// nullptr: none. It lives until the turn after its end.
  [[nodiscard]] SessionFsm* session() { return session_.get(); }
  [[nodiscard]] const SessionFsm* session() const { return session_.get(); }
  /// The session that is to begin anew, and when.
  struct Next {
    std::string name;
    fsm::TimePoint when;
  };
  [[nodiscard]] std::optional<Next> next_session() const;
  /// When the session has ended, which is under way or done, another one begins by itself: number
  /// sessions() + 1.
  [[nodiscard]] bool begins_anew() const { return restart_.has_value(); }
  /// And that one is of another configuration.
  [[nodiscard]] bool superseded() const { return restart_ && restart_->other; }
  /// Counts sessions, also those that were to begin anew and did not: tells whether a session is
  /// still the one that was seen before.
  [[nodiscard]] unsigned sessions() const { return sessions_; }
  /// "waiting", "session" or "stopping".
  [[nodiscard]] std::string_view state() const;
  /// A session asked for on the command line ended by a failure.
  [[nodiscard]] bool vital_failed() const { return vital_failed_; }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override;

 private:
  /// The session that begins by itself when the one that could not go on has ended.
  struct Restart {
    fsm::Duration delay;
    std::string cause;
    fsm::TimePoint when;  // known from the end of the old one on
    config::SessionSpec spec;
    std::map<std::string, supervisor::RestartHistory> histories;
    bool other = false;  // another configuration
  };

  void wait_for_pick();
  void wait_for_restart();
  void run_hook();
  void see_session_out();
  void end_wanted(SessionFsm::End end, const std::string& reason, bool failure) override;
  void restart_wanted(fsm::Duration delay, const std::string& reason) override;
  [[nodiscard]] const Hold* hold() const override { return hold_ ? &*hold_ : nullptr; }

  supervisor::Launcher& launcher_;
  const HookSpec hook_;
  std::optional<Hold> hold_;
  std::function<void()> on_stopping_;
  Observer& observer_;
  Log& log_;
  std::unique_ptr<SessionFsm> session_;  // engaged from pick() until its end was seen
  std::optional<Restart> restart_;       // engaged until it began, or something else was asked for
  fsm::Event restart_off_;
  fsm::Event picked_;
  fsm::Event session_over_;
  std::string last_failure_;  // the hook's, so that one failing for ever is logged once
  unsigned sessions_ = 0;
  bool vital_ = false;
  bool vital_failed_ = false;
};

}  // namespace masterd::daemon
