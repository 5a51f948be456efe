// spec -- what a session file says, as plain data with its defaults. No behaviour; any layer may
// read it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/process_spec.h"
#include "config/ready_spec.h"

namespace masterd::config {

using std::chrono::milliseconds;

/// Simple: runs until it is stopped. Oneshot: does something and ends. Forking: what is started
/// ends with 0 and leaves a daemon, which is the main process then.
enum class Kind { Simple, Oneshot, Forking };
enum class Restart { Never, OnFailure, Always };
/// What happens when the restart limit is reached.
enum class Then { Fail, EndSession, Shutdown, RestartSession };
/// What a suspension of the main process by job control (SIGSTOP, ...) is: its own business, or as
/// good as its death.
enum class OnSuspend { None, Fail };
/// What becomes of the processes that a oneshot leaves running: killed when it has ended, or kept
/// until it is taken back.
enum class Leftovers { Kill, Keep };
/// What a normal end of the coprocess does to the session.
enum class OnExit { None, EndSession, Shutdown };

/// In a stop ladder: nothing is sent (kill(2) does nothing for 0 but look).
inline constexpr int kNoSignal = 0;

/// One rung of the stop ladder: send `signal`, wait at most `grace`.
struct StopStep {
  int signal = SIGTERM;
  milliseconds grace{5000};
  bool operator==(const StopStep&) const = default;
};

/// A command beside the coprocess's own.
struct CommandSpec {
  std::vector<std::string> argv;  // as CoprocessSpec::command
  milliseconds timeout{30000};    // above 0; then it is killed and has failed
  bool operator==(const CommandSpec&) const = default;
};

/// What counts as a normal end.
struct SuccessSpec {
  std::set<int> codes{0};
  std::set<int> signals;
  bool operator==(const SuccessSpec&) const = default;
};

struct RestartSpec {
  Restart policy = Restart::Never;
  milliseconds delay{100};  // first delay; doubles; not above max_delay
  milliseconds max_delay{30000};
  unsigned limit = 5;  // restarts within `within` (then above 0); 0: none
  milliseconds within{60000};
  Then then = Then::Fail;
  double jitter = 0;                // 0 to 1: each delay is varied by up to this share
  milliseconds reset_after{10000};  // up so long: the delay begins anew
  /// What is restarted: it alone, or the whole session (a HAL component has no life of its own).
  enum class Scope { Self, Session };
  Scope scope = Scope::Self;
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
  OnSuspend on_suspend = OnSuspend::None;
  /// SIGKILL with 2 s is appended by the loader when the ladder does not end with it.
  std::vector<StopStep> stop{{SIGTERM, milliseconds{5000}}, {SIGKILL, milliseconds{2000}}};
  std::optional<CommandSpec> stop_command;  // runs before the ladder; may hold ${pid}

  Kind kind = Kind::Simple;
  /// 1, 2, ... for NAME-1, NAME-2, ... made by `instances`; else 0.
  unsigned instance = 0;
  ReadySpec ready;
  std::optional<HealthSpec> health;  // none for a oneshot
  /// It must say WATCHDOG=1 (sd_notify) at least so often. None for a oneshot.
  std::optional<milliseconds> watchdog;
  SuccessSpec success;
  std::optional<CommandSpec> undo;        // of a oneshot only; may hold ${pid}
  Leftovers leftovers = Leftovers::Kill;  // likewise
  std::string pid_file;                   // of a forking one only; absolute; empty: none
  std::vector<CommandSpec> before;        // run one after the other before each start
  std::vector<CommandSpec> after;         // and when it is gone
  bool stay = false;                      // stays up when something that it requires goes away

  StdinKind stdin_kind = StdinKind::Null;
  OutputSpec output;
  /// The environment: masterd's unless `clear_env`, less `env_unset`, then `env_files`, then `env`.
  bool clear_env = false;
  std::vector<std::string> env_unset;
  /// Absolute paths, read at each spawn; with a leading "-" the file may be missing.
  std::vector<std::string> env_files;
  std::string user;        // name or number; empty: masterd's
  std::string group_name;  // empty: the user's
  std::vector<std::string> supplementary_groups;
  std::optional<mode_t> umask;
  std::vector<LimitSpec> limits;  // by name, each once
  std::optional<int> nice;
  std::optional<int> oom_score_adj;
  bool no_new_privs = false;
  /// "CAP_NET_ADMIN", ... by name, each once: the only ones that it keeps.
  std::optional<std::vector<std::string>> capabilities;
  std::optional<int> pdeathsig;
  std::optional<RealtimeSpec> realtime;
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
  std::string path;  // absolute: of the session file, or of the file that a profile maps; empty for
                     // inline text
  std::vector<GroupSpec> groups;  // in file order; groups only named by coprocesses included
  std::vector<CoprocessSpec> coprocesses;  // in file order
  /// Runs at once when a vital coprocess dies, before the orderly teardown.
  std::optional<CommandSpec> fail_safe;
  std::vector<CommandSpec> before;  // run one after the other before anything starts
  std::vector<CommandSpec> after;   // and when all is gone
  /// What these commands run as and with, besides masterd's environment.
  std::string user;  // name or number; empty: masterd's
  std::map<std::string, std::string> env;
  bool operator==(const SessionSpec&) const = default;
};

/// What masterd.toml says. Empty lists: the built-in defaults (chosen by daemon/options).
struct DaemonSpec {
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  /// Absolute; where list_configs looks and names are resolved.
  std::vector<std::string> config_dirs;
  /// Absolute; folders of profiles, and single ones.
  std::vector<std::string> profiles;
  /// trace debug info warning error critical off (the words of spdlog); empty: info.
  std::string log_level;
  std::string log_format;  // "text" or "json"; empty: text
  /// Runs while no session is picked, one at a time; off unless both are given.
  std::vector<std::string> hook_command;
  milliseconds hook_interval{0};
  /// How the processes of a coprocess are kept together: "auto" (cgroups where they can be had) or
  /// "off" (never); empty: auto.
  std::string cgroups;
  /// [defaults]: what the coprocesses of every session begin with, nameless and without a command.
  /// An empty cwd stands for the folder of the session file, as nothing else was said.
  CoprocessSpec defaults;
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
