#include "supervisor/coprocess.h"

namespace masterd::supervisor {

Facts Coprocess::facts() const {
  const bool up = desired == Desired::Up;
  Facts facts;
  facts.live = life != nullptr;
  facts.holds = (life || live_dependents() > 0) && (!spec.stay || ending);
  facts.unavailable = !ready() || ending;
  facts.failed = state == State::Failed && !heals();
  const bool rests = state == State::Stopped || (state == State::Exited && !ready());
  const bool stuck = state == State::Waiting && parked_requirement() != nullptr;
  facts.parked = !life && (rests || stuck);
  facts.unready = up && facts.unavailable && state != State::Exited;
  facts.moving = ending || state == State::Starting || state == State::Stopping ||
                 state == State::Backoff || (state == State::Waiting && !facts.parked) ||
                 (up && heals());
  facts.troubled = up && (state == State::Failed || state == State::Backoff);
  return facts;
}

CoprocessView Coprocess::view() const {
  CoprocessView view;
  view.name = spec.name;
  if (!leaving) view.group = spec.group;
  view.kind = spec.kind;
  view.state = state;
  view.desired = desired;
  view.requires_ = spec.requires_;
  view.ready = ready();
  view.restarts = restarts;
  view.last_exit = last_exit;
  view.reason = reason;
  view.next_try = next_try;
  if (life) {
    view.pid = life->pid();
    if (view.pid) view.since = life->since();
    view.stage = life->stage();
    view.until = life->waits_until();
    view.status_text = life->status_text();
  }
  if (state == State::Waiting) {
    for (const Unit* unit : requirements) {
      if (unit->unavailable > 0) view.waiting_for.push_back(unit->name);
    }
  }
  if (ending && live_dependents() > 0 && state != State::Stopping) {
    for (const Unit* unit : {static_cast<const Unit*>(&own), static_cast<const Unit*>(group)}) {
      if (unit == nullptr) continue;
      for (const Coprocess* dependent : unit->dependents) {
        if (dependent->counted.holds) view.waiting_for.push_back(dependent->spec.name);
      }
    }
  }
  return view;
}

std::string not_ready(const Unit& unit) { return "requirement " + unit.name + " is not ready"; }

}  // namespace masterd::supervisor
