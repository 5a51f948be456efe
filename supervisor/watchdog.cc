#include "supervisor/watchdog.h"

#include <chrono>
#include <utility>

namespace masterd::supervisor {

void Watchdog::arm(fsm::Duration interval) {
  interval_ = interval;
  timer_.reset();
  ping();
}

void Watchdog::ping() {
  if (interval_ == fsm::Duration::zero() || expired_.is_set()) return;
  timer_ = loop_.at(fsm::deadline_after(loop_.now(), interval_), [this] {
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(interval_);
    expire("no WATCHDOG=1 within " + std::to_string(limit.count()) + " ms");
  });
}

void Watchdog::trigger() { expire("WATCHDOG=trigger"); }

void Watchdog::expire(std::string reason) {
  if (expired_.is_set()) return;
  timer_.reset();
  reason_ = std::move(reason);
  expired_.set();
}

}  // namespace masterd::supervisor
