#include "daemon/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "config/daemon_file.h"
#include "daemon/config_store.h"
#include "daemon/start_error.h"
#include "daemon/trust.h"
#include "masterd_version.h"
#include "proto/endpoint.h"

namespace masterd::daemon {
namespace {

namespace fs = std::filesystem;

std::string absolute(const std::string& path, const std::string& cwd) {
  return (fs::path{cwd} / path).lexically_normal().string();
}

// With a control endpoint of one's own the events go beside it, not to the default place, where
// another daemon may be.
std::string events_for(const std::string& control) {
  const std::string beside = proto::events_beside(control);
  if (!beside.empty()) return beside;
  return control.substr(0, control.rfind(':')) + ":*";
}

void add_passed(const std::vector<PassedSocket>& passed, std::vector<std::string>& endpoints) {
  for (const PassedSocket& socket : passed) {
    const bool known =
        std::find(endpoints.begin(), endpoints.end(), socket.endpoint) != endpoints.end();
    if (!known) endpoints.push_back(socket.endpoint);
  }
}

void choose_endpoints(const CommandLine& line, const config::DaemonSpec& file,
                      const Environment& environment, Settings& settings) {
  settings.endpoints = !line.endpoints.empty() ? line.endpoints : file.endpoints;
  add_passed(environment.passed.control, settings.endpoints);
  if (settings.endpoints.empty()) settings.endpoints = {environment.control};
  if (!line.events.empty()) {
    settings.events = line.events;
  } else if (line.endpoints.empty() && !file.events.empty()) {
    settings.events = file.events;
  }
  add_passed(environment.passed.events, settings.events);
  if (!settings.events.empty()) return;
  const std::string& first = settings.endpoints.front();
  settings.events = {first == environment.control ? environment.events : events_for(first)};
}

/// The folder of masterd.toml and of the sessions; empty: there is none.
std::string own_folder(const Environment& environment) {
  if (!environment.configuration_dir.empty()) return environment.configuration_dir;
  if (environment.uid == 0) return "/etc/masterd";
  if (environment.config_home.empty()) return {};
  return environment.config_home + "/masterd";
}

std::vector<std::string> default_config_dirs(const Environment& environment) {
  const std::string folder = own_folder(environment);
  if (folder.empty()) return {};
  return {folder + "/sessions"};
}

// Those of the machine, then those that came with the program: the first of a name counts.
std::vector<std::string> default_profiles(const Environment& environment) {
  std::vector<std::string> paths{"/etc/masterd/profiles"};
  if (!environment.exe_dir.empty()) {
    paths.push_back(absolute("../share/masterd/profiles", environment.exe_dir));
  }
  return paths;
}

// The paths of flags, else those of the file, else the defaults.
std::vector<std::string> choose_paths(const std::vector<std::string>& flags,
                                      const std::vector<std::string>& file,
                                      std::vector<std::string> defaults, const std::string& cwd) {
  std::vector<std::string> paths;
  for (const auto& path : flags) paths.push_back(absolute(path, cwd));
  if (paths.empty()) paths = file;
  return paths.empty() ? defaults : paths;
}

// A program with a slash is a path, as in a session file.
HookSpec choose_hook(const CommandLine& line, const config::DaemonSpec& file,
                     const std::string& cwd) {
  HookSpec hook{file.hook_command, file.hook_interval};
  if (!line.hook_command.empty()) {
    hook.command = line.hook_command;
    std::string& program = hook.command.front();
    if (program.find('/') != std::string::npos) program = absolute(program, cwd);
  }
  if (const auto interval = config::parse_duration(line.hook_interval)) hook.interval = *interval;
  return hook;
}

Settings merge(const CommandLine& line, const config::DaemonSpec& file,
               const Environment& environment) {
  Settings settings;
  choose_endpoints(line, file, environment, settings);
  settings.config_dirs = choose_paths(line.config_dirs, file.config_dirs,
                                      default_config_dirs(environment), environment.cwd);
  settings.profiles =
      choose_paths(line.profiles, file.profiles, default_profiles(environment), environment.cwd);
  settings.session = line.session.empty() || ConfigStore::is_name(line.session)
                         ? line.session
                         : absolute(line.session, environment.cwd);
  const std::string& level = line.log_level.empty() ? file.log_level : line.log_level;
  if (!level.empty()) settings.log_level = level;
  const std::string& format = line.log_format.empty() ? file.log_format : line.log_format;
  if (format == "json") settings.log_format = LogFormat::Json;
  settings.cgroups = (line.cgroups.empty() ? file.cgroups : line.cgroups) != "off";
  settings.passed = environment.passed;
  settings.hook = choose_hook(line, file, environment.cwd);
  settings.defaults = file.defaults;
  return settings;
}

// Each of both may come from the file. Where neither does, the file tells it itself.
void check_hook(const CommandLine& line, const HookSpec& hook, config::Diagnostics& wrong) {
  if (!line.hook_command.empty() && hook.interval.count() == 0) {
    wrong.push_back({"", 0, 0, "--hook-interval", "is missing: how often does the hook run?"});
  } else if (!line.hook_interval.empty() && hook.command.empty()) {
    wrong.push_back({"", 0, 0, "--hook-command", "is missing: what is to run?"});
  }
}

std::string interval_fault(const std::string& text) {
  const auto interval = config::parse_duration(text);
  if (interval && interval->count() > 0) return {};
  return fmt::format("expected a duration above 0 such as 30s or 100ms; found '{}'", text);
}

}  // namespace

std::variant<CommandLine, EarlyExit> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app{"masterd: brings up the processes of a session in order, and takes them down again.",
               "masterd"};
  app.set_version_flag("--version", "masterd " MASTERD_VERSION);
  app.add_option("--config", line.config_file, "the daemon's own file (masterd.toml)");
  app.add_option("--session", line.session,
                 "start with this session; the daemon ends with 1 if it fails")
      ->type_name("NAME|FILE");
  app.add_option("--endpoint", line.endpoints, "where to take requests (repeatable)")
      ->type_name("EP")
      ->expected(1)
      ->take_all();
  app.add_option("--events", line.events, "where to publish events (repeatable)")
      ->type_name("EP")
      ->expected(1)
      ->take_all();
  app.add_option("--config-dir", line.config_dirs, "where names are looked up (repeatable)")
      ->type_name("DIR")
      ->expected(1)
      ->take_all();
  app.add_option("--profiles", line.profiles,
                 "profiles for foreign files: folders or files (repeatable)")
      ->type_name("PATH")
      ->expected(1)
      ->take_all();
  app.add_option("--log-level", line.log_level, "trace debug info warning error critical off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}));
  app.add_option("--log-format", line.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--cgroups", line.cgroups,
                 "auto: a cgroup for each coprocess where possible; off: never")
      ->check(CLI::IsMember({"auto", "off"}));
  app.add_option("--hook-command", line.hook_command,
                 "runs again and again while no session is picked: the program, then each argument "
                 "(repeatable)")
      ->type_name("WORD")
      ->expected(1)
      ->take_all();
  app.add_option("--hook-interval", line.hook_interval, "the time between two of its runs")
      ->type_name("DURATION")
      ->check(interval_fault);
  app.add_flag("--check", line.check, "only say what is wrong with the files; exit 0 or 78");
  app.footer(
      "Without --session the daemon waits for a configuration to be picked (masterctl "
      "set-config).\n"
      "Exit status: 0 orderly shutdown, 1 the session of --session failed, 2 usage,\n"
      "71 the system, 78 configuration.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const bool asked = app.exit(error, out, err) == 0;  // --help, --version
    if (asked) return EarlyExit{kExitOk, out.str()};
    return EarlyExit{kExitUsage, "masterd: " + std::string{error.what()} +
                                     "\nRun masterd --help for the options.\n"};
  }
  if (!line.hook_command.empty() && line.hook_command.front().empty()) {
    return EarlyExit{kExitUsage, "masterd: --hook-command: the program is an empty string\n"};
  }
  return line;
}

Environment Environment::of_this_process() {
  Environment environment;
  environment.uid = ::geteuid();
  const char* config_home = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config_home != nullptr && *config_home == '/') {
    environment.config_home = config_home;
  } else if (home != nullptr && *home == '/') {
    environment.config_home = fmt::format("{}/.config", home);
  }
  // Several are told with colons between (systemd.exec(5)); the first is the main one.
  if (const char* folders = std::getenv("CONFIGURATION_DIRECTORY"); folders && *folders == '/') {
    const std::string_view all{folders};
    environment.configuration_dir = std::string{all.substr(0, all.find(':'))};
  }
  std::error_code error;
  environment.cwd = fs::current_path(error).string();
  if (error) environment.cwd = "/";
  const fs::path exe = fs::read_symlink("/proc/self/exe", error);
  if (!error) environment.exe_dir = exe.parent_path().string();
  environment.control = proto::default_control_endpoint();
  environment.events = proto::default_events_endpoint();
  return environment;
}

std::string default_daemon_file(const Environment& environment) {
  const std::string folder = own_folder(environment);
  return folder.empty() ? "" : folder + "/masterd.toml";
}

LoadedSettings load_settings(const CommandLine& line, const Environment& environment) {
  std::string path = line.config_file;
  if (path.empty()) {
    path = default_daemon_file(environment);
    std::error_code error;
    if (!fs::exists(path, error)) path.clear();
  }
  config::DaemonFile file{config::DaemonSpec{}, {}};
  if (!path.empty()) {
    if (environment.uid == 0) file.wrong = distrust(path, 0);
    if (!file.wrong.empty()) return {std::nullopt, std::move(file.wrong)};
    file = config::read_daemon_file(path);
  }
  if (!file.spec) return {std::nullopt, std::move(file.wrong)};
  LoadedSettings loaded{merge(line, *file.spec, environment), std::move(file.wrong)};
  check_hook(line, loaded.settings->hook, loaded.wrong);
  return loaded;
}

}  // namespace masterd::daemon
