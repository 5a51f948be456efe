#include "daemon/check.h"

#include <utility>

#include "daemon/address.h"
#include "daemon/config_store.h"
#include "daemon/start_error.h"

namespace masterd::daemon {
namespace {

void append(std::vector<std::string>& to, std::vector<std::string> lines) {
  for (std::string& line : lines) to.push_back(std::move(line));
}

}  // namespace

std::vector<std::string> faults(const Loaded& loaded) {
  std::vector<std::string> lines;
  if (const auto* wrong = std::get_if<config::Diagnostics>(&loaded)) {
    for (const config::Diagnostic& diagnostic : *wrong) lines.push_back(diagnostic.to_string());
  } else if (!std::holds_alternative<config::SessionSpec>(loaded)) {
    lines.push_back(first_fault(loaded));
  }
  return lines;
}

std::vector<std::string> check_settings(const Settings& settings, uid_t uid) {
  std::vector<std::string> lines;
  for (const auto* endpoints : {&settings.endpoints, &settings.events}) {
    for (const std::string& endpoint : *endpoints) {
      try {
        parse_address(endpoint);
      } catch (const StartError& error) {
        lines.emplace_back(error.what());
      }
    }
  }
  const ConfigStore store{settings.config_dirs, uid, settings.profiles, settings.defaults};
  append(lines, faults(store.profiles().broken()));
  if (!settings.session.empty()) {
    append(lines, faults(store.load(settings.session)));
    return lines;
  }
  for (const ConfigEntry& entry : store.list()) append(lines, faults(store.load_path(entry.path)));
  return lines;
}

std::vector<std::string> check_all(const LoadedSettings& loaded, uid_t uid) {
  std::vector<std::string> lines = faults(loaded.wrong);
  if (loaded.settings) append(lines, check_settings(*loaded.settings, uid));
  return lines;
}

}  // namespace masterd::daemon
