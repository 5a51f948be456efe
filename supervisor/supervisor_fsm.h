// supervisor_fsm -- owns the coprocesses of one session: starts each as soon as what it requires is
// ready, stops dependents first and independent ones side by side, restarts by policy, ends when
// all is down.
//
//   main: settle, wait, settle, ...  --shutdown()-->  every coprocess asked to end, dependents
//   first
//                                                     --last life ended--> (ended)
//
// Each coprocess has a desired state (up, down) and an actual one (coprocess_state.h). settle()
// looks only at coprocesses that something happened to, and takes the one step that each may take
// now: docs/states.md has the whole table. Stopped by hand is sticky until start, restart or a new
// session.
//
// Verbs may be called from anywhere in the loop; they note what is wanted and take effect on the
// next turn.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/output_ring.h"
#include "supervisor/process.h"
#include "supervisor/reconcile.h"
#include "supervisor/restart_policy.h"
#include "supervisor/sink.h"

namespace masterd::supervisor {

class Supervision;

class SupervisorFsm final : public fsm::MealyCoroutine {
 public:
  /// References must outlive the object. `spec` is valid (config::load_file). Nothing starts before
  /// start().
  SupervisorFsm(fsm::EventLoop& loop, Launcher& launcher, config::SessionSpec spec, Sink& sink);
  /// Hard end: what lives is killed.
  ~SupervisorFsm() override;

  // ---- verbs. REQUIRES: has(name) ----
  /// Desired up, with all that it requires. A new restart history; a backoff is cut short.
  void start_coprocess(const std::string& name);
  /// Desired down by hand, dependents first; they return with it. `now`: straight to SIGKILL, also
  /// when a stop is under way.
  void stop_coprocess(const std::string& name, bool now);
  /// Down and up again, with its dependents; a stopped one is started. One that has no life of its
  /// own (restart.scope = "session") and was up asks the Sink for another session instead, as does
  /// whatever else would start it again.
  void restart_coprocess(const std::string& name, bool now);
  /// Raw delivery to the leader; returns errno. TERM, INT and KILL also make it desired down. A
  /// death by this signal, or a shell's exit code for it (128 + N), is the operator's, no failure.
  int signal_coprocess(const std::string& name, int signo);
  /// Into its stdin, at once or queued (bounded); never blocks. Returns errno, as
  /// Process::write_stdin(); ESRCH without a process.
  int write_stdin(const std::string& name, std::string_view data);
  /// Its output file is rotated now. Returns errno: ENOENT when it has none.
  int rotate_output(const std::string& name);
  /// Lets go of every output file: somebody else rotates them. The next line opens its file anew.
  void reopen_outputs();
  /// What the restart policy remembers, for a session that begins anew after this one; before
  /// start().
  [[nodiscard]] std::map<std::string, RestartHistory> histories() const;
  void remember(const std::map<std::string, RestartHistory>& histories);
  /// Takes over another valid spec: only what changed is restarted (reconcile.h). With
  /// Changes::anew rather end the session and begin another one: what is restarted here asks the
  /// Sink for that only when its turn to start has come.
  Changes reconfigure(config::SessionSpec spec);

  // ---- views ----
  [[nodiscard]] const config::SessionSpec& spec() const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] CoprocessView view(std::string_view name) const;
  /// In file order.
  [[nodiscard]] std::vector<CoprocessView> views() const;
  [[nodiscard]] State state(std::string_view name) const;
  /// The live processes of its tree, the leader first.
  [[nodiscard]] std::vector<pid_t> tree(std::string_view name) const;
  /// The path of its output file; empty: it has none.
  [[nodiscard]] std::string output_file(std::string_view name) const;
  [[nodiscard]] const OutputRing& ring(std::string_view name) const;
  /// Every coprocess that is desired up is running, or exited as it should. O(1).
  [[nodiscard]] bool all_ready() const;
  /// No coprocess is on its way to another state: what is not ready now will not become so. O(1).
  [[nodiscard]] bool settled() const;
  /// Some coprocess that is desired up is failed or in backoff. O(1).
  [[nodiscard]] bool degraded() const;
  /// False when `name` cannot come into `state` without a further command.
  [[nodiscard]] bool possible(std::string_view name, State state) const;
  /// Why start_coprocess() could not start `name` but with the whole session: the name of the one,
  /// itself or something that it requires, that was up and has no life of its own.
  [[nodiscard]] std::optional<std::string> cannot_start(std::string_view name) const;

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override { sink_.machine_trace(name(), what); }

 private:
  Sink& sink_;
  std::unique_ptr<Supervision> supervision_;
};

}  // namespace masterd::supervisor
