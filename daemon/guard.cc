#include "daemon/guard.h"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <utility>

namespace masterd::daemon {
namespace {

// A terminal, a shutdown of the system or an operator's kill of the whole group must not take it
// away before masterd. exec: the command is what is looked for in PATH, and keeps the pid.
constexpr const char* kScript =
    "trap '' HUP INT QUIT TERM PIPE; read -r _; trap - HUP INT QUIT TERM PIPE; "
    "exec \"$@\" </dev/null >/dev/null 2>&1";

config::CoprocessSpec guarding(config::CoprocessSpec fail_safe) {
  std::vector<std::string> command{"/bin/sh", "-c", kScript, "masterd-guard"};
  command.insert(command.end(), fail_safe.command.begin(), fail_safe.command.end());
  fail_safe.command = std::move(command);
  return fail_safe;
}

}  // namespace

void Guard::want(std::optional<config::CoprocessSpec> fail_safe) {
  if (fail_safe == wanted_) return;
  wanted_ = std::move(fail_safe);
  changed_.set();
}

std::string Guard::post() {
  std::string why = launch();
  if (why.empty()) start();
  return why;
}

// The next one stands before the old one goes, and in the member: what is destroyed alive runs its
// command.
std::string Guard::launch() {
  changed_.reset();
  if (standing_ == wanted_) return {};
  std::unique_ptr<supervisor::Process> next;
  if (wanted_) {
    const config::CoprocessSpec spec = guarding(*wanted_);
    try {
      supervisor::Launch launch{spec};
      launch.role = "guard";
      launch.lives_on = true;
      launch.output = [this](supervisor::Stream, std::string_view text) {
        log_.warning("session", fmt::format("fail-safe guard: {}", text));
      };
      next = launcher_.launch(std::move(launch));
    } catch (const std::exception& error) {  // of the spawn; or no memory, no descriptor left
      return error.what();
    }
  }
  relieved_ = std::exchange(process_, std::move(next));
  standing_ = wanted_;
  return {};
}

/// Empty: something else is wanted. Else how it ended.
std::string Guard::keep() {
  dismiss(std::move(relieved_));
  fsm::Event never;
  await_any({&changed_, process_ ? &process_->exited() : &never});
  if (!process_ || !process_->exited().is_set()) return {};
  const auto status = process_->reap();
  process_.reset();
  standing_.reset();
  return "ended: " + status.value_or(supervisor::ExitStatus::lost()).to_string();
}

void Guard::state_machine() {
  for (;;) {
    const fsm::TimePoint began = loop().now();
    std::string why = launch();
    if (why.empty()) why = keep();
    if (why.empty()) continue;
    log_.error("session", "fail-safe guard: " + why);
    await(changed_, began + kPause);
  }
}

void Guard::shutdown_state_machine() {
  dismiss(std::move(relieved_));
  dismiss(std::move(process_));
}

void Guard::dismiss(std::unique_ptr<supervisor::Process> guard) {
  if (!guard || guard->gone().is_set()) return;
  // Before its pipe is closed: it is dead then, and cannot run its command.
  guard->signal_group(SIGKILL);
  await(guard->gone(), loop().now() + supervisor::kKillTakes);
}

void Guard::trace(std::string_view what) {
  if (log_.debugs()) log_.debug(name(), what);
}

}  // namespace masterd::daemon
