#include "supervisor/supervision.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <unordered_set>
#include <utility>
#include <vector>

namespace masterd::supervisor {
namespace {

using fsm::Duration;

bool means_down(int signo) { return signo == SIGTERM || signo == SIGINT || signo == SIGKILL; }

/// All that it requires, however far.
std::vector<Coprocess*> required_by(const Coprocess& c) {
  std::vector<Coprocess*> required;
  std::vector<Unit*> units = c.requirements;
  std::unordered_set<Unit*> seen{units.begin(), units.end()};
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (Coprocess* member : units[i]->members) {
      required.push_back(member);
      for (Unit* unit : member->requirements) {
        if (seen.insert(unit).second) units.push_back(unit);
      }
    }
  }
  return required;
}

/// It was up, is not or not for long any more, and has no second life.
bool is_spent(const Coprocess& c) {
  if (!c.begun || !has_no_life_of_its_own(c.spec)) return false;
  return c.life ? c.ending.has_value() : !c.ready();
}

}  // namespace

Supervision::Supervision(fsm::EventLoop& loop, Launcher& launcher, config::SessionSpec spec,
                         Sink& sink, std::function<void()> wake)
    : loop_{loop},
      launcher_{launcher},
      spec_{std::move(spec)},
      sink_{sink},
      wake_{std::move(wake)} {
  set_.adopt(spec_);
  set_.link();
}

void Supervision::begin() {
  for (const auto& c : set_.all()) {
    if (c->desired == Desired::Up) wait_for_start(*c, "session start");
  }
}

void Supervision::end_all(const std::string& reason) {
  closing_ = true;
  for (const auto& c : set_.all()) end_life(*c, reason, false);
}

void Supervision::settle() {
  do {
    while (!queue_.empty()) {
      Coprocess& c = *queue_.front();
      queue_.pop_front();
      c.queued = false;
      advance(c);
      set_.recount(c);
    }
  } while (relink());
}

// ---- verbs ----

void Supervision::start(Coprocess& c, const std::string& cause) {
  if (closing_ || c.leaving) return;
  start_one(c, cause);
  // Also behind what is up: that may still be about to end for what is not.
  for (Coprocess* required : required_by(c)) {
    const bool down = required->desired == Desired::Down || required->state == State::Failed ||
                      (required->state == State::Exited && !required->ready());
    if (down) start_one(*required, "required by " + c.spec.name);
  }
}

void Supervision::start_one(Coprocess& c, const std::string& cause) {
  c.desired = Desired::Up;
  c.operator_signal.reset();
  // It ends all the same, and then starts for this.
  if (c.life && c.state == State::Stopping && !c.ending) c.ending = Ending{cause};
  if (c.ending) c.ending->cause = cause;
  if (!c.life && c.state != State::Waiting && !c.ready()) {
    c.history = {};
    wait_for_start(c, cause);
  }
  changed(c);
}

void Supervision::stop(Coprocess& c, bool now) {
  c.desired = Desired::Down;
  if (c.life) {
    end_life(c, "stop requested", now);
    c.ending->cause = "stop requested";  // also of an end that was to be followed by a start
    if (now) hurry_dependents(c);
  } else if (c.state != State::Stopped) {
    rest(c, "stop requested");
  }
  changed(c);
}

void Supervision::restart(Coprocess& c, bool now) {
  if (closing_ || c.leaving) return;
  const std::string cause = "restart requested";
  if (c.begun && has_no_life_of_its_own(c.spec)) {
    c.history = {};
    sink_.session_restart({}, fmt::format("{}: {}", c.spec.name, cause));
    return;
  }
  const bool up = c.life || c.ready();  // ready without a life: a oneshot, to be done once more
  c.history = {};
  start(c, cause);
  if (!up) return;
  ++c.restarts;
  if (c.life) {
    end_life(c, cause, now);
  } else {
    wait_for_start(c, cause);  // dependents end first
  }
  if (now) hurry_dependents(c);
}

int Supervision::signal(Coprocess& c, int signo) {
  if (!c.life) return ESRCH;
  const int error = c.life->signal(signo);
  if (error != 0) return error;
  c.operator_signal = signo;
  if (means_down(signo)) {
    c.desired = Desired::Down;
    changed(c);
  }
  return 0;
}

int Supervision::write_stdin(Coprocess& c, std::string_view data) {
  if (!c.life || c.life->process() == nullptr) return ESRCH;
  return c.life->process()->write_stdin(data);
}

