#include "daemon/session_fsm.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "supervisor/spawn_error.h"

namespace masterd::daemon {

namespace {

/// How long killed strays may take to vanish, and how often they are looked for: no event tells.
constexpr fsm::Duration kStraysTake = std::chrono::seconds{1};
constexpr fsm::Duration kLookEvery = std::chrono::milliseconds{5};

}  // namespace

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::Waiting:
      return "waiting";
    case SessionState::Starting:
      return "starting";
    case SessionState::Running:
      return "running";
    case SessionState::Stopping:
      return "stopping";
  }
  return "?";
}

SessionFsm::SessionFsm(fsm::EventLoop& loop, supervisor::Launcher& launcher,
                       config::SessionSpec spec, Host& host, Observer& observer, Log& log,
                       std::string begin_cause)
    : CommandMachine{loop, "session"},
      launcher_{launcher},
      host_{host},
      observer_{observer},
      log_{log},
      supervisor_{loop, launcher, std::move(spec), *this},
      guard_{loop, launcher, log},
      begin_cause_{std::move(begin_cause)} {
  self_.name = "session";
  self_.cwd = "/";
  if (const auto& path = supervisor_.spec().path; !path.empty()) {
    self_.cwd = std::filesystem::path{path}.parent_path().string();
  }
  supervisor_.on_end([this] {
    supervisor_over_.set();
    resume();  // come_up() yields without awaiting it
  });
  guard_.on_end([this] { guard_over_.set(); });
}

SessionState SessionFsm::state() const {
  return shutdown_requested() ? SessionState::Stopping : state_;
}

supervisor::Changes SessionFsm::reconfigure(config::SessionSpec spec) {
  if (spec != supervisor_.spec()) ++generation_;
  supervisor::Changes changes = supervisor_.reconfigure(std::move(spec));
  guard_.want(fail_safe_command());
  if (!changes.added.empty() || !changes.removed.empty() || !changes.changed.empty()) {
    reconfigured_.set();
  }
  return changes;
}

void SessionFsm::state_machine() {
  enter(SessionState::Starting, begin_cause_);
  hold();
  if (!prepare() || !guard()) return;
  supervisor_.start();
  for (;;) {
    come_up();
    await_any({&reconfigured_, &supervisor_over_});
    if (supervisor_over_.is_set()) break;
    enter(SessionState::Starting, "configuration changed");
  }
  host_.end_wanted(End::EndSession, "the supervisor failed: " + supervisor_.failure(), true);
}

void SessionFsm::hold() {
  const Hold* hold = host_.hold();
  if (hold == nullptr || hold->over.is_set()) return;
  stage_ = hold->what;
  waits_until_ = hold->until;
  await(hold->over);
  stage_.clear();
  waits_until_.reset();
}

bool SessionFsm::prepare() {
  const auto commands = supervisor_.spec().before;  // reconfigure() may come meanwhile
  for (const config::CommandSpec& before : commands) {
    const std::string why = run_own(before, "before");
    if (why.empty()) continue;
    const std::string reason = fmt::format("before: {}: {}", before.argv.front(), why);
    host_.end_wanted(End::EndSession, reason, true);
    return false;
  }
  return true;
}

// Who asks for a fail-safe wants no machine that moves without one.
bool SessionFsm::guard() {
  guard_.want(fail_safe_command());
  const std::string why = guard_.post();
  if (!why.empty()) host_.end_wanted(End::EndSession, "fail-safe guard: " + why, true);
  return why.empty();
}

std::optional<config::CoprocessSpec> SessionFsm::fail_safe_command() const {
  const auto& fail_safe = supervisor_.spec().fail_safe;
  if (!fail_safe) return std::nullopt;
  return own(*fail_safe);
}

// Nothing of the session runs now, so no child of ours can be somebody's. What outlives its SIGKILL
// (state D) is left alone in the end.
void SessionFsm::end_strays() {
  const fsm::Deadline limit = loop().now() + kStraysTake;
  std::size_t ended = 0;
  while (const std::size_t found = launcher_.end_strays()) {
    ended = std::max(ended, found);
    if (loop().now() >= limit) break;
    wait_for(kLookEvery);
  }
  if (ended > 0) log_.warning("session", fmt::format("{} stray processes were killed", ended));
}

std::string SessionFsm::run_own(const config::CommandSpec& command, std::string_view role) {
  stage_ = fmt::format("{}: {}", role, command.argv.front());
  waits_until_ = fsm::deadline_after(loop().now(), command.timeout);
  const config::CoprocessSpec spec = own(command);
  last_line_.clear();
  std::string why = run_command(launcher_, {spec, {}, {}, own_output()}, command.timeout);
  lines_.flush(log_line());
  if (!why.empty() && !last_line_.empty()) why += ": " + last_line_;
  stage_.clear();
  waits_until_.reset();
  return why;
}

