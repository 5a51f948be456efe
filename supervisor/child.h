// child -- a real process: spawn by Boost.Process v1 with vfork, pipes for its output, its exit.
//
//   launched --leader a zombie, its pipes drained--> exited --group empty: reaped--> gone
//
// Until it is reaped the leader, alive or zombie, pins its pid, which is also the id of its group:
// only so long is the group signalled, and no stranger can be hit. The leader runs in its own
// session and process group, with the child's baseline (supervisor/spawn.h).
#pragma once

#include <memory>

#include "fsm/event_loop.h"
#include "supervisor/exit_source.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

class ChildLauncher final : public Launcher {
 public:
  /// Both must outlive the launcher and every process that it launched.
  ChildLauncher(fsm::EventLoop& loop, ExitSource& exits) : loop_{loop}, exits_{exits} {}
  /// See Launcher. An empty spec.cwd is the folder of this process. `output` must neither throw nor
  /// destroy the process. Blocks until the program runs (some tens of microseconds); all signals
  /// are blocked meanwhile.
  std::unique_ptr<Process> launch(const config::CoprocessSpec& spec, Output output) override;

 private:
  fsm::EventLoop& loop_;
  ExitSource& exits_;
};

}  // namespace masterd::supervisor
