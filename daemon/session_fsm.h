// session_fsm -- one session, from a valid spec until its last process is gone.
//
//   starting: before --> supervisor --all ready, or nothing moves any more--> running
//      |  ^   guard                                                             |  |
//      |  +------------------------- reconfigure() -----------------------------+  |
//      +-------------------------- shutdown(), in any phase -----------------------+
//                                     |
//                                     v
//   stopping: supervisor ends --> guard goes --> fail-safe ends --> strays are killed --> after -->
//   (end)
//
// A vital death starts the fail-safe command at once, on the stack on which it became known; one in
// flight. The guard runs it should masterd itself die meanwhile (daemon/guard.h).
//
// "degraded" is no state: it is derived from the coprocesses. The session does not end by itself:
// what wants it ended (a vital death, on_exit, a broken supervisor) asks the host, who calls
// shutdown(). Owner: DaemonFsm; one object is one session.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/spec.h"
#include "daemon/guard.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/command_machine.h"
#include "supervisor/supervisor_fsm.h"

namespace masterd::daemon {

/// What nothing may begin before.
struct Hold {
  fsm::Event& over;
  std::string what;     // for people
  fsm::Deadline until;  // when it is over at the latest
};

class SessionFsm final : public supervisor::CommandMachine, private supervisor::Sink {
 public:
  /// Who is asked to end the session; see supervisor::Sink::session_end().
  class Host {
   public:
    virtual void end_wanted(End end, const std::string& reason, bool failure) = 0;
    /// The session is to end, and the same one is to begin `delay` later.
    virtual void restart_wanted(fsm::Duration delay, const std::string& reason) = 0;
    /// What the session must wait for before it begins anything, its clean-up too; nullptr: for
    /// nothing.
    virtual const Hold* hold() const { return nullptr; }

   protected:
    ~Host() = default;
  };
  using supervisor::Sink::End;

  /// References must outlive the session. Nothing starts before start().
  SessionFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher, config::SessionSpec spec,
             Host& host, Observer& observer, Log& log,
             std::string begin_cause = "configuration picked");
  /// Hard end: what lives is killed.
  ~SessionFsm() override { unwind(); }

  /// Takes over another valid spec, which restarts only what changed; starting again until ready,
  /// if anything did.
  /// REQUIRES: state() != Stopping.
  supervisor::Changes reconfigure(config::SessionSpec spec);

  [[nodiscard]] supervisor::SupervisorFsm& supervisor() { return supervisor_; }
  [[nodiscard]] const supervisor::SupervisorFsm& supervisor() const { return supervisor_; }
  [[nodiscard]] const std::string& session_name() const { return supervisor_.spec().name; }
  /// Stopping from the moment at which shutdown() was called.
  [[nodiscard]] SessionState state() const;
  /// Which command of its own it waits for, as "before: mount"; empty: none.
  [[nodiscard]] const std::string& stage() const { return stage_; }
  /// When the time of that command is over.
  [[nodiscard]] std::optional<fsm::Deadline> waits_until() const { return waits_until_; }
  /// Counts the different configurations: 1 at first.
  [[nodiscard]] unsigned generation() const { return generation_; }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override;

 private:
  void hold();
  bool prepare();
  bool guard();
  /// As it runs; nullopt: the session has none.
  [[nodiscard]] std::optional<config::CoprocessSpec> fail_safe_command() const;
  void end_fail_safe();
  void end_strays();
  void come_up();
  /// Runs one of the session's own commands, as CommandMachine::run_command().
  std::string run_own(const config::CommandSpec& command, std::string_view role);
  [[nodiscard]] config::CoprocessSpec own(const config::CommandSpec& command) const;
  [[nodiscard]] supervisor::Launcher::Output own_output();
  [[nodiscard]] supervisor::OutputRing::OnLine log_line();
  void enter(SessionState to, const std::string& cause);

  void transition(const supervisor::Transition& transition) override;
  void output(const config::CoprocessSpec& from, const supervisor::OutputLine& line) override;
  void note(const std::string& name, const std::string& text) override;
  void session_end(End end, const std::string& reason, bool failure) override;
  void machine_trace(const std::string& machine, std::string_view what) override;
  void session_restart(fsm::Duration delay, const std::string& reason) override;
  void vital_death(const std::string& name, const std::string& cause) override;

  supervisor::Launcher& launcher_;
  Host& host_;
  Observer& observer_;
  Log& log_;
  supervisor::SupervisorFsm supervisor_;
  Guard guard_;  // goes first: at a hard end its command runs while the others are killed
  config::CoprocessSpec self_;       // what the session's own commands run as
  supervisor::OutputRing lines_{0};  // of these commands; kept in the log alone
  std::string last_line_;            // as a rule why one failed
  std::unique_ptr<supervisor::Process> fail_safe_;
  fsm::Deadline fail_safe_until_;
  fsm::Watch fail_safe_limit_;
  fsm::Event supervisor_over_;
  fsm::Event guard_over_;
  fsm::Event reconfigured_;
  SessionState state_ = SessionState::Waiting;  // what was announced; for views only
  unsigned generation_ = 1;
  const std::string begin_cause_;
  std::string stage_;
  std::optional<fsm::Deadline> waits_until_;
};

}  // namespace masterd::daemon
