// restart_policy -- when a coprocess that ended by itself is started again. Pure: history and time
// in, delay or "give up" out.
//
// The delay doubles with each end in a row, up to max_delay; a process that was up for reset_after
// begins a new row. delay = 0 restarts at once three times in a row, then grows from 100 ms, so
// that a crash loop without limit cannot spin. The limit counts restarts within a sliding window.
#pragma once

#include <deque>
#include <optional>

#include "config/spec.h"
#include "fsm/clock.h"

namespace masterd::supervisor {

/// What the policy remembers of one coprocess. A start by hand begins a new one.
struct RestartHistory {
  std::deque<fsm::TimePoint> restarts;  // within the window, oldest first
  unsigned in_a_row = 0;
};

/// The delay before the next start, which it notes in `history`; nullopt: the limit is reached.
/// `uptime` is how long the process that ended had been up (0: it was never spawned). `luck` from 0
/// to 1 chooses within the spec's jitter; 0.5 is the delay itself.
std::optional<fsm::Duration> next_restart(const config::RestartSpec& spec, RestartHistory& history,
                                          fsm::TimePoint now, fsm::Duration uptime,
                                          double luck = 0.5);

}  // namespace masterd::supervisor
