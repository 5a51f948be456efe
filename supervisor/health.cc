#include "supervisor/health.h"

namespace masterd::supervisor {

Health::Health(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
               pid_t pid)
    : allowed_{spec.health->failures},
      probe_{loop,
             launcher,
             spec,
             spec.health->argv,
             {spec.health->interval, spec.health->timeout},
             pid,
             [this](const ProbeResult& result) { return take(result); }} {
  probe_.on_end([this] { at_rest_.set(); });
  probe_.start();
}

bool Health::take(const ProbeResult& result) {
  failures_ = result.passed ? 0 : failures_ + 1;
  if (failures_ < allowed_) return true;
  failure_ =
      std::to_string(failures_) +
      (failures_ == 1 ? " health probe failed: " : " health probes in a row failed, the last: ") +
      result.reason;
  failed_.set();
  return false;
}

}  // namespace masterd::supervisor
