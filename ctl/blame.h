// blame -- who took how long from its first start to ready, the slowest first. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "ctl/timeline.h"

namespace masterd::ctl {

/// One line a coprocess, then those that were never ready with their state, then the whole. Where
/// one was started again before it was ready, all of its tries count.
///
///   1.250s rt-host
///    320ms ui
///        - late (failed)
///   two-stage was ready 1.570s after it began, without 1 that failed
std::string render_blame(const Timeline& timeline);

/// {"session","ready_s"?,"coprocesses":[{"name","state","time_s"?}]}, in the same order.
boost::json::object blame_json(const Timeline& timeline);

}  // namespace masterd::ctl
