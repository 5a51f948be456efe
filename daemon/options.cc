#include "daemon/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "daemon/config_store.h"
#include "daemon/start_error.h"
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

void choose_endpoints(const CommandLine& line, const config::DaemonSpec& file,
                      const Environment& environment, Settings& settings) {
  settings.endpoints = !line.endpoints.empty() ? line.endpoints : file.endpoints;
  const bool own = !settings.endpoints.empty();
  if (!own) settings.endpoints = {environment.control};
  if (!line.events.empty()) {
    settings.events = line.events;
  } else if (line.endpoints.empty() && !file.events.empty()) {
    settings.events = file.events;
  } else {
    settings.events = {own ? events_for(settings.endpoints.front()) : environment.events};
  }
}

std::vector<std::string> default_config_dirs(const Environment& environment) {
  if (environment.uid == 0) return {"/etc/masterd/sessions"};
  if (environment.config_home.empty()) return {};
  return {environment.config_home + "/masterd/sessions"};
}

Settings merge(const CommandLine& line, const config::DaemonSpec& file,
               const Environment& environment) {
  Settings settings;
  choose_endpoints(line, file, environment, settings);
  if (!line.config_dirs.empty()) {
    for (const auto& dir : line.config_dirs) {
      settings.config_dirs.push_back(absolute(dir, environment.cwd));
    }
  } else {
    settings.config_dirs =
        file.config_dirs.empty() ? default_config_dirs(environment) : file.config_dirs;
  }
  settings.session = line.session.empty() || ConfigStore::is_name(line.session)
                         ? line.session
                         : absolute(line.session, environment.cwd);
  const std::string& level = line.log_level.empty() ? file.log_level : line.log_level;
  if (!level.empty()) settings.log_level = level;
  const std::string& format = line.log_format.empty() ? file.log_format : line.log_format;
  if (format == "json") settings.log_format = LogFormat::Json;
  settings.cgroups = (line.cgroups.empty() ? file.cgroups : line.cgroups) != "off";
  settings.hook = {file.hook_command, file.hook_interval};
  return settings;
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
  app.add_option("--log-level", line.log_level, "trace debug info warning error critical off")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}));
  app.add_option("--log-format", line.log_format, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--cgroups", line.cgroups,
                 "auto: a cgroup for each coprocess where possible; off: never")
      ->check(CLI::IsMember({"auto", "off"}));
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
  std::error_code error;
  environment.cwd = fs::current_path(error).string();
  if (error) environment.cwd = "/";
  environment.control = proto::default_control_endpoint();
  environment.events = proto::default_events_endpoint();
  return environment;
}

std::string default_daemon_file(const Environment& environment) {
  if (environment.uid == 0) return "/etc/masterd/masterd.toml";
  if (environment.config_home.empty()) return {};
  return environment.config_home + "/masterd/masterd.toml";
}

std::variant<Settings, config::Diagnostics> load_settings(const CommandLine& line,
                                                          const Environment& environment) {
  std::string path = line.config_file;
  if (path.empty()) {
    path = default_daemon_file(environment);
    std::error_code error;
    if (path.empty() || !fs::exists(path, error)) return merge(line, {}, environment);
  }
  auto loaded = config::load_daemon_file(path);
  if (const auto* spec = std::get_if<config::DaemonSpec>(&loaded)) {
    return merge(line, *spec, environment);
  }
  return std::get<config::Diagnostics>(std::move(loaded));
}

}  // namespace masterd::daemon
