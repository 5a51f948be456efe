// coprocess_fsm -- one life of one child process, from spawn to reap.
//
//   starting --spawned, ready--> running --leader ends--> sweep the group --> ended
//      |            |               |
//      |            +-- shutdown() -+--> stopping: ladder of (signal, grace), all to the group -->
//      ended
//      +-- spawn failed --> ended            stop_now() skips to SIGKILL
//                                            last rung's grace over --> ended (unkillable)
//
// The state is the program counter; announce() tells the outside and nothing reads it back. A
// restart is a new object. Stopped means that the whole group is gone, not only the leader. Owner:
// SupervisorFsm.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/spec.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

/// How a life ended.
struct LifeEnd {
  enum class How {
    NotSpawned,  // detail: stage, object and errno of the failure
    Ended,       // status says how
    Unkillable,  // something outlived SIGKILL; detail names the pid
  };
  How how = How::NotSpawned;
  std::optional<pid_t> pid;
  std::optional<ExitStatus> status;
  std::string detail;
};

class CoprocessFsm final : public fsm::MealyCoroutine {
 public:
  /// Tells Starting, Running, Stopping, each once and in this order, from the machine's own stack:
  /// must not destroy the machine.
  using Announce = std::function<void(State, const std::string& cause)>;

  /// `spec` is read when it is needed: what may change in place (the stop ladder) is taken as it is
  /// then. Everything must outlive the machine.
  CoprocessFsm(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
               Announce announce, Launcher::Output output);
  /// Hard end: what lives is killed.
  ~CoprocessFsm() override { unwind(); }

  /// Told of every control transfer, for a debug log.
  void on_trace(std::function<void(std::string_view)> fn) { on_trace_ = std::move(fn); }

  /// Skips to SIGKILL, also in a ladder under way. Does not begin a stop: call shutdown() too.
  void stop_now() { kill_now_.set(); }
  /// To the leader alone; ESRCH when there is none.
  int signal(int signo);

  [[nodiscard]] std::optional<pid_t> pid() const;
  /// When the process was spawned.
  [[nodiscard]] std::optional<fsm::TimePoint> since() const { return since_; }
  /// Meaningful once ended().
  [[nodiscard]] const LifeEnd& end() const { return end_; }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override {
    if (on_trace_) on_trace_(what);
  }

 private:
  void climb_ladder();
  void release();

  Launcher& launcher_;
  const config::CoprocessSpec& spec_;
  const Announce announce_;
  Launcher::Output output_;
  std::function<void(std::string_view)> on_trace_;
  std::unique_ptr<Process> process_;  // from spawn to reap; survives the swap
  std::optional<fsm::TimePoint> since_;
  fsm::Event kill_now_;
  LifeEnd end_;
};

}  // namespace masterd::supervisor