std::map<std::string, RestartHistory> Supervision::histories() const {
  std::map<std::string, RestartHistory> histories;
  for (const auto& c : set_.all()) {
    if (c->history.in_a_row > 0) histories.emplace(c->spec.name, c->history);
  }
  return histories;
}

void Supervision::remember(const std::map<std::string, RestartHistory>& histories) {
  for (const auto& [name, history] : histories) {
    if (Coprocess* c = set_.find(name)) c->history = history;
  }
}

Changes Supervision::reconfigure(config::SessionSpec spec) {
  const Changes changes = compare(spec_, spec);
  ++reconfigured_;
  for (const std::string& name : changes.removed) depart(*set_.find(name));
  spec_ = std::move(spec);
  set_.adopt(spec_);
  for (const config::CoprocessSpec& wanted : spec_.coprocesses) {
    Coprocess& c = *set_.find(wanted.name);
    if (std::exchange(c.leaving, false)) {
      c.desired = Desired::Up;
      if (!c.life) wait_for_start(c, "added to the session");
    }
    if (same_process(c.spec, wanted)) {
      c.next_spec.reset();
      const bool other_watch =
          c.spec.health != wanted.health || c.spec.on_suspend != wanted.on_suspend;
      c.spec = wanted;
      set_up_output(c);
      if (other_watch && c.life) c.life->watch_changed();
      continue;
    }
    // Who requires whom is as in the new file at once: a mix of two files could be a cycle, in
    // which everybody waits for a dependent to end first.
    c.spec.group = wanted.group;
    c.spec.requires_ = wanted.requires_;
    c.next_spec = wanted;
    if (c.life) {
      end_life(c, "configuration changed", false);
    } else {
      take_over(c);
    }
  }
  for (const std::string& name : changes.added) {
    Coprocess& c = *set_.find(name);
    if (!c.life) wait_for_start(c, "added to the session");
  }
  set_.link();
  return changes;
}

void Supervision::take_over(Coprocess& c) {
  c.spec = *std::exchange(c.next_spec, std::nullopt);
  c.history = {};
  const bool rests = c.state == State::Stopped || c.state == State::Waiting;
  if (!rests && c.desired == Desired::Up) wait_for_start(c, "configuration changed");
}

// Until it is gone it keeps the place that it had, among those that leave with it: dependents end
// first. Nobody who stays requires it: it is in no group of the new file, whatever its old one was
// called (a space is in no valid name).
void Supervision::depart(Coprocess& c) {
  const std::string suffix = fmt::format(" (removed {})", reconfigured_);
  auto& names = c.spec.requires_;
  for (const config::GroupSpec& group : spec_.groups) {
    if (group.name != c.spec.group) continue;
    names.insert(names.end(), group.requires_.begin(), group.requires_.end());
  }
  const std::vector<std::string> before = names;
  for (const std::string& name : before) names.push_back(name + suffix);
  if (!c.spec.group.empty()) c.spec.group += suffix;
  c.next_spec.reset();
  c.leaving = true;
  c.desired = Desired::Down;
  end_life(c, "removed from the session", false);
}

bool Supervision::possible(const Coprocess& c, State target) const {
  if (c.state == target) return true;
  const bool stays_down = c.desired == Desired::Down || closing_;
  switch (c.state) {
    case State::Stopped:
      return !stays_down;  // up and stopped: the session has not begun
    case State::Exited:
      if (c.ending) break;
      return false;
    case State::Failed:
      return !stays_down && c.heals();
    default:
      break;
  }
  if (stays_down && (c.ending || !c.life)) {
    return target == State::Stopping || target == State::Stopped || target == State::Failed;
  }
  if (c.state == State::Waiting && c.parked_requirement() != nullptr) {
    return target == State::Stopped || target == State::Failed;
  }
  return true;
}

const Coprocess* Supervision::cannot_start(const Coprocess& c) {
  if (is_spent(c)) return &c;
  for (const Coprocess* required : required_by(c)) {
    if (is_spent(*required)) return required;
  }
  return nullptr;
}

void Supervision::changed(Coprocess& c) {
  set_.recount(c);
  concern(c);
}

void Supervision::concern(Coprocess& c) {
  if (!std::exchange(c.queued, true)) queue_.push_back(&c);
  wake_();
}

