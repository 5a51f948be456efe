// command_machine -- a machine that can run a command to its end as one line of its own.
//
//   (none) --run_command--> in flight --ended, its time over, cut short--> rest killed --> (none)
//                               |
//                               +-- stack unwound --> still in flight --finish_command()--> (none)
//                                                                     --drop_command()--> (none)
//
// Base of the machines that have commands beside their main job (before, after, undo). A command
// survives the swap to the shutdown machine, which decides: what brings things back into order is
// finished, anything else dropped. Destroying the machine kills it.
#pragma once

#include <memory>
#include <string>

#include "fsm/event.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

class CommandMachine : public fsm::MealyCoroutine {
 protected:
  using MealyCoroutine::MealyCoroutine;

  // ---- on the machine's own stack; one command at a time ----
  /// Empty: it ended with 0 within `limit`; else why not, in words. Nothing of it is left then.
  /// Drops one that is in flight. `over`: a fact that cuts it short, too.
  std::string run_command(Launcher& launcher, Launch launch, fsm::Duration limit,
                          fsm::Event* over = nullptr);
  /// The rest of run_command() for the one that an unwound stack left in flight; its limit stands.
  std::string finish_command(fsm::Event* over = nullptr);
  /// Kills it; returns when it is gone (after 2 s at most). No-op without one.
  void drop_command();

  // ---- from anywhere ----
  [[nodiscard]] bool command_in_flight() const { return command_ != nullptr; }
  /// Cuts the one in flight short, as if its time were over. Later ones are not concerned.
  void hurry_command() { hurry_.set(); }

 private:
  std::unique_ptr<Process> command_;
  fsm::Duration limit_{};
  fsm::Deadline until_;
  fsm::Event hurry_;
};

}  // namespace masterd::supervisor
