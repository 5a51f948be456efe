#include "supervisor/command_machine.h"

#include <fmt/format.h>

#include <csignal>
#include <exception>

namespace masterd::supervisor {

std::string CommandMachine::run_command(Launcher& launcher, Launch launch, fsm::Duration limit,
                                        fsm::Event* over) {
  drop_command();
  hurry_.reset();
  limit_ = limit;
  until_ = fsm::deadline_after(loop().now(), limit);
  try {
    command_ = launcher.launch(std::move(launch));
  } catch (const std::exception& error) {  // of the spawn; or no memory, no descriptor left
    return error.what();
  }
  return finish_command(over);
}

std::string CommandMachine::finish_command(fsm::Event* over) {
  if (!command_) return {};
  fsm::Event never;
  await_any({&command_->exited(), &hurry_, over == nullptr ? &never : over}, until_);
  std::string why;
  if (command_->exited().is_set()) {
    const ExitStatus status = command_->reap().value_or(ExitStatus::lost());
    if (!status.success()) why = status.to_string();
  } else if (loop().now() >= until_) {
    const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(limit_);
    why = fmt::format("has not ended within {} ms", limit.count());
  } else {
    why = "was cut short";
  }
  drop_command();
  return why;
}

void CommandMachine::drop_command() {
  if (!command_) return;
  if (!command_->gone().is_set()) {
    command_->signal_group(SIGKILL);
    await(command_->gone(), loop().now() + kKillTakes);
  }
  command_.reset();
}

}  // namespace masterd::supervisor
