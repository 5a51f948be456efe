// methods -- what the wire can ask for: a closed table of names, each with the least role that may
// call it and the function that does it. Nothing outside the table can be reached by a name.
//
//   request --table, role, phase of the daemon--> handler --> Answer now, or a SlowRequest in
//   Pending
//
// After shutdown was accepted, what acts is refused (shutting_down) and what reads works to the
// end. The wire contract is docs/protocol.md.
#pragma once

#include <string_view>
#include <vector>

#include "daemon/address.h"
#include "daemon/config_store.h"
#include "daemon/daemon_fsm.h"
#include "daemon/history.h"
#include "daemon/pending.h"
#include "daemon/publisher.h"
#include "daemon/reply.h"
#include "fsm/event_loop.h"
#include "proto/rpc.h"

namespace masterd::daemon {

/// What methods work on. All of it outlives Methods.
struct Services {
  fsm::EventLoop& loop;
  DaemonFsm& fsm;
  const ConfigStore& store;
  const Publisher& publisher;
  const History& history;
  Pending& pending;
  fsm::TimePoint began;  // of the daemon, for its uptime
};

class Methods {
 public:
  explicit Methods(const Services& services) : services_{services} {}
  /// Answers now or later.
  void dispatch(const proto::Request& request, Role role, Reply reply);
  /// Of all methods, in the order of docs/protocol.md.
  static std::vector<std::string_view> names();

 private:
  Services services_;
};

}  // namespace masterd::daemon
