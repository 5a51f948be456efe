// status_text -- what the daemon does, in one line for people: `systemctl status` shows it.
//
//   waiting for a configuration
//   starting cnc-mill: 3 of 7 ready, waiting for milltask, halui
//   running cnc-mill: 7 of 7 ready
//   running cnc-mill: 6 of 7 ready, ui: backoff
//   stopping cnc-mill: waiting for milltask
#pragma once

#include <optional>
#include <string>

#include "daemon/daemon_fsm.h"

namespace masterd::daemon {

std::string status_text(const DaemonFsm& fsm);
/// When the longest of all waits under way in the session is over; nullopt: none that would end by
/// itself.
std::optional<fsm::Deadline> waits_until(const DaemonFsm& fsm);

}  // namespace masterd::daemon
