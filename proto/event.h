// event -- what the daemon publishes: a topic frame, and a JSON-RPC notification whose params are
// the event.
//
//   topic               type         tells
//   session.            session      the session's state changed
//   coprocess.NAME.     coprocess    a coprocess's state changed
//   log.NAME.           log          one line of a coprocess's output
//   heartbeat.          heartbeat    the daemon lives; only while subscribed
//
// A topic ends in a dot, so that the subscription "coprocess.a." can't match coprocess "ab". Pure.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace masterd::proto {

std::string session_topic();
std::string coprocess_topic(std::string_view name);
std::string log_topic(std::string_view name);
std::string heartbeat_topic();

/// {"code": 1} or {"signal": "SIGKILL"}: how a process ended, in events and in `status`.
boost::json::object exit_code(int code);
boost::json::object exit_signal(std::string_view signal_name);

boost::json::object session_event(std::string_view session, std::string_view from,
                                  std::string_view to, std::string_view cause);
/// `pid` while there is a process; `last_exit` (of exit_code or exit_signal) once one has ended.
boost::json::object coprocess_event(std::string_view name, std::string_view from,
                                    std::string_view to, std::string_view cause,
                                    std::optional<std::int64_t> pid = std::nullopt,
                                    std::optional<boost::json::object> last_exit = std::nullopt);
/// `stream` is "stdout" or "stderr"; `line_seq` is the line's number in that coprocess's log, as in
/// `logs`.
boost::json::object log_event(std::string_view name, std::string_view stream, std::string_view text,
                              std::uint64_t line_seq);
boost::json::object heartbeat_event(double uptime_s);

/// The second frame. `seq` counts all events of this daemon, `topic_seq` those of `topic`, both
/// from 1.
std::string encode_event(std::string_view topic, std::uint64_t seq, std::uint64_t topic_seq,
                         std::chrono::system_clock::time_point time,
                         const boost::json::object& event);

/// What encode_event() wrote: the params. nullopt for anything else; never throws but
/// std::bad_alloc.
std::optional<boost::json::object> decode_event(std::string_view text);

}  // namespace masterd::proto
