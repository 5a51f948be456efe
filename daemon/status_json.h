// status_json -- views of the machines as the JSON of the wire. What means nothing at the moment is
// absent: no pid 0, no empty reason. Pure.
#pragma once

#include <boost/json.hpp>
#include <string_view>

#include "config/load.h"
#include "daemon/history.h"
#include "daemon/session_fsm.h"
#include "fsm/clock.h"
#include "supervisor/coprocess_state.h"
#include "supervisor/output_ring.h"
#include "supervisor/reconcile.h"

namespace masterd::daemon {

std::string_view to_string(config::Kind kind);
std::string_view to_string(supervisor::Stream stream);

/// {"code":n} or {"signal":"SIGKILL"}
boost::json::object exit_json(const supervisor::ExitStatus& status);
/// `now` dates the durations.
boost::json::object coprocess_json(const supervisor::CoprocessView& view, fsm::TimePoint now);
/// In whole milliseconds, as a number of seconds.
double seconds(fsm::Duration d);
boost::json::object session_json(const SessionFsm& session, fsm::TimePoint now);
boost::json::object changes_json(const supervisor::Changes& changes);
boost::json::object line_json(const supervisor::OutputLine& line);
boost::json::object history_json(const HistoryEntry& entry);
boost::json::array diagnostics_json(const config::Diagnostics& diagnostics);

}  // namespace masterd::daemon
