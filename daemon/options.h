// options -- what the command line, masterd.toml and the environment together ask for.
//
//   argv --parse_command_line--> CommandLine --load_settings(+ masterd.toml, Environment)-->
//   Settings
//
// Flags win over the file, the file over the defaults. A list given by a flag replaces the file's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/load.h"
#include "daemon/daemon_fsm.h"
#include "daemon/log.h"

namespace masterd::daemon {

/// The flags as given; empty: not given.
struct CommandLine {
  std::string config_file;
  std::string session;
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  std::vector<std::string> config_dirs;
  std::string log_level;
  std::string log_format;
  std::string cgroups;
  bool check = false;
};
/// --help, --version or a usage error: what to print and where to, instead of a run.
struct EarlyExit {
  int status = 0;
  std::string text;  // to stdout when status is 0, else to stderr
};
std::variant<CommandLine, EarlyExit> parse_command_line(int argc, const char* const* argv);

/// What the process runs in.
struct Environment {
  uid_t uid = 0;
  std::string config_home;  // $XDG_CONFIG_HOME, else ~/.config; empty: neither is known
  std::string cwd;
  std::string control;  // proto::default_control_endpoint()
  std::string events;   // proto::default_events_endpoint()

  static Environment of_this_process();
};

struct Settings {
  std::vector<std::string> endpoints;
  std::vector<std::string> events;
  std::vector<std::string> config_dirs;  // absolute
  std::string session;                   // a name or an absolute path; empty: none
  std::string log_level = "info";
  LogFormat log_format = LogFormat::Text;
  HookSpec hook;
  bool cgroups = true;  // where they can be had
};
/// Reads masterd.toml: the one given (it must exist), else the default one if it exists.
/// Diagnostics say what is wrong with it.
std::variant<Settings, config::Diagnostics> load_settings(const CommandLine& line,
                                                          const Environment& environment);

/// Where masterd.toml is looked for; empty: nowhere.
std::string default_daemon_file(const Environment& environment);

}  // namespace masterd::daemon
