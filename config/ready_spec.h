// ready_spec -- how a coprocess shows that it is ready, and that it is still well. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace masterd::config {

using std::chrono::milliseconds;

/// Ready as soon as it runs; a oneshot when it has ended well, a forking one when its first process
/// has.
struct ReadyStarted {
  bool operator==(const ReadyStarted&) const = default;
};

/// Ready when it says READY=1 (sd_notify).
struct ReadyNotify {
  bool operator==(const ReadyNotify&) const = default;
};

/// Ready when a probe has ended with 0. `${pid}` in `argv` stands for the main process.
struct ReadyExec {
  std::vector<std::string> argv;  // as CoprocessSpec::command
  milliseconds interval{100};     // above 0
  milliseconds timeout{1000};     // of one probe; above 0
  bool operator==(const ReadyExec&) const = default;
};

/// Ready when its tree has a listener there. It is looked up, never connected to.
struct ReadyListen {
  enum class Family { Tcp, Unix };
  Family family = Family::Tcp;
  /// Tcp: a numeric address as inet_ntop(3) writes it, empty: any. Unix: an absolute path, or
  /// "@name" for the abstract socket `name`.
  std::string address;
  std::uint16_t port = 0;  // Tcp: above 0
  bool operator==(const ReadyListen&) const = default;
};

/// Ready when a line of its output has a match.
struct ReadyOutput {
  std::string pattern;  // compiles as std::regex (ECMAScript); at most kMaxPatternBytes
  bool operator==(const ReadyOutput&) const = default;
};

/// Ready when the file exists.
struct ReadyFile {
  std::string path;  // absolute
  bool operator==(const ReadyFile&) const = default;
};

/// Ready so long after its start.
struct ReadyDelay {
  milliseconds delay{0};
  bool operator==(const ReadyDelay&) const = default;
};

using ReadyHow = std::variant<ReadyStarted, ReadyNotify, ReadyExec, ReadyListen, ReadyOutput,
                              ReadyFile, ReadyDelay>;

struct ReadySpec {
  ReadyHow how;
  milliseconds timeout{30000};  // from the start, above 0; for ReadyDelay above the delay
  bool operator==(const ReadySpec&) const = default;
};

/// A probe that runs again and again once it is ready.
struct HealthSpec {
  std::vector<std::string> argv;  // as ReadyExec::argv
  milliseconds interval{5000};    // above 0
  milliseconds timeout{1000};     // of one probe; above 0
  unsigned failures = 3;          // in a row that count as a death; above 0
  bool operator==(const HealthSpec&) const = default;
};

}  // namespace masterd::config
