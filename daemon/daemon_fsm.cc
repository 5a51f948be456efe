#include "daemon/daemon_fsm.h"

#include <fmt/format.h>

#include <utility>

#include "supervisor/spawn_error.h"

namespace masterd::daemon {

DaemonFsm::DaemonFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher, HookSpec hook,
                     Observer& observer, Log& log)
    : MealyCoroutine{loop, "daemon"},
      launcher_{launcher},
      hook_{std::move(hook)},
      observer_{observer},
      log_{log} {}

void DaemonFsm::pick(config::SessionSpec spec, bool vital, const std::string& cause) {
  session_over_.reset();
  if (restart_) ++sessions_;  // whoever waits for that one must not take this for it
  restart_.reset();
  SessionFsm::Host& host = *this;  // a private base: make_unique() could not convert to it
  session_ = std::make_unique<SessionFsm>(loop(), launcher_, std::move(spec), host, observer_, log_,
                                          cause);
  ++sessions_;
  vital_ = vital;
  session_->on_end([this] { session_over_.set(); });
  session_->start();
  picked_.set();
}

void DaemonFsm::end_session(std::string_view reason) {
  restart_.reset();
  session_->shutdown(reason);
}

supervisor::Changes DaemonFsm::reconfigure(config::SessionSpec spec) {
  supervisor::Changes changes = supervisor::compare(session_->supervisor().spec(), spec);
  if (!changes.anew) return session_->reconfigure(std::move(spec));
  const std::string reason = "configuration changed";
  restart_ = Restart{{}, "begins anew: " + reason, {}, std::move(spec), {}, true};
  session_->shutdown("restart: " + reason);
  return changes;
}

std::optional<DaemonFsm::Next> DaemonFsm::next_session() const {
  if (session_ || !restart_) return std::nullopt;
  return Next{restart_->spec.name, restart_->when};
}

std::optional<std::string> DaemonFsm::cancel_restart() {
  if (session_ || !restart_) return std::nullopt;
  restart_off_.set();
  ++sessions_;
  return std::exchange(restart_, std::nullopt)->spec.name;
}

std::string_view DaemonFsm::state() const {
  if (shutdown_requested()) return "stopping";
  return session_ ? "session" : "waiting";
}

void DaemonFsm::state_machine() {
  for (;;) {
    if (restart_) wait_for_restart();
    wait_for_pick();
    await(session_over_);
    see_session_out();
  }
}

// Finds the session in any phase, or none.
void DaemonFsm::shutdown_state_machine() {
  if (on_stopping_) on_stopping_();
  if (session_) {
    session_->shutdown(*shutdown_reason());
    await(session_over_);
    see_session_out();
  }
  if (hold_) await(hold_->over);
  stop();
}

void DaemonFsm::wait_for_pick() {
  while (!picked_.is_set()) {
    if (hook_.command.empty()) {
      await(picked_);
    } else if (await(picked_, loop().now() + hook_.interval) == fsm::Wake::Timeout) {
      run_hook();
    }
  }
  picked_.reset();
}

// What is picked meanwhile goes first.
void DaemonFsm::wait_for_restart() {
  restart_off_.reset();
  if (await_any({&picked_, &restart_off_}, restart_->when) == fsm::Wake::Event) return;
  const Restart again = *std::exchange(restart_, std::nullopt);
  pick(again.spec, vital_, again.cause);
  session_->supervisor().remember(again.histories);
}

// The process is a local: a pick, a shutdown and the deadline all end it by leaving the scope.
void DaemonFsm::run_hook() {
  config::CoprocessSpec spec;
  spec.name = "hook";
  spec.command = hook_.command;
  spec.cwd = "/";
  std::string failure;
  try {
    const auto process = launcher_.launch(
        spec, [this](supervisor::Stream, std::string_view text) { log_.info("hook", text); });
    const auto deadline = loop().now() + hook_.interval * kHookIntervals;
    if (await_any({&picked_, &process->gone()}, deadline) == fsm::Wake::Timeout) {
      failure = fmt::format("killed after {} ms", (hook_.interval * kHookIntervals).count());
    } else if (process->gone().is_set()) {
      const auto status = process->reap();
      if (status && !status->success()) failure = status->to_string();
    }
  } catch (const supervisor::SpawnError& error) {
    failure = error.what();
  }
  if (!failure.empty() && failure != last_failure_) log_.warning("hook", failure);
  last_failure_ = failure;
}

void DaemonFsm::see_session_out() {
  std::string cause = "the session has ended";
  if (restart_) {
    restart_->when = fsm::deadline_after(loop().now(), restart_->delay);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(restart_->delay);
    cause += fmt::format("; it begins anew in {} ms", ms.count());
  }
  const SessionChange change{session_->session_name(), session_->state(), SessionState::Waiting,
                             cause};
  const bool broken = session_->outcome() == fsm::Outcome::Failed;
  if (broken) log_.error("session", "ended by an error of its own: " + session_->failure());
  vital_failed_ = vital_failed_ || (vital_ && broken);
  session_.reset();
  observer_.session_changed(change);
  if (vital_failed_) shutdown("the session that was asked for has failed");
}

// Called from machines of the session: it must live on for now.
void DaemonFsm::end_wanted(SessionFsm::End end, const std::string& reason, bool failure) {
  // A failure on the way down does not make an ordered end a failed one.
  const bool ending = shutdown_requested() || session_->shutdown_requested();
  vital_failed_ = vital_failed_ || (vital_ && failure && !ending);
  if (end == SessionFsm::End::Shutdown) {
    shutdown(reason);
  } else {
    session_->shutdown(reason);
  }
}

void DaemonFsm::restart_wanted(fsm::Duration delay, const std::string& reason) {
  if (shutdown_requested() || session_->shutdown_requested()) return;
  const auto& supervisor = session_->supervisor();
  restart_ = Restart{delay, "begins anew: " + reason, {}, supervisor.spec(), supervisor.histories(),
                     false};
  session_->shutdown("restart: " + reason);
}

void DaemonFsm::trace(std::string_view what) {
  if (log_.debugs()) log_.debug(name(), what);
}

}  // namespace masterd::daemon
