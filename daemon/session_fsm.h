// session_fsm -- one session, from a valid spec until its last process is gone.
//
//   starting --all ready, or nothing moves any more--> running --reconfigure()--> starting
//      |                                                  |
//      +---------------- shutdown(), in any phase --------+--> stopping --supervisor ended--> (end)
//
// "degraded" is no state: it is derived from the coprocesses. The session does not end by itself:
// what wants it ended (a vital death, on_exit, a broken supervisor) asks the host, who calls
// shutdown(). Owner: DaemonFsm; one object is one session.
#pragma once

#include <string>
#include <string_view>

#include "config/spec.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/supervisor_fsm.h"

namespace masterd::daemon {

class SessionFsm final : public fsm::MealyCoroutine, private supervisor::Sink {
 public:
  /// Who is asked to end the session; see supervisor::Sink::session_end().
  class Host {
   public:
    virtual void end_wanted(End end, const std::string& reason, bool failure) = 0;

   protected:
    ~Host() = default;
  };
  using supervisor::Sink::End;

  /// References must outlive the session. Nothing starts before start().
  SessionFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher, config::SessionSpec spec,
             Host& host, Observer& observer, Log& log);
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
  /// Counts the different configurations: 1 at first.
  [[nodiscard]] unsigned generation() const { return generation_; }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override;

 private:
  void come_up();
  void enter(SessionState to, const std::string& cause);

  void transition(const supervisor::Transition& transition) override;
  void output(const std::string& name, const supervisor::OutputLine& line) override;
  void session_end(End end, const std::string& reason, bool failure) override;
  void machine_trace(const std::string& machine, std::string_view what) override;

  Host& host_;
  Observer& observer_;
  Log& log_;
  supervisor::SupervisorFsm supervisor_;
  fsm::Event supervisor_over_;
  fsm::Event reconfigured_;
  SessionState state_ = SessionState::Waiting;  // what was announced; for views only
  unsigned generation_ = 1;
};

}  // namespace masterd::daemon
