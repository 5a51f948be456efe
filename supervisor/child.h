// child -- a real process: pipes for its streams, its exit, its tree.
//
//   launched --main process a zombie, its pipes drained--> exited --nothing lives: reaped--> gone
//
// Until it is reaped the main process, alive or zombie, pins its pid, which is also the id of its
// group: only so long is the group signalled, and no stranger can be hit. So it stays a zombie for
// as long as something of its tree lives. When that is to be kept (keep_tree()) it is reaped at
// once, and what lives is found, and signalled, one by one. It runs in its own session and process
// group, with the child's baseline (supervisor/child_setup.h), and in its own cgroup where there
// are cgroups.
#pragma once

#include <memory>

#include "fsm/event_loop.h"
#include "supervisor/cgroup.h"
#include "supervisor/exit_source.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

class Ledger;

class ChildLauncher final : public Launcher {
 public:
  /// All must outlive the launcher and every process that it launched. Without `cgroups` trees are
  /// found by other marks (supervisor/tree.h). With a `ledger` every launch is written down.
  ChildLauncher(fsm::EventLoop& loop, ExitSource& exits, Cgroups* cgroups = nullptr,
                Ledger* ledger = nullptr)
      : loop_{loop}, exits_{exits}, cgroups_{cgroups}, ledger_{ledger} {}
  using Launcher::launch;
  /// See Launcher. An empty spec.cwd is the folder of this process. `launch.output` must neither
  /// throw nor destroy the process. Blocks until the program runs (some tens of microseconds); all
  /// signals are blocked meanwhile.
  std::unique_ptr<Process> launch(Launch launch) override;
  /// Always 0 in a host, where a child may be the host's own.
  std::size_t end_strays() override;

 private:
  fsm::EventLoop& loop_;
  ExitSource& exits_;
  Cgroups* cgroups_;
  Ledger* ledger_;
};

}  // namespace masterd::supervisor
