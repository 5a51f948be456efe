#include "supervisor/exit_status.h"

#include <fmt/format.h>

#include <csignal>

#include "config/load.h"

namespace masterd::supervisor {

ExitStatus ExitStatus::from_siginfo(int code, int status) {
  if (code == CLD_EXITED) return {Kind::Exited, status, false};
  return {Kind::Signalled, status, code == CLD_DUMPED};
}

std::string ExitStatus::to_string() const {
  if (*this == lost()) return "ended with an unknown status";
  if (kind == Kind::Exited) return fmt::format("exited with {}", value);
  return fmt::format("killed by {}{}", config::signal_name(value), core ? " (core dumped)" : "");
}

bool counts_as_success(const config::SuccessSpec& success, const ExitStatus& status) {
  const auto& values = status.kind == ExitStatus::Kind::Exited ? success.codes : success.signals;
  return values.contains(status.value);
}

}  // namespace masterd::supervisor
