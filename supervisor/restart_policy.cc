#include "supervisor/restart_policy.h"

#include <algorithm>

namespace masterd::supervisor {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kFreeRestarts = 3;
constexpr milliseconds kSlowStart{100};

fsm::Duration grown(milliseconds first, milliseconds cap, unsigned times) {
  milliseconds delay = std::min(first, cap);
  for (; times > 0 && delay < cap; --times) delay = std::min(2 * delay, cap);
  return delay;
}

fsm::Duration delay_after(const config::RestartSpec& spec, unsigned in_a_row) {
  if (spec.delay.count() > 0)
    return grown(spec.delay, std::max(spec.max_delay, spec.delay), in_a_row);
  if (in_a_row < kFreeRestarts) return fsm::Duration::zero();
  return grown(kSlowStart, std::max(spec.max_delay, kSlowStart), in_a_row - kFreeRestarts);
}

}  // namespace

std::optional<fsm::Duration> next_restart(const config::RestartSpec& spec, RestartHistory& history,
                                          fsm::TimePoint now, fsm::Duration uptime, double luck) {
  auto& restarts = history.restarts;
  while (!restarts.empty() && restarts.front() + spec.within < now) restarts.pop_front();
  if (spec.limit > 0 && restarts.size() >= spec.limit) return std::nullopt;
  if (uptime >= spec.reset_after) history.in_a_row = 0;
  const fsm::Duration delay = delay_after(spec, history.in_a_row);
  ++history.in_a_row;
  if (spec.limit > 0) restarts.push_back(now);
  const double share = 1 + spec.jitter * (2 * luck - 1);
  return std::chrono::duration_cast<fsm::Duration>(delay * share);
}

}  // namespace masterd::supervisor
