// render -- results and events as text for people. Pure, and total: a daemon of another version may
// leave members out or add some, so nothing is taken for granted but that it is JSON.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "proto/rpc.h"

namespace masterd::ctl {

/// The result of `verb` (as typed), each line ended by '\n'; empty when there is nothing to say.
std::string render_result(std::string_view verb, const boost::json::value& result, bool colours);

/// One line of a log as `logs` has it: {"seq","time","stream","text"}.
std::string render_log_line(const boost::json::object& line);

/// One event's params.
std::string render_event(const boost::json::object& params, bool colours);

/// A "diagnostics" array: "file:line:column: key: message", one a line.
std::string render_diagnostics(const boost::json::value& diagnostics);

/// "MESSAGE (reason)", and for bad_config the diagnostics on lines of their own. No '\n' at the
/// end.
std::string render_error(const proto::Error& error);

}  // namespace masterd::ctl
