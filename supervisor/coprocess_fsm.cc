#include "supervisor/coprocess_fsm.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "config/load.h"
#include "supervisor/main_process.h"
#include "supervisor/proc_fs.h"

namespace masterd::supervisor {
namespace {

using std::chrono::milliseconds;

/// How often a daemonized tree is looked at (no event tells what becomes of it), and how often the
/// same process must be found at rest: the middle process of a double fork is busy until it ends,
/// but may not get a CPU for a while. Who is never at rest is taken after a second.
constexpr fsm::Duration kLookEvery = milliseconds{5};
constexpr int kLooksAtRest = 6;
constexpr int kMostLooks = 200;

bool wants_notify(const config::CoprocessSpec& spec) {
  return spec.watchdog || std::holds_alternative<config::ReadyNotify>(spec.ready.how);
}

/// REQUIRES: exited().
ExitStatus end_of(Process& process) { return process.reap().value_or(ExitStatus::lost()); }

std::string too_late(std::string_view what, milliseconds limit) {
  return fmt::format("{} within {} ms", what, limit.count());
}

}  // namespace

std::string LifeEnd::to_string() const {
  if (how == How::Unkillable) return "unkillable: " + detail;
  if (how == How::Ended && status) return status->to_string();
  return detail;
}

CoprocessFsm::CoprocessFsm(fsm::EventLoop& loop, Launcher& launcher,
                           const config::CoprocessSpec& spec, Announce announce,
                           Launcher::Output output)
    : CommandMachine{loop, spec.name},
      launcher_{launcher},
      spec_{spec},
      announce_{std::move(announce)},
      output_{std::move(output)} {}

int CoprocessFsm::signal(int signo) { return process_ ? process_->signal(signo) : ESRCH; }

std::optional<pid_t> CoprocessFsm::pid() const {
  if (!process_ || kept_) return std::nullopt;
  return process_->pid();
}

void CoprocessFsm::wrote(Stream stream, std::string_view line) {
  if (readiness_) readiness_->line(stream, line);
}

std::string CoprocessFsm::stage() const {
  return stage_.empty() && readiness_ ? readiness_->missing() : stage_;
}

void CoprocessFsm::died(const std::string& cause) {
  if (!std::exchange(death_told_, true) && on_death_) on_death_(cause);
}

void CoprocessFsm::tell_stopping(const std::string& cause) {
  if (!std::exchange(stopping_told_, true)) announce_(State::Stopping, cause);
}

void CoprocessFsm::state_machine() {
  begun_ = true;
  announce_(State::Starting, "spawn");
  std::string error;
  try {
    live();
  } catch (const std::exception& e) {  // a SpawnError; or no memory, no descriptor left
    error = e.what();
  }
  if (!error.empty()) wind_down(since_ ? LifeEnd::How::Broken : LifeEnd::How::NotSpawned, error);
  put_in_order(end_.to_string());
}

// Finds the coprocess in any phase: not begun, preparing, running, exited with its tree still
// there, waiting for its undo, half stopped, half put in order.
void CoprocessFsm::shutdown_state_machine() {
  const std::string why = *shutdown_reason();
  if (process_ || command_in_flight()) tell_stopping(why);
  if (preparing_) drop_command();
  come_to_rest();
  if (process_) {
    stop_process();
    release();
  }
  put_in_order(why);
}

void CoprocessFsm::live() {
  if (!prepare()) return;
  launch();
  if (spec_.kind == config::Kind::Oneshot) return live_once();
  if (spec_.kind == config::Kind::Forking && !find_main()) return;
  if (!become_ready()) return;
  announce_(State::Running, "ready");
  stay_well();
}

bool CoprocessFsm::prepare() {
  preparing_ = true;
  const auto commands = spec_.before;  // the spec may change in place under one
  for (const config::CommandSpec& command : commands) {
    const std::string why = run(command, "before");
    if (why.empty()) continue;
    preparing_ = false;
    wind_down(LifeEnd::How::NotSpawned, fmt::format("before: {}: {}", command.argv.front(), why));
    return false;
  }
  preparing_ = false;
  return true;
}

void CoprocessFsm::launch() {
  Launch launch{spec_, {}, {}, output_};
  if (wants_notify(spec_)) {
    notify_ = std::make_unique<NotifySocket>(
        loop(),
        NotifySocket::Handlers{[this](pid_t sender, uid_t user) { return trusts(sender, user); },
                               [this](const NotifyMessage& message) { notified(message); },
                               {}});
    launch.env["NOTIFY_SOCKET"] = notify_->address();
  }
  if (spec_.watchdog) {
    launch.env["WATCHDOG_USEC"] =
        std::to_string(std::chrono::microseconds{*spec_.watchdog}.count());
    watchdog_.emplace(loop());
  }
  if (spec_.kind != config::Kind::Oneshot) {
    readiness_ = make_readiness(loop(), launcher_, spec_, [this] {
      return process_ ? process_->tree() : std::vector<pid_t>{};
    });
  }
  process_ = launcher_.launch(std::move(launch));
  since_ = loop().now();
  end_.pid = process_->pid();
  undo_due_ = spec_.undo.has_value();
  waits_until_ = fsm::deadline_after(*since_, spec_.ready.timeout);
  extendable_ = true;
}

// Once it has ended well it is up: what takes it back (the ladder for what it left and keeps, undo,
// after) comes at its teardown.
void CoprocessFsm::live_once() {
  stage_ = "it has not ended";
  if (wait_in_time({&process_->exited(), &suspension()}) == fsm::Wake::Timeout) {
    return wind_down(LifeEnd::How::NotReady, too_late("has not ended", spec_.ready.timeout));
  }
  if (!process_->exited().is_set()) return end_suspended();
  const ExitStatus status = end_of(*process_);
  const bool well = counts_as_success(spec_.success, status);
  if (!well) return end_by_itself(status.to_string());
  if (spec_.leftovers == config::Leftovers::Keep && !process_->gone().is_set()) {
    keep_leftovers(status);
  } else {
    sweep();
    if (end_.how != LifeEnd::How::Ended) return died(end_.to_string());
    if (!undo_due_ && spec_.after.empty()) return;
  }
  announce_(State::Exited, status.to_string());
  for (;;) yield();  // until shutdown()
}

// They are the coprocess's, for the ladder of its teardown; whether they live is no concern of
// anybody before.
void CoprocessFsm::keep_leftovers(const ExitStatus& status) {
  process_->keep_tree();
  kept_ = true;
  end_.how = LifeEnd::How::Ended;
  end_.status = status;
  end_.uptime = loop().now() - *since_;
  waits_until_.reset();
  stage_.clear();
  extendable_ = false;
}

// The first process has to end well; then the one process of its tree that no other one of it
// started is the coprocess.
bool CoprocessFsm::find_main() {
  stage_ = "its first process has not ended";
  if (wait_in_time({&process_->exited(), &suspension()}) == fsm::Wake::Timeout) {
    wind_down(LifeEnd::How::NotReady,
              too_late("its first process has not ended", spec_.ready.timeout));
    return false;
  }
  if (!process_->exited().is_set()) {
    end_suspended();
    return false;
  }
  const ExitStatus status = end_of(*process_);
  if (!counts_as_success(spec_.success, status)) {
    end_by_itself(status.to_string());
    return false;
  }
  if (const auto missing = adopt_main()) {
    wind_down(LifeEnd::How::NotReady,
              fmt::format("its first process {}, but {}", status.to_string(), *missing));
    return false;
  }
  end_.pid = process_->pid();
  stage_.clear();
  return true;
}

// What is in the way; nullopt: it was found.
std::optional<std::string> CoprocessFsm::adopt_main() {
  const MainProcessFinder finder{spec_.pid_file};
  std::optional<pid_t> seen;
  int looks = 0;
  int at_rest = 0;
  stage_ = "nothing of it is left";
  while (!process_->gone().is_set()) {
    const auto found = finder.find(process_->tree(), main_pid_);
    if (found.pid != std::exchange(seen, found.pid)) looks = at_rest = 0;
    ++looks;
    if (found.rests) ++at_rest;
    if (!found.pid) {
      stage_ = found.missing;
    } else if (found.told || at_rest >= kLooksAtRest || looks >= kMostLooks) {
      try {
        process_->adopt(*found.pid);
        return std::nullopt;
      } catch (const std::system_error& error) {  // it may have ended just now
        stage_ = fmt::format("process {} could not be watched: {}", *found.pid, error.what());
      }
    }
    if (loop().now() >= *waits_until_) return stage_;
    await(process_->gone(), loop().now() + kLookEvery);
  }
  return "nothing of it is left";
}

bool CoprocessFsm::become_ready() {
  waits_until_ = fsm::deadline_after(loop().now(), spec_.ready.timeout);
  if (const auto* wait = std::get_if<config::ReadyDelay>(&spec_.ready.how)) {
    waits_until_ = fsm::deadline_after(loop().now(), wait->delay);
  }
  readiness_->begin(process_->pid());
  fsm::Event never;
  await_any({&readiness_->ready(), &readiness_->failed(), &process_->exited(), &suspension(),
             watchdog_ ? &watchdog_->expired() : &never});
  waits_until_.reset();
  if (process_->exited().is_set()) {
    // Also when it became ready in the same turn: nobody could have used it. And with whatever
    // status: it did not do what it is there for.
    const ExitStatus status = end_of(*process_);
    const std::string cause = status.to_string() + " before it was ready";
    end_by_itself(cause);
    if (end_.how == LifeEnd::How::Unkillable) return false;
    end_.how = LifeEnd::How::NotReady;
    end_.detail = cause;
    return false;
  }
  if (suspension().is_set()) {  // also when it became ready in the same turn
    end_suspended();
    return false;
  }
  if (watchdog_ && watchdog_->expired().is_set()) {
    wind_down(LifeEnd::How::Unhealthy, watchdog_->reason());
    return false;
  }
  if (!readiness_->ready().is_set()) {
    wind_down(LifeEnd::How::NotReady, readiness_->failure());
    return false;
  }
  await(readiness_->at_rest());
  readiness_.reset();
  well_ = true;
  return true;
}

void CoprocessFsm::stay_well() {
  if (watchdog_) watchdog_->arm(watchdog_interval_.value_or(*spec_.watchdog));
  for (;;) {
    watch_changed_.reset();
    if (spec_.health) health_.emplace(loop(), launcher_, spec_, process_->pid());
    fsm::Event no_health;
    fsm::Event no_watchdog;
    await_any({&process_->exited(), &watch_changed_, &suspension(),
               health_ ? &health_->failed() : &no_health,
               watchdog_ ? &watchdog_->expired() : &no_watchdog});
    if (process_->exited().is_set()) {
      const ExitStatus status = end_of(*process_);
      // The end that on_exit is there for, such as a display that was closed, is no death.
      death_told_ =
          spec_.on_exit != config::OnExit::None && counts_as_success(spec_.success, status);
      return end_by_itself(status.to_string());
    }
    if (suspension().is_set()) return end_suspended();
    if (watchdog_ && watchdog_->expired().is_set()) {
      return wind_down(LifeEnd::How::Unhealthy, watchdog_->reason());
    }
    if (health_ && health_->failed().is_set()) {
      return wind_down(LifeEnd::How::Unhealthy, health_->failure());
    }
    rest_health();
  }
}

void CoprocessFsm::rest_health() {
  if (!health_) return;
  health_->shutdown();
  await(health_->at_rest());
  health_.reset();
}

// No probe is in flight any more when something is done to its target.
void CoprocessFsm::come_to_rest() {
  watchdog_.reset();
  rest_health();
  if (!readiness_) return;
  readiness_->shutdown();
  await(readiness_->at_rest());
  readiness_.reset();
}

void CoprocessFsm::end_by_itself(const std::string& cause) {
  died(cause);
  if (!process_->gone().is_set()) tell_stopping(cause);
  come_to_rest();
  sweep();
}

fsm::Event& CoprocessFsm::suspension() {
  return spec_.on_suspend == config::OnSuspend::Fail ? process_->suspended() : never_suspended_;
}

// It is neither asked nor waited for: it can do nothing before a rung of the ladder continues it.
void CoprocessFsm::end_suspended() {
  const int signo = process_->suspended_by();
  stop_.command_done = true;
  stop_.ladder = spec_.stop;
  stop_.ladder.erase(
      std::remove_if(stop_.ladder.begin(), stop_.ladder.end(),
                     [](const config::StopStep& rung) { return rung.signal == config::kNoSignal; }),
      stop_.ladder.end());
  wind_down(LifeEnd::How::Unhealthy,
            signo == 0 ? "suspended" : "suspended by " + config::signal_name(signo));
}

// `detail` by value: it may be the word of a watch that comes to rest here.
void CoprocessFsm::wind_down(LifeEnd::How how, std::string detail) {
  died(detail);
  if (process_) tell_stopping(detail);
  come_to_rest();
  if (process_) {
    stop_process();
    release();
  }
  notify_.reset();
  if (end_.how == LifeEnd::How::Unkillable) return;
  end_.how = how;
  end_.detail = std::move(detail);
}

fsm::Wake CoprocessFsm::wait_in_time(std::initializer_list<fsm::Event*> sources) {
  for (;;) {
    if (await_any(sources, *waits_until_) == fsm::Wake::Event) return fsm::Wake::Event;
    if (loop().now() >= *waits_until_) return fsm::Wake::Timeout;
  }
}

// A sender that has ended (a script's python, which does not wait for a BARRIER) may not be there
// to be looked up any more. Then its user must be the coprocess's, who could trace it anyway.
bool CoprocessFsm::trusts(pid_t sender, uid_t user) const {
  if (!process_) return false;
  if (process_->owns(sender)) return true;
  ProcStat stat;
  return read_stat(sender, stat) == Look::Missing && user_of(process_->pid()) == user;
}

// sd_notify(3). What is not of its own tree does not come here.
void CoprocessFsm::notified(const NotifyMessage& message) {
  if (message.status) status_text_ = *message.status;
  if (message.main_pid) main_pid_ = message.main_pid;
  if (message.extend_timeout && extendable_ && waits_until_) {
    waits_until_ =
        std::max(*waits_until_, fsm::deadline_after(loop().now(), *message.extend_timeout));
  }
  if (readiness_) readiness_->notified(message);
  if (!watchdog_) return;
  if (message.watchdog_interval) {
    watchdog_interval_ = message.watchdog_interval;
    if (well_) watchdog_->arm(*watchdog_interval_);
  }
  if (message.watchdog == NotifyMessage::Watchdog::Ping) watchdog_->ping();
  if (message.watchdog == NotifyMessage::Watchdog::Trigger) watchdog_->trigger();
}

}  // namespace masterd::supervisor