void Supervision::set_state(Coprocess& c, State to, const std::string& cause, const LifeEnd* end) {
  const State from = std::exchange(c.state, to);
  if (from != to) {
    Transition transition{c.spec.name, from, to, cause, c.life ? c.life->pid() : std::nullopt, {}};
    if (end != nullptr) {
      transition.pid = end->pid;
      transition.exit = end->status;
    }
    sink_.transition(transition);
  }
  changed(c);
}

// ---- what one coprocess may do now ----

void Supervision::advance(Coprocess& c) {
  if (c.life) {
    advance_life(c);
    return;
  }
  if (c.leaving) {
    if (c.state == State::Waiting || c.state == State::Backoff) rest(c, "removed from the session");
    if (c.live_dependents() == 0) relink_ = true;  // through it they hold what it requires
    return;
  }
  const bool wanted = c.desired == Desired::Up && !closing_;
  const char* not_wanted = closing_ ? "session ends" : "stop requested";
  switch (c.state) {
    case State::Waiting:
      if (!wanted) return rest(c, not_wanted);
      return advance_waiting(c);
    case State::Backoff:
      if (!wanted) rest(c, not_wanted);
      return;
    case State::Failed:
      if (wanted && c.heals()) wait_for_start(c, "requirement has not failed any more");
      return;
    case State::Exited:
      // A oneshot without a life of its own: what it did went away with what it did it to.
      if (const Unit* lost = c.unavailable_requirement();
          wanted && c.ready() && !c.spec.stay && lost != nullptr) {
        wait_for_start(c, not_ready(*lost));
      }
      return;
    case State::Stopped:
    case State::Starting:
    case State::Running:
    case State::Stopping:
      return;
  }
}

void Supervision::advance_life(Coprocess& c) {
  if (!c.ending) {
    const Unit* lost = c.unavailable_requirement();
    if (lost == nullptr || c.spec.stay) return;
    c.ending = Ending{not_ready(*lost)};
    set_.recount(c);
  }
  if (c.live_dependents() > 0) return;  // they have been concerned by the recount, and end first
  if (!c.life->shutdown_requested()) c.life->shutdown(c.ending->cause);
  if (std::exchange(c.ending->now, false)) c.life->stop_now();
}

void Supervision::advance_waiting(Coprocess& c) {
  if (const Unit* failed = c.failed_requirement()) {
    c.failed_by_dependency = true;
    return give_up(c, "dependency: " + failed->name, nullptr);
  }
  // A requirement that went away may have left dependents that still wind down.
  if (c.unavailable_requirement() != nullptr || c.live_dependents() > 0) return;
  if (c.begun && has_no_life_of_its_own(c.spec)) {
    begin_session_anew(c);
  } else {
    begin_life(c);
  }
}

void Supervision::end_life(Coprocess& c, const std::string& cause, bool now) {
  if (c.life && !c.ending) c.ending = Ending{cause};
  if (c.ending) c.ending->now |= now;
  changed(c);
}

// Also those behind one without a life: it waits for them, too.
void Supervision::hurry_dependents(Coprocess& c) {
  std::vector<Coprocess*> waiting{&c};
  std::unordered_set<Coprocess*> seen{&c};
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    for (const Unit* unit : {static_cast<const Unit*>(&waiting[i]->own),
                             static_cast<const Unit*>(waiting[i]->group)}) {
      if (unit == nullptr) continue;
      for (Coprocess* dependent : unit->dependents) {
        if ((dependent->spec.stay && !dependent->ending) || !seen.insert(dependent).second)
          continue;
        end_life(*dependent, fmt::format("requirement {} is stopped now", unit->name), true);
        waiting.push_back(dependent);
      }
    }
  }
}

// ---- between lives ----

void Supervision::wait_for_start(Coprocess& c, const std::string& cause) {
  c.backoff.reset();
  c.next_try.reset();
  c.reason.reset();
  c.start_cause = cause;
  set_state(c, State::Waiting, cause);
}

void Supervision::rest(Coprocess& c, const std::string& cause) {
  c.backoff.reset();
  c.next_try.reset();
  c.reason.reset();
  set_state(c, State::Stopped, cause);
}

bool Supervision::relink() {
  if (!std::exchange(relink_, false)) return false;
  queue_.clear();
  for (const auto& c : set_.all()) c->queued = false;
  set_.remove_if(
      [](const Coprocess& c) { return c.leaving && !c.life && c.live_dependents() == 0; });
  set_.link();  // concerns every coprocess
  return true;
}

}  // namespace masterd::supervisor
