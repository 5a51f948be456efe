// run_until -- turns of a loop until something is true: a test waits for events, never for time.
#pragma once

#include <chrono>

#include "fsm/event_loop.h"

namespace masterd::test {

/// False when `limit` has passed (by the loop's clock, which must be a real one). Generous: only a
/// test that fails ever waits for it.
template <class Predicate>
[[nodiscard]] bool run_until(fsm::EventLoop& loop, const Predicate& predicate,
                             fsm::Duration limit = std::chrono::seconds{20}) {
  const fsm::Deadline deadline = loop.now() + limit;
  while (!predicate()) {
    const fsm::TimePoint now = loop.now();
    if (now >= deadline) return false;
    loop.run_once(deadline - now);
  }
  return true;
}

}  // namespace masterd::test
