// start_error -- why the daemon cannot start, with the exit status that says so.
#pragma once

#include <stdexcept>
#include <string>

namespace masterd::daemon {

/// The exit statuses of masterd (those of sysexits.h where there is one).
inline constexpr int kExitOk = 0;
inline constexpr int kExitSessionFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSystem = 71;
inline constexpr int kExitConfig = 78;

/// Thrown during construction only, up to main(). what() is one or more lines for the operator.
class StartError : public std::runtime_error {
 public:
  StartError(int exit_status, const std::string& message)
      : std::runtime_error{message}, exit_status_{exit_status} {}
  [[nodiscard]] int exit_status() const { return exit_status_; }

 private:
  int exit_status_;
};

}  // namespace masterd::daemon
