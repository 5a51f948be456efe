#include "supervisor/exit_status.h"

#include <fmt/format.h>

#include <csignal>

#include "config/load.h"

namespace masterd::supervisor {

ExitStatus ExitStatus::from_siginfo(int si_code, int si_status) {
  if (si_code == CLD_EXITED) return {Kind::Exited, si_status, false};
  return {Kind::Signalled, si_status, si_code == CLD_DUMPED};
}

std::string ExitStatus::to_string() const {
  if (*this == lost()) return "ended with an unknown status";
  if (kind == Kind::Exited) return fmt::format("exited with {}", value);
  return fmt::format("killed by {}{}", config::signal_name(value), core ? " (core dumped)" : "");
}

}  // namespace masterd::supervisor
