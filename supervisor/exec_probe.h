// exec_probe -- runs a command again and again and tells how each run went.
//
//   run: spawn --ended, or its time is over: killed--> sweep what it left --> tell
//                    ^                                                          |
//                    +----------------- interval <-------- again ---------------+--> (ended)
//   shutdown(): the run in flight is killed; ended when it is gone (2 s at most)
//
// One run at a time; the interval lies between the end of one and the start of the next. Owner:
// Readiness, Health. Destroying it kills the run in flight, which is reaped later.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/output_ring.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

struct ProbeResult {
  bool passed = false;  // it ended with 0 in time
  /// Of a failure: "exited with 1", "timed out after 1000 ms" or the error of the spawn; with the
  /// last line of its output, if there was one: "exited with 1: no answer".
  std::string reason;
};

class ExecProbe final : public fsm::MealyCoroutine {
 public:
  struct Timing {
    std::chrono::milliseconds interval;
    std::chrono::milliseconds timeout;  // of one run
  };
  /// The result of a run; false ends the probe. From the machine's own stack: must not destroy it.
  using OnResult = std::function<bool(const ProbeResult&)>;

  /// `loop` and `launcher` must outlive the machine. `pid` is what ${pid} in `argv` stands for; the
  /// first run begins on the turn after start().
  ExecProbe(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
            const std::vector<std::string>& argv, Timing timing, pid_t pid, OnResult on_result);
  ~ExecProbe() override { unwind(); }

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }

 private:
  ProbeResult run();
  std::unique_ptr<Process> launch();
  std::optional<ExitStatus> sweep();

  Launcher& launcher_;
  const config::CoprocessSpec spec_;
  const std::vector<std::string> command_;
  const Timing timing_;
  const OnResult on_result_;
  // Of the run in flight; they survive the swap of stacks.
  std::optional<OutputRing> lines_;
  std::string last_line_;
  std::unique_ptr<Process> process_;
};

}  // namespace masterd::supervisor
