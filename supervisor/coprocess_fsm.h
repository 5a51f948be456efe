// coprocess_fsm -- one life of one coprocess, from its `before` commands to its `after` commands.
//
//   starting --before, spawn, ready--> running --leader ends--> stopping (SIGKILL to what it left)
//      |          |                       |
//      |          +-- never ready --------+-- unhealthy, shutdown() --> stopping (command, ladder)
//      |          +-- suspended ----------+   (suspended, where that is a failure: the ladder only)
//      +-- before or spawn failed --> stopping
//   stopping --process gone--> undo, after --> ended. Nothing to be done: not announced.
//
//   oneshot:  starting --ended well--> exited (ready). Where there is an `undo` or `after`, or
//   where
//             it has left something running that is to be kept, its life goes on until shutdown():
//             the ladder for that, undo, after. Begun and failed: undo at once.
//   forking:  starting --first process ended with 0, main one found--> as above
//   stopping: the stop command, then the ladder of (signal, grace), each to the whole tree;
//             stop_now() skips to SIGKILL; the last rung's grace over --> ended (Unkillable)
//
// The state is the program counter; announce() tells the outside and nothing reads it back. A
// restart is a new object. Stopped means that the whole tree is gone, not only the leader. What a
// shutdown() finds under way on the way down goes on where it is: no grace begins anew, no command
// runs twice or is left half done. Owner: Supervision.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/spec.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/command_machine.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/health.h"
#include "supervisor/notify_socket.h"
#include "supervisor/process.h"
#include "supervisor/readiness.h"
#include "supervisor/watchdog.h"

namespace masterd::supervisor {

/// How a life ended.
struct LifeEnd {
  enum class How {
    NotSpawned,  // detail: the command that failed, or stage, object and errno of the spawn
    Ended,       // status says how
    NotReady,    // ended by us; detail says what was missing
    Unhealthy,   // ended by us; detail is the probe's or the watchdog's word, or it was suspended
    Broken,      // ended by us: an error of our own (no memory, no descriptor); detail says which
    UndoFailed,  // a oneshot's undo did not end well; detail says how
    Unkillable,  // something outlived SIGKILL; detail names the pids
  };
  /// In words for people.
  [[nodiscard]] std::string to_string() const;

  How how = How::NotSpawned;
  std::optional<pid_t> pid;
  std::optional<ExitStatus> status;
  std::string detail;
  fsm::Duration uptime{};  // from spawn to end; 0: never spawned
};

class CoprocessFsm final : public CommandMachine {
 public:
  /// Tells Starting, Running, Exited (a oneshot that waits for its teardown), Stopping; each at
  /// most once, from the machine's own stack: must not destroy the machine.
  using Announce = std::function<void(State, const std::string& cause)>;

  /// `spec` is read when it is needed: what may change in place (the stop ladder) is taken as it is
  /// then. Everything must outlive the machine.
  CoprocessFsm(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
               Announce announce, Launcher::Output output);
  /// Hard end: what lives is killed.
  ~CoprocessFsm() override { unwind(); }

  /// Told of every control transfer, for a debug log.
  void on_trace(std::function<void(std::string_view)> fn) { on_trace_ = std::move(fn); }

  /// `fn` runs at the moment at which it is known that the coprocess died, or is as good as dead,
  /// and before anything is done about it; not for an end that was asked for. From the machine's
  /// own stack.
  void on_death(std::function<void(const std::string& cause)> fn) { on_death_ = std::move(fn); }

  /// Something for the operator's log that is no end of it: an `after` command that failed.
  void on_note(std::function<void(const std::string&)> fn) { on_note_ = std::move(fn); }

  /// Skips to SIGKILL, also in a stop under way, and cuts a command in flight short: each call the
  /// one that it finds, so that the clean-up after it gets its chance. Does not begin a stop: call
  /// shutdown() too.
  void stop_now() {
    kill_now_.set();
    hurry_command();
  }
  /// spec.health or spec.on_suspend is another one. Before it is ready that has no effect yet.
  void watch_changed() { watch_changed_.set(); }
  /// A whole line of its output, for a readiness that waits for one.
  void wrote(Stream stream, std::string_view line);
  /// To the leader alone; ESRCH when there is none.
  int signal(int signo);
  [[nodiscard]] Process* process() { return process_.get(); }
  [[nodiscard]] const Process* process() const { return process_.get(); }

