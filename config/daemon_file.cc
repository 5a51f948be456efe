#include "config/daemon_file.h"

#include <fmt/format.h>

#include <cstddef>

#include "config/coprocess_keys.h"
#include "config/paths.h"
#include "config/process_keys.h"
#include "config/source_text.h"
#include "config/toml_reader.h"

namespace masterd::config {

namespace {

using std::filesystem::path;

// A TCP port, or the wildcards of zmq_tcp(7).
bool valid_port(std::string_view port) {
  if (port == "*" || port == "!") return true;
  if (port.empty() || port.size() > 5) return false;
  unsigned value = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
  }
  return value > 0 && value <= 65535;
}

// What is wrong with an endpoint; empty when nothing is.
std::string endpoint_fault(std::string_view endpoint) {
  constexpr std::string_view kForm = "expected \"ipc:///ABSOLUTE/PATH\" or \"tcp://HOST:PORT\"";
  constexpr std::size_t kMaxIpcPath = 107;  // sun_path of unix(7), less the final NUL
  const std::string_view scheme = endpoint.substr(0, 6);
  const std::string_view rest = endpoint.substr(scheme.size());
  if (scheme == "ipc://" && rest.size() > 1 && rest.front() == '/' && rest.back() != '/') {
    if (rest.find('\0') != std::string_view::npos) return "a NUL character";
    if (rest.size() <= kMaxIpcPath) return {};
    return fmt::format("the path has {} bytes; a socket's has at most {}", rest.size(),
                       kMaxIpcPath);
  }
  const std::size_t colon = rest.rfind(':');
  if (scheme == "tcp://" && colon != std::string_view::npos && colon > 0 &&
      valid_port(rest.substr(colon + 1))) {
    return {};
  }
  return fmt::format("{}; found '{}'", kForm, shown(endpoint));
}

std::vector<std::string> read_endpoints(TableReader& root, std::string_view key) {
  std::vector<std::string> endpoints;
  for (const Text& found : root.texts(key).value_or(std::vector<Text>{})) {
    if (std::string fault = endpoint_fault(found.value); !fault.empty()) {
      root.error(found.where, std::move(fault));
    } else {
      endpoints.push_back(found.value);
    }
  }
  return endpoints;
}

std::vector<std::string> read_paths(TableReader& root, std::string_view key, const path& dir) {
  std::vector<std::string> paths;
  for (const Text& found : root.texts(key).value_or(std::vector<Text>{})) {
    if (found.value.empty()) {
      root.error(found.where, "an empty path");
    } else if (found.value.find('\0') != std::string::npos) {
      root.error(found.where, "a NUL character");
    } else {
      paths.push_back(absolute_path(found.value, dir));
    }
  }
  return paths;
}

void read_log(TableReader& root, DaemonSpec& spec) {
  auto table = root.table("log");
  if (!table) return;
  // The level's words are spdlog's.
  std::vector<std::pair<std::string, std::string>> levels;
  for (const char* word : {"trace", "debug", "info", "warning", "error", "critical", "off"}) {
    levels.emplace_back(word, word);
  }
  spec.log_level = table->choice("level", levels).value_or("");
  spec.log_format =
      table->choice<std::string>("format", {{"text", "text"}, {"json", "json"}}).value_or("");
  table->finish();
}

void read_hook(TableReader& root, const Scope& scope, DaemonSpec& spec) {
  auto table = root.table("hook");
  if (!table) return;
  spec.hook_command = read_argv(*table, "command", scope);
  if (const auto interval = table->duration_above_zero("interval")) {
    spec.hook_interval = *interval;
  } else if (!table->has("interval")) {
    table->error(table->where(), "'interval' is missing");
  }
  table->finish();
}

DaemonSpec read_document(const toml::table& document, const Scope& scope, Report& report) {
  TableReader root{document, {1, 1, ""}, report};
  DaemonSpec spec;
  spec.endpoints = read_endpoints(root, "endpoints");
  spec.events = read_endpoints(root, "events");
  spec.config_dirs = read_paths(root, "config_dirs", scope.dir);
  spec.profiles = read_paths(root, "profiles", scope.dir);
  spec.cgroups =
      root.choice<std::string>("cgroups", {{"auto", "auto"}, {"off", "off"}}).value_or("");
  read_log(root, spec);
  read_hook(root, scope, spec);
  read_defaults(root, scope, spec.defaults);
  root.finish();
  return spec;
}

}  // namespace

DaemonFile read_daemon_file(const path& file) {
  Report report{file.native()};
  DaemonFile read;
  const auto text = read_source(file, report);
  if (text && check_source(*text, report)) {
    if (const auto document = parse_toml(*text, report)) {
      Scope scope;
      scope.dir = absolute_folder(file.parent_path());
      scope.file = (scope.dir / file.filename()).native();
      read.spec = read_document(*document, scope, report);
    }
  }
  read.wrong = report.take();
  return read;
}

std::variant<DaemonSpec, Diagnostics> load_daemon_file(const path& file) {
  DaemonFile read = read_daemon_file(file);
  if (!read.wrong.empty()) return std::move(read.wrong);
  return *std::move(read.spec);
}

}  // namespace masterd::config
