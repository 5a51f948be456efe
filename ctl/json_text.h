// json_text -- members of a result as text. Pure, and total: a daemon of another version may leave
// members out or add some, so nothing is taken for granted but that it is JSON.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/table.h"

namespace masterd::ctl {

/// nullptr: absent, or `value` is no object.
const boost::json::value* member(const boost::json::value& value, std::string_view name);
/// A scalar; booleans as yes and no; empty for what is absent or null. Not escaped.
std::string text(const boost::json::value& value, std::string_view name);
std::optional<double> number(const boost::json::value& value, std::string_view name);
/// A number of seconds as human_duration(); empty for what is no number.
std::string duration(const boost::json::value& value, std::string_view name);
/// Empty for what is no list.
const boost::json::array& list(const boost::json::value& value, std::string_view name);
/// "a, b, c", escaped.
std::string joined(const boost::json::array& items);

/// Of a state's word.
Colour colour_of(std::string_view state);
Table::Cell state_cell(const boost::json::value& value, std::string_view name);
/// "code 1" or "SIGKILL"; empty without one.
std::string last_exit(const boost::json::value& coprocess);

}  // namespace masterd::ctl
