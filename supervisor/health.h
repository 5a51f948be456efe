// health -- probes a running coprocess: so many failures in a row are as bad as a death.
//
// Owner: the life of the coprocess; from ready until it stops. Before the stop ladder: shutdown(),
// and await at_rest(). Destroying it kills a probe in flight, which is reaped later.
#pragma once

#include <sys/types.h>

#include <string>

#include "config/spec.h"
#include "fsm/event.h"
#include "supervisor/exec_probe.h"

namespace masterd::supervisor {

class Health {
 public:
  /// Begins at once. REQUIRES: spec.health. `loop` and `launcher` must outlive it; later
  /// changes of the spec need a new one.
  Health(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec, pid_t pid);

  /// Latched when the last allowed probe has failed; the probing has ended then.
  [[nodiscard]] fsm::Event& failed() { return failed_; }
  /// "3 health probes in a row failed, the last: exited with 1"; empty until then.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// Probes no more; the one in flight is killed. Idempotent.
  void shutdown() { probe_.shutdown("the coprocess stops"); }
  /// Latched when the probing has ended and none is in flight.
  [[nodiscard]] fsm::Event& at_rest() { return at_rest_; }

 private:
  bool take(const ProbeResult& result);

  const unsigned allowed_;
  unsigned failures_ = 0;  // in a row
  fsm::Event failed_;
  fsm::Event at_rest_;
  std::string failure_;
  ExecProbe probe_;
};

}  // namespace masterd::supervisor
