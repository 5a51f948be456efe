// exit_status -- how a process ended. No raw wait status leaves supervisor/.
#pragma once

#include <string>

#include "config/spec.h"

namespace masterd::supervisor {

struct ExitStatus {
  enum class Kind { Exited, Signalled } kind = Kind::Exited;
  int value = 0;  // the exit code, or the signal number
  bool core = false;

  /// From waitid's si_code (CLD_EXITED, CLD_KILLED, CLD_DUMPED) and si_status (macros both, so not
  /// names here).
  static ExitStatus from_siginfo(int code, int status);
  /// Ended, but somebody else of the process waited for it and has its status. Never a success.
  static ExitStatus lost() { return {Kind::Exited, -1, false}; }
  [[nodiscard]] bool success() const { return kind == Kind::Exited && value == 0; }
  /// "exited with 1", "killed by SIGSEGV (core dumped)", "ended with an unknown status"
  [[nodiscard]] std::string to_string() const;
  bool operator==(const ExitStatus&) const = default;
};

/// Whether the spec takes that for a normal end.
bool counts_as_success(const config::SuccessSpec& success, const ExitStatus& status);

}  // namespace masterd::supervisor