config::CoprocessSpec SessionFsm::own(const config::CommandSpec& command) const {
  config::CoprocessSpec spec = self_;
  spec.command = command.argv;
  spec.user = supervisor_.spec().user;
  spec.env = supervisor_.spec().env;
  return spec;
}

supervisor::Launcher::Output SessionFsm::own_output() {
  return [this](supervisor::Stream stream, std::string_view bytes) {
    lines_.add(stream, bytes, log_line());
  };
}

supervisor::OutputRing::OnLine SessionFsm::log_line() {
  return [this](const supervisor::OutputLine& line) {
    last_line_ = line.text;
    log_.info("session", line.text);
  };
}

// Until everything is ready, or until nothing is on its way there any more.
void SessionFsm::come_up() {
  reconfigured_.reset();
  return_next_loop();  // a supervisor that has not begun yet has nothing that moves
  while (!supervisor_.all_ready() && !supervisor_.settled() && !supervisor_over_.is_set()) yield();
  if (reconfigured_.is_set() || supervisor_over_.is_set()) return;
  enter(SessionState::Running,
        supervisor_.all_ready() ? "all coprocesses are ready" : "not all coprocesses are ready");
}

// Finds the supervisor in any phase: not started, starting, running, ended by a failure.
void SessionFsm::shutdown_state_machine() {
  enter(SessionState::Stopping, *shutdown_reason());
  hold();
  drop_command();  // of `before`
  supervisor_.shutdown(*shutdown_reason());
  await(supervisor_over_);
  guard_.shutdown("nothing is left to be halted");
  await(guard_over_);
  if (fail_safe_) {
    stage_ = "fail-safe: " + supervisor_.spec().fail_safe->argv.front();
    waits_until_ = fail_safe_until_;
    await(fail_safe_->exited(), fail_safe_until_);
    end_fail_safe();
    stage_.clear();
    waits_until_.reset();
  }
  end_strays();
  const auto after = supervisor_.spec().after;
  for (const config::CommandSpec& last : after) {
    const std::string why = run_own(last, "after");
    if (!why.empty()) log_.error("session", fmt::format("after: {}: {}", last.argv.front(), why));
  }
}

void SessionFsm::enter(SessionState to, const std::string& cause) {
  const SessionState from = std::exchange(state_, to);
  if (from != to) observer_.session_changed({session_name(), from, to, cause});
}

void SessionFsm::trace(std::string_view what) {
  if (log_.debugs()) log_.debug(name(), what);
}

void SessionFsm::transition(const supervisor::Transition& transition) {
  observer_.coprocess_changed(transition);
  resume();
}
void SessionFsm::output(const config::CoprocessSpec& from, const supervisor::OutputLine& line) {
  observer_.coprocess_wrote(from.name, line, from.output.log);
}
void SessionFsm::note(const std::string& name, const std::string& text) {
  log_.warning(name, text, {.coprocess = name});
}
void SessionFsm::machine_trace(const std::string& machine, std::string_view what) {
  if (log_.debugs()) log_.debug(machine, what);
}
void SessionFsm::session_end(End end, const std::string& reason, bool failure) {
  host_.end_wanted(end, reason, failure);
}
void SessionFsm::session_restart(fsm::Duration delay, const std::string& reason) {
  host_.restart_wanted(delay, reason);
}

// Now, not on the next turn: a machine tool moves on until this has run.
void SessionFsm::vital_death(const std::string& name, const std::string& cause) {
  const auto& fail_safe = supervisor_.spec().fail_safe;
  if (!fail_safe) return;
  if (fail_safe_ && !fail_safe_->exited().is_set()) return;
  end_fail_safe();
  try {
    fail_safe_until_ = fsm::deadline_after(loop().now(), fail_safe->timeout);
    fail_safe_limit_ = loop().at(fail_safe_until_, [this] { end_fail_safe(); });
    fail_safe_ = launcher_.launch(own(*fail_safe), own_output());
    log_.warning("session",
                 fmt::format("fail-safe, pid {}: {}: {}", fail_safe_->pid(), name, cause));
  } catch (const std::exception& error) {  // of the spawn; or no memory, no descriptor left
    log_.error("session", fmt::format("fail-safe: {}", error.what()));
  }
}

// It ended, or its time is over: kills what is left of it.
void SessionFsm::end_fail_safe() {
  fail_safe_limit_.reset();
  if (!fail_safe_) return;
  const auto status = fail_safe_->reap();
  if (!status) {
    log_.error("session", "fail-safe: it did not end in time");
  } else if (!status->success()) {
    log_.error("session", fmt::format("fail-safe: {}", status->to_string()));
  }
  fail_safe_.reset();
  lines_.flush(log_line());
}

}  // namespace masterd::daemon
