// The stopping half of CoprocessFsm: the stop command, the ladder, undo and after.

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "config/load.h"
#include "supervisor/coprocess_fsm.h"
#include "supervisor/pid_words.h"

namespace masterd::supervisor {

void CoprocessFsm::stop_process() {
  run_stop_command();
  climb_ladder();
  waits_until_.reset();
  stage_.clear();
}

// Its own end does not matter, only what it brings about; it is cut short by the end of its target.
void CoprocessFsm::run_stop_command() {
  if (stop_.command_done) return;
  if (command_in_flight()) {  // the swap came while it ran
    finish_command(&process_->gone());
  } else if (spec_.stop_command && !process_->exited().is_set() && !kill_now_.is_set()) {
    run(*spec_.stop_command, "stop");
  }
  stop_.command_done = true;
}

void CoprocessFsm::climb_ladder() {
  if (stop_.ladder.empty()) stop_.ladder = spec_.stop;  // which may change in place meanwhile
  for (; stop_.rung < stop_.ladder.size(); ++stop_.rung, stop_.sent = false) {
    const auto [signo, grace] = stop_.ladder[stop_.rung];
    const bool last = signo == SIGKILL;
    if (process_->gone().is_set()) return;
    if (kill_now_.is_set() && !last) continue;
    stage_ = signo == config::kNoSignal ? "waiting for its end" : config::signal_name(signo);
    // systemd's rule: who goes on asking for time gets it. `stop --now` is the way out.
    extendable_ = !last;
    if (!std::exchange(stop_.sent, true)) {
      process_->signal_group(signo);
      waits_until_ = fsm::deadline_after(loop().now(), grace);
    }
    if (last) {
      wait_in_time({&process_->gone()});
    } else {
      wait_in_time({&process_->gone(), &kill_now_});
    }
  }
}

// What the leader left behind is not a coprocess. A shutdown() that comes meanwhile finds a stop
// under way.
void CoprocessFsm::sweep() {
  stop_ = {true, {{SIGKILL, kKillTakes}}, 0, false};
  stop_process();
  release();
}

// Never blocks. What outlived SIGKILL is left to ~Process().
void CoprocessFsm::release() {
  extendable_ = false;
  if (process_->gone().is_set()) {
    end_.how = LifeEnd::How::Ended;
  } else {
    end_.how = LifeEnd::How::Unkillable;
    std::vector<pid_t> left = process_->tree();
    if (left.empty()) left.push_back(process_->pid());
    end_.detail = fmt::format("SIGKILL did not end {}", fmt::join(left, ", "));
  }
  if (const auto status = process_->reap()) end_.status = status;
  end_.uptime = loop().now() - *since_;
  process_.reset();
  notify_.reset();
}

void CoprocessFsm::put_in_order(const std::string& cause) {
  if (!begun_) return;
  if (undo_due_ || after_next_ < spec_.after.size()) tell_stopping(cause);
  run_undo();
  // The index moves on only then: a swap finds the one in flight.
  for (; after_next_ < spec_.after.size(); ++after_next_) {
    const config::CommandSpec command = spec_.after[after_next_];
    const std::string why = run(command, "after");
    if (why.empty() || !on_note_) continue;
    on_note_(fmt::format("after: {}: {}", command.argv.front(), why));
  }
}

void CoprocessFsm::run_undo() {
  if (!undo_due_) return;
  const config::CommandSpec command = *spec_.undo;
  const std::string why = run(command, "undo");
  undo_due_ = false;
  if (why.empty() || end_.how == LifeEnd::How::Unkillable) return;
  // Both matter: what it was undone for, and that it was not.
  const std::string first = death_told_ ? end_.to_string() + "; " : "";
  end_.detail = fmt::format("{}undo: {}: {}", first, command.argv.front(), why);
  end_.how = LifeEnd::How::UndoFailed;
}

std::string CoprocessFsm::run(const config::CommandSpec& command, std::string_view role) {
  std::string why;
  if (command_in_flight()) {
    why = finish_command();
  } else {
    stage_ = fmt::format("{}: {}", role, command.argv.front());
    waits_until_ = fsm::deadline_after(loop().now(), command.timeout);
    extendable_ = false;
    Launch launch{spec_, with_pid(command.argv, end_.pid), {}, output_, std::string{role}};
    why = run_command(launcher_, std::move(launch), command.timeout,
                      process_ ? &process_->gone() : nullptr);
  }
  stage_.clear();
  waits_until_.reset();
  return why;
}

}  // namespace masterd::supervisor
