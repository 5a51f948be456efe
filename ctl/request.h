// request -- which method an invocation calls, with what, and how long to wait for it.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <filesystem>
#include <istream>
#include <string>

#include "ctl/options.h"

namespace masterd::ctl {

struct WireRequest {
  std::string method;
  boost::json::object params;
  /// Of the client. Where the daemon waits for something it is told less (timeout_s), so that the
  /// answer that says what was missing comes before the client gives up.
  std::chrono::milliseconds timeout{};
};

/// `in` is read for --text -; `cwd` makes relative paths absolute. Throws Failure for a text that
/// can't be read and for params that are no JSON object. REQUIRES: the verb is answered
/// by one request: not events, write, blame, plot, graph.
WireRequest make_wire_request(const Invocation& invocation, std::istream& in,
                              const std::filesystem::path& cwd);

/// How long to wait when nothing is waited for but the answer: --timeout, else 10 s.
std::chrono::milliseconds answer_timeout(const Invocation& invocation);

/// --timeout, else 60 s: for what --wait waits for.
std::chrono::milliseconds wait_timeout(const Invocation& invocation);

/// The word that the daemon is sent for CONFIG: an absolute path for what has a slash or a dot,
/// which no name has, else the name itself.
std::string config_word(const std::string& config, const std::filesystem::path& cwd);

}  // namespace masterd::ctl
