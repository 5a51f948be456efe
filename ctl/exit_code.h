// exit_code -- what masterctl's exit status means. Scripts rely on it: numbers are never reused.
#pragma once

#include <stdexcept>
#include <string>

namespace masterd::ctl {

enum ExitCode : int {
  kDone = 0,
  kFailed = 1,  ///< the daemon refused, or what was asked for failed
  kUsage =
      2,  ///< it can't be asked for: a bad command line, or a name that the daemon doesn't know
  kNoDaemon = 3,  ///< nobody listens at the endpoint, or the daemon went away
  kTimedOut = 4,  ///< it may still happen, but not within --timeout
};

/// Ends the program with `code` and "masterctl: MESSAGE".
struct Failure : std::runtime_error {
  Failure(ExitCode c, const std::string& message) : std::runtime_error{message}, code{c} {}
  ExitCode code;
};

}  // namespace masterd::ctl
