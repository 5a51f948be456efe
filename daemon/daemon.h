// daemon -- the composition: everything that masterd consists of, in order of construction.
//
//   1. signals blocked and read from the loop, before any other thread exists (libzmq's inherit the
//      mask; children get a clean one)
//   2. the ZeroMQ context, the endpoints: bound before anything is spawned, so that a daemon that
//      cannot be reached starts nothing
//   3. what records, then the machines, which record
//   4. what lives of a masterd of the same control endpoint that was killed is ended, before a
//      session begins anything; requests are answered meanwhile
//   5. the service manager is told that it is up, when the loop runs and nothing of such a one
//   lives
// Destruction runs the other way: machines end (hard, if run() did not) while those they tell still
// live; endpoints close last and linger for CommandServer::kLingerMs.
//
//   SIGTERM, SIGINT   shutdown; during one: logged and ignored
//   SIGUSR1           open the output files anew (logrotate's postrotate)
//   SIGHUP            read the session's file again and reconcile; a bad file changes nothing
#pragma once

#include <memory>
#include <optional>
#include <vector>
#include <zmq.hpp>

#include "config/spec.h"
#include "daemon/command_server.h"
#include "daemon/config_store.h"
#include "daemon/daemon_fsm.h"
#include "daemon/history.h"
#include "daemon/log.h"
#include "daemon/methods.h"
#include "daemon/options.h"
#include "daemon/pending.h"
#include "daemon/publisher.h"
#include "daemon/recorder.h"
#include "daemon/service.h"
#include "fsm/clock.h"
#include "fsm/event_loop.h"
#include "fsm/signal_source.h"
#include "supervisor/cgroup.h"
#include "supervisor/child.h"
#include "supervisor/exit_source.h"
#include "supervisor/ledger.h"
#include "supervisor/survivors_fsm.h"

namespace masterd::daemon {

class Daemon {
 public:
  /// Throws StartError, with every diagnostic of a bad session; then nothing was spawned.
  explicit Daemon(const Settings& settings);

  /// Runs until the end; returns the exit status.
  int run();

 private:
  void on_signal(int signo);
  void bind(const Settings& settings);
  [[nodiscard]] Service::Facts facts() const;
  void keep_ledger(const Settings& settings);
  void clear(std::vector<supervisor::Section> dead);
  void reload();
  void reopen_files();

  Log log_;
  const fsm::SteadyClock clock_;
  fsm::EventLoop loop_{clock_};
  fsm::SignalSource signals_;
  std::unique_ptr<supervisor::ExitSource> exits_;
  zmq::context_t context_;
  CommandServer server_;
  Publisher publisher_;
  ConfigStore store_;
  History history_;
  Pending pending_;
  Recorder recorder_;
  Service service_;
  const std::unique_ptr<supervisor::Cgroups> cgroups_;  // nullptr: trees are found by a mark
  supervisor::Ledger ledger_;
  supervisor::ChildLauncher launcher_;
  fsm::Event cleared_;
  DaemonFsm fsm_;
  std::optional<supervisor::SurvivorsFsm> survivors_;  // engaged when there may be any
  Methods methods_;
};

}  // namespace masterd::daemon
