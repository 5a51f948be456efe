// options -- what the command line, masterd.toml and the environment together ask for.
//
//   argv --parse_command_line--> CommandLine --load_settings(+ masterd.toml, Environment)-->
//   Settings
//
// Flags win over the file, the file over the defaults. A list given by a flag replaces the file's.
// A daemon of root uses no masterd.toml that others may change (trust.h).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/load.h"
#include "daemon/daemon_fsm.h"
#include "daemon/log.h"
#include "daemon/passed_sockets.h"

namespace masterd::daemon {

/// The flags as given; empty: not given.
struct CommandLine {
  std::string config_file;
  std::string session;
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  std::vector<std::string> config_dirs;
  std::vector<std::string> profiles;
  std::string log_level;
  std::string log_format;
  std::string cgroups;
  std::vector<std::string> hook_command;
  std::string hook_interval;  // a duration above 0
  bool check = false;
};
/// --help, --version or a usage error: what to print and where to, instead of a run.
struct EarlyExit {
  int status = 0;
  std::string text;  // to stdout when status is 0, else to stderr
};
std::variant<CommandLine, EarlyExit> parse_command_line(int argc, const char* const* argv);

/// What the process runs in. The passed sockets come from who starts it: of_this_process() takes
/// none.
struct Environment {
  uid_t uid = 0;
  std::string config_home;  // $XDG_CONFIG_HOME, else ~/.config; empty: neither is known
  // $CONFIGURATION_DIRECTORY: as a service has it from its unit (ConfigurationDirectory=), in place
  // of the folder that the user's kind would give; empty: none
  std::string configuration_dir;
  std::string cwd;
  std::string exe_dir;  // the folder of the running program; empty: it cannot be known
  std::string control;  // proto::default_control_endpoint()
  std::string events;   // proto::default_events_endpoint()
  PassedSockets passed;

  static Environment of_this_process();
};

struct Settings {
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  std::vector<std::string> config_dirs;  // absolute
  std::vector<std::string> profiles;     // absolute: folders and files
  std::string session;                   // a name or an absolute path; empty: none
  std::string log_level = "info";
  LogFormat log_format = LogFormat::Text;
  HookSpec hook;
  config::CoprocessSpec defaults;
  bool cgroups = true;   // where they can be had
  PassedSockets passed;  // each of these is an endpoint, too
};
struct LoadedSettings {
  /// With what is right of masterd.toml. Nothing: it cannot be read, or used, at all.
  std::optional<Settings> settings;
  config::Diagnostics wrong;  // empty: the settings are there and good
};
/// Reads masterd.toml: the one given (it must exist), else the default one if it exists. A socket
/// that was passed is served besides the endpoints that are asked for, and in place of the default
/// ones.
LoadedSettings load_settings(const CommandLine& line, const Environment& environment);

/// Where masterd.toml is looked for; empty: nowhere.
std::string default_daemon_file(const Environment& environment);

}  // namespace masterd::daemon
