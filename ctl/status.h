// status -- the result of `status` as text: a head and a table, or the details of one. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>

namespace masterd::ctl {

/// One line a coprocess. Columns that say nothing about any of them are left out.
std::string render_status(const boost::json::value& result, bool colours);
/// What is known of each coprocess in the result, one line a fact.
std::string render_details(const boost::json::value& result, bool colours);

}  // namespace masterd::ctl
