// The lives of Supervision's coprocesses: how one begins, what it announces, and what its end
// means.

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "supervisor/supervision.h"

namespace masterd::supervisor {
namespace {

using fsm::Duration;

std::string in_ms(Duration d) {
  return fmt::format("{} ms", std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

/// Also by way of a shell, which tells a death by signal N as the exit code 128+N.
bool ended_by(const ExitStatus& status, int signo) {
  return status.value == (status.kind == ExitStatus::Kind::Signalled ? signo : 128 + signo);
}

}  // namespace

void Supervision::begin_life(Coprocess& c) {
  c.begun = true;
  c.reason.reset();
  c.ending.reset();
  c.operator_signal.reset();
  set_up_output(c);
  c.life = std::make_unique<CoprocessFsm>(
      loop_, launcher_, c.spec,
      [this, &c](State state, const std::string& cause) { life_came_to(c, state, cause); },
      [this, &c](Stream stream, std::string_view bytes) { take_output(c, stream, bytes); });
  c.life->on_death([this, &c](const std::string& cause) { died(c, cause); });
  c.life->on_trace([this, &c](std::string_view what) { sink_.machine_trace(c.spec.name, what); });
  c.life->on_note([this, &c](const std::string& text) { sink_.note(c.spec.name, text); });
  c.life->on_end([this, &c] { life_ended(c); });
  c.life->start();
  set_.recount(c);
}

// In place of a second life, whatever asked for that.
void Supervision::begin_session_anew(Coprocess& c) {
  const std::string cause = c.start_cause;
  c.reason = "it cannot be started again alone";
  c.failed_by_dependency = false;
  set_state(c, State::Failed, *c.reason + "; the session restarts");
  sink_.session_restart({}, fmt::format("{}: {}", c.spec.name, cause));
}

void Supervision::died(const Coprocess& c, const std::string& cause) {
  const bool asked_for = c.ending || closing_ || c.desired == Desired::Down;
  if (c.spec.vital && !asked_for) sink_.vital_death(c.spec.name, cause);
}

void Supervision::life_came_to(Coprocess& c, State state, const std::string& cause) {
  if (state == State::Stopping) c.reason = cause;
  if (state != State::Exited) {
    set_state(c, state, state == State::Starting ? c.start_cause : cause);
    return;
  }
  // A oneshot that ended well; its life goes on for the sake of its undo.
  const LifeEnd& end = c.life->end();
  c.last_exit = end.status;
  set_state(c, state, cause, &end);
  ended_well(c, cause);
}

void Supervision::set_up_output(Coprocess& c) {
  c.ring.resize(c.spec.output.ring_bytes);
  if (c.spec.output.file.empty()) {
    c.file.reset();
  } else if (c.file) {
    c.file->configure(c.spec.output);
  } else {
    c.file.emplace(c.spec.output,
                   [this, &c](const std::string& text) { sink_.note(c.spec.name, text); });
  }
}

void Supervision::take_output(Coprocess& c, Stream stream, std::string_view bytes) {
  c.ring.add(stream, bytes, [this, &c](const OutputLine& line) { wrote(c, line); });
  if (c.file) c.file->flush();
}

// A partial last line is one, too. Between two lives no descriptor is held.
void Supervision::end_output(Coprocess& c) {
  c.ring.flush([this, &c](const OutputLine& line) { wrote(c, line); });
  if (!c.file) return;
  c.file->flush();
  c.file->close();
}

int Supervision::rotate_output(Coprocess& c) { return c.file ? c.file->rotate() : ENOENT; }

void Supervision::reopen_outputs() {
  for (const auto& c : set_.all()) {
    if (c->file) c->file->close();
  }
}

void Supervision::wrote(Coprocess& c, const OutputLine& line) {
  sink_.output(c.spec, line);
  if (c.file) c.file->add(line.text);
  if (c.life) c.life->wrote(line.stream, line.text);
}

void Supervision::life_ended(Coprocess& c) {
  const auto life = std::move(c.life);  // its own callback runs: destroyed on return
  LifeEnd end = life->end();
  if (life->outcome() == fsm::Outcome::Failed) {  // not even its stack could be had
    end.how = LifeEnd::How::Broken;
    end.detail = life->failure();
    died(c, end.detail);
  }
  const auto ending = std::exchange(c.ending, std::nullopt);
  end_output(c);
  if (end.status) c.last_exit = end.status;
  if (end.how == LifeEnd::How::Unkillable || end.how == LifeEnd::How::UndoFailed) {
    fail(c, end.to_string(), end);
  } else if (c.desired == Desired::Down || closing_) {
    c.reason.reset();
    set_state(c, State::Stopped, ending ? ending->cause : end.to_string(), &end);
  } else if (const Unit* lost = c.spec.stay ? nullptr : c.unavailable_requirement();
             ending || lost != nullptr) {
    // Whatever it died of: without its requirement it would have been ended, had that been noticed
    // first.
    c.reason.reset();
    c.start_cause = ending ? ending->cause : not_ready(*lost);
    set_state(c, State::Waiting, c.start_cause, &end);
  } else {
    ended_by_itself(c, end);
  }
  if (c.next_spec) take_over(c);
  changed(c);
}

void Supervision::ended_by_itself(Coprocess& c, const LifeEnd& end) {
  using How = LifeEnd::How;
  // Not ready: it may have been ended by the operator before it was.
  const bool by_operator = (end.how == How::Ended || end.how == How::NotReady) && end.status &&
                           c.operator_signal && ended_by(*end.status, *c.operator_signal);
  const bool success = by_operator || (end.how == How::Ended && end.status &&
                                       counts_as_success(c.spec.success, *end.status));
  const config::RestartSpec& policy = c.spec.restart;
  const std::string cause = end.to_string();
  if (policy.policy == config::Restart::Always ||
      (policy.policy == config::Restart::OnFailure && !success)) {
    const auto delay = next_restart(policy, c.history, loop_.now(), end.uptime, luck_(random_));
    if (!delay) {
      fail(c,
           fmt::format("restart limit ({} in {}): {}", policy.limit, in_ms(policy.within), cause),
           end);
      return;
    }
    if (policy.scope == config::RestartSpec::Scope::Session) {
      c.reason = cause;
      set_state(c, State::Failed, cause + "; the session restarts", &end);
      sink_.session_restart(*delay, fmt::format("{} {}", c.spec.name, cause));
      return;
    }
    back_off(c, *delay, cause, end);
  } else if (success) {
    c.reason.reset();
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
  } else if (c.spec.on_exit == config::OnExit::EndSession ||
             (c.spec.vital && c.spec.kind != config::Kind::Oneshot)) {
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
  if (then == config::Then::RestartSession) {
    // The limit counts anew, but the delay goes on growing from session to session, or else a
    // session that cannot come up would spin.
    c.history.restarts.clear();
    config::RestartSpec unlimited = c.spec.restart;
    unlimited.limit = 0;
    const auto delay = next_restart(unlimited, c.history, loop_.now(),
                                    end == nullptr ? Duration{} : end->uptime, luck_(random_));
    sink_.session_restart(delay.value_or(c.spec.restart.delay),
                          fmt::format("{} failed: {}", c.spec.name, reason));
    return;
  }
  const bool shutdown = then == config::Then::Shutdown;
  if (!shutdown && then != config::Then::EndSession && !c.spec.vital) return;
  sink_.session_end(
      shutdown ? Sink::End::Shutdown : Sink::End::EndSession,
      fmt::format("{}{} failed: {}", c.spec.vital ? "vital " : "", c.spec.name, reason), true);
}

}  // namespace masterd::supervisor
