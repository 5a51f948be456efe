// timeline -- how a session came up, from its history: who was in which state when. What `blame`
// and `plot` show. Pure.
//
//   status, history --make_timeline()--> Timeline --> text, SVG, JSON
//
// All times are seconds since the session began. The history is bounded (docs/protocol.md): what
// has been forgotten is not there, and a bar begins later then.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace masterd::ctl {

struct Phase {
  std::string state;
  double from_s = 0;
  double to_s = 0;
};

struct Bar {
  std::string name;
  std::string state;                // at the end
  std::vector<Phase> phases;        // in order, without a hole
  std::optional<double> started_s;  // its first start
  std::optional<double> ready_s;    // when that one, or a later one, first made it ready
};

struct Timeline {
  std::string session;
  std::optional<double> ready_s;  // when the session first ran
  double end_s = 0;               // when it was asked for
  std::vector<Bar> bars;          // in file order
};

/// Of the session that `status` shows. Throws Failure when there is none.
Timeline make_timeline(const boost::json::value& status, const boost::json::value& history);

/// How many failed and were never ready. A session is running also without them.
std::size_t never_came_up(const Timeline& timeline);

/// {"session","ready_s"?,"end_s","coprocesses":[{"name","state","started_s"?,"ready_s"?,
/// "phases":[{"state","from_s","to_s"}]}]}
boost::json::object timeline_json(const Timeline& timeline);

/// A time as the wire writes it (RFC 3339, UTC, "2026-01-02T03:04:05.678Z"); nullopt for anything
/// else.
std::optional<std::chrono::milliseconds> wire_time(std::string_view text);

}  // namespace masterd::ctl
