// spec -- what a session file says, as plain data with its defaults. No behaviour; any layer may
// read it.
#pragma once

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace masterd::config {

using std::chrono::milliseconds;

enum class Restart { Never, OnFailure, Always };
/// What happens when the restart limit is reached.
enum class Then { Fail, EndSession, Shutdown };
/// What a normal end of the coprocess does to the session.
enum class OnExit { None, EndSession, Shutdown };

/// One rung of the stop ladder: send `signal`, wait at most `grace`.
struct StopStep {
  int signal = SIGTERM;
  milliseconds grace{5000};
  bool operator==(const StopStep&) const = default;
};

struct RestartSpec {
  Restart policy = Restart::Never;
  milliseconds delay{100};  // first delay; doubles; not above max_delay
  milliseconds max_delay{30000};
  unsigned limit = 5;  // restarts within `within` (then above 0); 0: none
  milliseconds within{60000};
  Then then = Then::Fail;
  bool operator==(const RestartSpec&) const = default;
};

struct CoprocessSpec {
  std::string name;
  std::string group;  // empty: none
  std::string description;
  /// argv, never empty after validation; argv[0] is a bare name (PATH) or an absolute path.
  std::vector<std::string> command;
  /// Names of groups or coprocesses, each once; what its group requires is included.
  std::vector<std::string> requires_;
  std::string cwd;  // absolute; default: the folder of the session file
  std::map<std::string, std::string> env;
  bool vital = false;  // its death ends the session
  RestartSpec restart;
  OnExit on_exit = OnExit::None;
  /// SIGKILL with 2 s is appended by the loader when the ladder does not end with it.
  std::vector<StopStep> stop{{SIGTERM, milliseconds{5000}}, {SIGKILL, milliseconds{2000}}};
  bool operator==(const CoprocessSpec&) const = default;
};

struct GroupSpec {
  std::string name;
  std::vector<std::string> requires_;
  bool operator==(const GroupSpec&) const = default;
};

struct SessionSpec {
  std::string name;
  std::string description;
  std::string path;               // absolute; empty for inline text
  std::vector<GroupSpec> groups;  // in file order; groups only named by coprocesses included
  std::vector<CoprocessSpec> coprocesses;  // in file order
  bool operator==(const SessionSpec&) const = default;
};

/// What masterd.toml says. Empty lists: the built-in defaults (chosen by daemon/options).
struct DaemonSpec {
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  /// Absolute; where list_configs looks and names are resolved.
  std::vector<std::string> config_dirs;
  /// trace debug info warning error critical off (the words of spdlog); empty: info.
  std::string log_level;
  std::string log_format;  // "text" or "json"; empty: text
  /// Runs while no session is picked, one at a time; off unless both are given.
  std::vector<std::string> hook_command;
  milliseconds hook_interval{0};
  bool operator==(const DaemonSpec&) const = default;
};

/// One thing wrong in a file. Line and column are 1-based, 0 when unknown; columns count characters
/// (code points). Key and message hold no control characters.
struct Diagnostic {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string key;  // dotted: "coprocess.a.restart.delay"
  std::string message;
  /// "file:line:column: key: message", less what is unknown.
  [[nodiscard]] std::string to_string() const;
};

}  // namespace masterd::config
