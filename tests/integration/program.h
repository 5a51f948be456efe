// program -- one program that a test runs: spawned, waited for without polling, never left behind.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace masterd::test {

/// Generous: only a test that fails ever waits for it.
inline constexpr std::chrono::seconds kLimit{40};

struct Plan {
  std::vector<std::string> argv;  // argv[0] is a path
  std::vector<std::string> env;   // "NAME=value", added to the test's environment
  std::string cwd;
  std::optional<int> in_fd;         // stdin, instead of /dev/null; borrowed
  std::string out;                  // file for stdout; empty: /dev/null
  std::string err;                  // file for stderr; empty: /dev/null
  std::optional<int> out_fd;        // stdout, instead of `out`; borrowed
  bool closed_descriptors = false;  // begins without 0, 1 and 2
};

class Program {
 public:
  /// Throws std::system_error.
  explicit Program(const Plan& plan);
  /// SIGKILL, and reaped.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  /// The exit status, or 128 + the signal that ended it; nullopt: it still runs after `limit`.
  std::optional<int> wait(std::chrono::milliseconds limit = kLimit);
  /// REQUIRES: wait() has not told its end.
  void signal(int signo) const;

 private:
  pid_t pid_ = -1;
  int pidfd_ = -1;
  std::optional<int> status_;
};

/// Runs a program to its end.
struct Finished {
  int status = -1;  // as Program::wait(); -1: it had to be killed
  std::string out;
  std::string err;
};
Finished run(Plan plan);

/// Reads what is in a file; empty when there is none.
std::string contents(const std::string& path);

}  // namespace masterd::test
