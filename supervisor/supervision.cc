#include "supervisor/supervision.h"

#include <fmt/format.h>

#include <csignal>
#include <unordered_set>
#include <utility>

namespace masterd::supervisor {
namespace {

using fsm::Duration;

std::string describe(const LifeEnd& end) {
  if (end.how == LifeEnd::How::Unkillable) return "unkillable: " + end.detail;
  return end.status ? end.status->to_string() : end.detail;
}

std::string not_ready(const Unit& unit) {
  return fmt::format("requirement {} is not ready", unit.name);
}

std::string in_ms(Duration d) {
  return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

/// Also by way of a shell, which tells a death by signal N as the exit code 128+N.
bool ended_by(const ExitStatus& status, int signo) {
  return status.value == (status.kind == ExitStatus::Kind::Signalled ? signo : 128 + signo);
}

bool means_down(int signo) { return signo == SIGTERM || signo == SIGINT || signo == SIGKILL; }

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
  if (closing_) return;
  start_one(c, cause);
  // All that it requires, however far: what is up may still be about to end for what is not.
  std::vector<Unit*> units = c.requirements;
  std::unordered_set<Unit*> seen{units.begin(), units.end()};
  for (std::size_t i = 0; i < units.size(); ++i) {
    for (Coprocess* member : units[i]->members) {
      const bool down = member->desired == Desired::Down || member->state == State::Failed ||
                        member->state == State::Exited;
      if (down) start_one(*member, "required by " + c.spec.name);
      for (Unit* unit : member->requirements) {
        if (seen.insert(unit).second) units.push_back(unit);
      }
    }
  }
}

void Supervision::start_one(Coprocess& c, const std::string& cause) {
  c.desired = Desired::Up;
  c.operator_signal.reset();
  if (c.ending) c.ending->cause = cause;  // it ends all the same, and then starts for this
  if (!c.life && c.state != State::Waiting) {
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
  const bool alive = c.life != nullptr;
  c.history = {};
  start(c, "restart requested");
  if (!alive) return;
  ++c.restarts;
  end_life(c, "restart requested", now);
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

Changes Supervision::reconfigure(config::SessionSpec spec) {
  const Changes changes = compare(spec_, spec);
  ++reconfigured_;
  for (const std::string& name : changes.removed) depart(*set_.find(name));
  spec_ = std::move(spec);
  set_.adopt(spec_);
  for (const config::CoprocessSpec& wanted : spec_.coprocesses) {
    Coprocess& c = *set_.find(wanted.name);
    if (std::exchange(c.leaving, false)) c.desired = Desired::Up;
    if (same_process(c.spec, wanted)) {
      c.next_spec.reset();
      c.spec = wanted;
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
    relink_ = true;
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
    if (lost == nullptr) return;
    c.ending = Ending{not_ready(*lost)};
    set_.recount(c);
  }
  if (c.live_dependents() > 0) return;  // they have been concerned by the recount, and end first
  if (!c.life->shutdown_requested()) c.life->shutdown(c.ending->cause);
  if (c.ending->now) c.life->stop_now();
}

void Supervision::advance_waiting(Coprocess& c) {
  if (const Unit* failed = c.failed_requirement()) {
    c.failed_by_dependency = true;
    return give_up(c, "dependency: " + failed->name, nullptr);
  }
  // A requirement that went away may have left dependents that still wind down.
  if (c.unavailable_requirement() == nullptr && c.live_dependents() == 0) begin_life(c);
}

void Supervision::begin_life(Coprocess& c) {
  c.reason.reset();
  c.ending.reset();
  c.operator_signal.reset();
  c.life = std::make_unique<CoprocessFsm>(
      loop_, launcher_, c.spec,
      [this, &c](State state, const std::string& cause) { life_came_to(c, state, cause); },
      [this, &c](Stream stream, std::string_view bytes) {
        c.ring.add(stream, bytes,
                   [this, &c](const OutputLine& line) { sink_.output(c.spec.name, line); });
      });
  c.life->on_trace([this, &c](std::string_view what) { sink_.machine_trace(c.spec.name, what); });
  c.life->on_end([this, &c] { life_ended(c); });
  c.life->start();
  set_.recount(c);
}

void Supervision::life_came_to(Coprocess& c, State state, const std::string& cause) {
  if (state == State::Stopping) c.reason = cause;
  set_state(c, state, state == State::Starting ? c.start_cause : cause);
}

void Supervision::end_life(Coprocess& c, const std::string& cause, bool now) {
  if (c.life && !c.ending) c.ending = Ending{cause};
  if (c.ending) c.ending->now |= now;
  changed(c);
}

void Supervision::hurry_dependents(Coprocess& c) {
  for (const Unit* unit : {static_cast<const Unit*>(&c.own), static_cast<const Unit*>(c.group)}) {
    if (unit == nullptr) continue;
    for (Coprocess* dependent : unit->dependents) {
      if (!dependent->life || (dependent->ending && dependent->ending->now)) continue;
      end_life(*dependent, fmt::format("requirement {} is stopped now", unit->name), true);
      hurry_dependents(*dependent);
    }
  }
}

// ---- a life has ended ----

void Supervision::life_ended(Coprocess& c) {
  const auto life = std::move(c.life);  // its own callback runs: destroyed on return
  const auto ending = std::exchange(c.ending, std::nullopt);
  c.ring.flush([this, &c](const OutputLine& line) { sink_.output(c.spec.name, line); });
  LifeEnd end = life->end();
  if (life->outcome() == fsm::Outcome::Failed) end.detail = life->failure();
  if (end.status) c.last_exit = end.status;
  if (end.how == LifeEnd::How::Unkillable) {
    fail(c, describe(end), end);
  } else if (c.desired == Desired::Down || closing_) {
    c.reason.reset();
    set_state(c, State::Stopped, ending ? ending->cause : describe(end), &end);
  } else if (const Unit* lost = c.unavailable_requirement(); ending || lost != nullptr) {
    // Whatever it died of: without its requirement it would have been ended, had that been noticed
    // first.
    c.reason.reset();
    c.start_cause = ending ? ending->cause : not_ready(*lost);
    set_state(c, State::Waiting, c.start_cause, &end);
  } else {
    ended_by_itself(c, end, life->since() ? loop_.now() - *life->since() : Duration{});
  }
  if (c.next_spec) take_over(c);
  changed(c);
}

void Supervision::ended_by_itself(Coprocess& c, const LifeEnd& end, Duration uptime) {
  const bool by_operator =
      end.status && c.operator_signal && ended_by(*end.status, *c.operator_signal);
  const bool success = by_operator || (end.status && end.status->success());
  const config::RestartSpec& policy = c.spec.restart;
  const std::string cause = describe(end);
  if (policy.policy == config::Restart::Always ||
      (policy.policy == config::Restart::OnFailure && !success)) {
    const auto delay = next_restart(policy, c.history, loop_.now(), uptime);
    if (!delay) {
      fail(c,
           fmt::format("restart limit ({} in {}): {}", policy.limit, in_ms(policy.within), cause),
           end);
      return;
    }
    back_off(c, *delay, cause, end);
  } else if (success) {
    set_state(c, State::Exited, cause, &end);
    ended_well(c, cause);
  } else {
    fail(c, cause, end);
  }
}

void Supervision::back_off(Coprocess& c, Duration delay, const std::string& cause,
                           const LifeEnd& end) {
  ++c.restarts;
  c.reason = cause;
  c.start_cause = "restart after: " + cause;
  c.next_try = loop_.now() + delay;
  c.backoff = loop_.at(*c.next_try, [this, &c] { wait_for_start(c, c.start_cause); });
  set_state(c, State::Backoff, fmt::format("{}; restart in {}", cause, in_ms(delay)), &end);
}

void Supervision::ended_well(const Coprocess& c, const std::string& cause) {
  const std::string reason = fmt::format("{} {}", c.spec.name, cause);
  if (c.spec.on_exit == config::OnExit::Shutdown) {
    sink_.session_end(Sink::End::Shutdown, reason, false);
  } else if (c.spec.on_exit == config::OnExit::EndSession || c.spec.vital) {
    sink_.session_end(Sink::End::EndSession, reason, false);
  }
}

void Supervision::fail(Coprocess& c, const std::string& reason, const LifeEnd& end) {
  c.failed_by_dependency = false;
  give_up(c, reason, &end);
}

void Supervision::give_up(Coprocess& c, const std::string& reason, const LifeEnd* end) {
  c.reason = reason;
  set_state(c, State::Failed, reason, end);
  const config::Then then = c.failed_by_dependency ? config::Then::Fail : c.spec.restart.then;
  const bool shutdown = then == config::Then::Shutdown;
  if (!shutdown && then != config::Then::EndSession && !c.spec.vital) return;
  sink_.session_end(
      shutdown ? Sink::End::Shutdown : Sink::End::EndSession,
      fmt::format("{}{} failed: {}", c.spec.vital ? "vital " : "", c.spec.name, reason), true);
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
  set_.remove_if([](const Coprocess& c) { return c.leaving && !c.life; });
  set_.link();  // concerns every coprocess
  return true;
}

}  // namespace masterd::supervisor
