#include "supervisor/coprocess_fsm.h"

#include <cerrno>
#include <csignal>
#include <utility>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

/// How long a group that got SIGKILL may take to vanish.
constexpr fsm::Duration kKillTakes = std::chrono::seconds{2};

}  // namespace

CoprocessFsm::CoprocessFsm(fsm::EventLoop& loop, Launcher& launcher,
                           const config::CoprocessSpec& spec, Announce announce,
                           Launcher::Output output)
    : MealyCoroutine{loop, spec.name},
      launcher_{launcher},
      spec_{spec},
      announce_{std::move(announce)},
      output_{std::move(output)} {}

int CoprocessFsm::signal(int signo) { return process_ ? process_->signal(signo) : ESRCH; }

std::optional<pid_t> CoprocessFsm::pid() const {
  if (!process_) return std::nullopt;
  return process_->pid();
}

void CoprocessFsm::state_machine() {
  announce_(State::Starting, "spawn");
  try {
    process_ = launcher_.launch(spec_, output_);
  } catch (const SpawnError& error) {
    end_.detail = error.what();
    return;
  }
  since_ = loop().now();
  end_.pid = process_->pid();
  announce_(State::Running, "started");
  await(process_->exited());
  // What the leader left behind is not a coprocess: the zombie still pins the group's id.
  if (!process_->gone().is_set()) {
    process_->signal_group(SIGKILL);
    await(process_->gone(), loop().now() + kKillTakes);
  }
  release();
}

// Finds the process in any phase: not spawned, running, exited with its group still there.
void CoprocessFsm::shutdown_state_machine() {
  if (!process_) return;
  announce_(State::Stopping, *shutdown_reason());
  climb_ladder();
  release();
}

void CoprocessFsm::climb_ladder() {
  const auto ladder = spec_.stop;  // the spec may change in place under a waiting rung
  for (const auto& [signo, grace] : ladder) {
    const bool last = signo == SIGKILL;
    if (kill_now_.is_set() && !last) continue;
    process_->signal_group(signo);
    const fsm::Deadline deadline = loop().now() + grace;
    if (last) {
      await(process_->gone(), deadline);
    } else {
      await_any({&process_->gone(), &kill_now_}, deadline);
    }
    if (process_->gone().is_set()) return;
  }
}

// Never blocks. What outlived SIGKILL is left to ~Process().
void CoprocessFsm::release() {
  const bool gone = process_->gone().is_set();
  end_.how = gone ? LifeEnd::How::Ended : LifeEnd::How::Unkillable;
  if (!gone) end_.detail = "process group " + std::to_string(process_->pid()) + " outlived SIGKILL";
  end_.status = process_->reap();
  process_.reset();
}

}  // namespace masterd::supervisor