  [[nodiscard]] std::optional<pid_t> pid() const;
  /// When the process was spawned.
  [[nodiscard]] std::optional<fsm::TimePoint> since() const { return since_; }
  /// When the wait for readiness, or the rung of the ladder under way, is over.
  [[nodiscard]] std::optional<fsm::Deadline> waits_until() const { return waits_until_; }
  /// What is being done or waited for right now, in words for people: "before: mkdir", "no READY=1
  /// came", "SIGTERM". Empty: nothing that would end by itself.
  [[nodiscard]] std::string stage() const;
  /// Its own words (sd_notify STATUS=); empty: none.
  [[nodiscard]] const std::string& status_text() const { return status_text_; }
  /// Meaningful once ended(), and `status` once Exited was announced.
  [[nodiscard]] const LifeEnd& end() const { return end_; }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override {
    if (on_trace_) on_trace_(what);
  }

 private:
  /// How far a stop has come; survives the swap. The deadline of the rung is waits_until_.
  struct Stop {
    bool command_done = false;
    std::vector<config::StopStep> ladder;  // empty until it is climbed
    std::size_t rung = 0;
    bool sent = false;
  };

  // ---- phases, on the machine's stack ----
  void live();
  bool prepare();
  void launch();
  void live_once();
  void keep_leftovers(const ExitStatus& status);
  bool find_main();
  std::optional<std::string> adopt_main();
  bool become_ready();
  void stay_well();
  void end_by_itself(const std::string& cause);
  [[nodiscard]] fsm::Event& suspension();
  void end_suspended();
  void wind_down(LifeEnd::How how, std::string detail);
  void come_to_rest();
  void rest_health();
  void sweep();
  void stop_process();
  void run_stop_command();
  void climb_ladder();
  void release();
  void put_in_order(const std::string& cause);
  void run_undo();
  /// Until one of `sources` is set, or waits_until_ has come; a message may move that meanwhile.
  fsm::Wake wait_in_time(std::initializer_list<fsm::Event*> sources);
  /// As run_command(), or finish_command() for one in flight, which is the same one then.
  std::string run(const config::CommandSpec& command, std::string_view role);

  [[nodiscard]] bool trusts(pid_t sender, uid_t user) const;
  void notified(const NotifyMessage& message);
  void died(const std::string& cause);
  void tell_stopping(const std::string& cause);

  Launcher& launcher_;
  const config::CoprocessSpec& spec_;
  const Announce announce_;
  const Launcher::Output output_;
  std::function<void(std::string_view)> on_trace_;
  std::function<void(const std::string&)> on_note_;
  std::function<void(const std::string&)> on_death_;

  std::unique_ptr<NotifySocket> notify_;  // where the spec asks for it; before the process
  std::unique_ptr<Process> process_;      // from spawn to reap; survives the swap
  std::unique_ptr<Readiness> readiness_;  // from before the spawn until ready
  std::optional<Health> health_;          // while running, where the spec asks for it
  std::optional<Watchdog> watchdog_;      // likewise; armed when ready
  std::optional<pid_t> main_pid_;         // as it told by MAINPID=
  std::optional<fsm::TimePoint> since_;
  std::optional<fsm::Deadline> waits_until_;
  std::string stage_;
  std::string status_text_;
  fsm::Event kill_now_;
  fsm::Event watch_changed_;
  fsm::Event never_suspended_;
  std::optional<fsm::Duration> watchdog_interval_;  // as it told by WATCHDOG_USEC=
  Stop stop_;
  bool begun_ = false;
  bool preparing_ = false;   // `before` commands run
  bool well_ = false;        // it was ready
  bool extendable_ = false;  // EXTEND_TIMEOUT_USEC= may move waits_until_
  bool death_told_ = false;
  bool stopping_told_ = false;
  bool kept_ = false;           // process_ is what a oneshot has left running
  bool undo_due_ = false;       // a oneshot with an undo was begun
  std::size_t after_next_ = 0;  // of spec.after
  LifeEnd end_;
};

}  // namespace masterd::supervisor
