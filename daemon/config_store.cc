#include "daemon/config_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "daemon/trust.h"
#include "proto/text.h"

namespace masterd::daemon {
namespace {

namespace fs = std::filesystem;

Loaded from(config::LoadResult result) {
  if (auto* spec = std::get_if<config::SessionSpec>(&result)) return std::move(*spec);
  return std::get<config::Diagnostics>(std::move(result));
}

template <class Called>
std::vector<std::string> paths_of(const std::vector<ConfigEntry>& entries, Called&& called) {
  std::vector<std::string> paths;
  for (const ConfigEntry& entry : entries) {
    if (called(entry)) paths.push_back(entry.path);
  }
  return paths;
}

}  // namespace

std::string first_fault(const Loaded& loaded) {
  if (const auto* wrong = std::get_if<config::Diagnostics>(&loaded)) {
    return wrong->front().to_string();
  }
  if (const auto* several = std::get_if<AmbiguousConfig>(&loaded)) return several->message;
  return std::get<UnknownConfig>(loaded).message;
}

ConfigStore::ConfigStore(std::vector<std::string> dirs, uid_t uid,
                         std::vector<std::string> profiles, config::CoprocessSpec defaults)
    : dirs_{std::move(dirs)},
      uid_{uid},
      profiles_{std::move(profiles)},
      defaults_{std::move(defaults)} {}

bool ConfigStore::is_name(const std::string& name_or_path) {
  return config::valid_name(name_or_path);
}

bool ConfigStore::is_configured(const std::string& name_or_path) const {
  if (is_name(name_or_path)) return true;
  const fs::path file{name_or_path};
  if (!file.is_absolute() || file.filename().empty() || file.filename() == "..") return false;
  std::error_code error;
  const fs::path folder = fs::canonical(file.parent_path(), error);
  if (error) return false;
  return std::any_of(dirs_.begin(), dirs_.end(), [&](const std::string& dir) {
    std::error_code missing;
    const fs::path base = fs::canonical(dir, missing);
    if (missing) return false;
    return std::mismatch(base.begin(), base.end(), folder.begin(), folder.end()).first ==
           base.end();
  });
}

Loaded ConfigStore::load(const std::string& name_or_path) const {
  if (!name_or_path.empty() && name_or_path.front() == '/') return load_path(name_or_path);
  if (!is_name(name_or_path)) {
    return UnknownConfig{fmt::format("'{}' is neither a name nor an absolute path",
                                     proto::sanitize_utf8(name_or_path.substr(0, 200)))};
  }
  for (const std::string& dir : dirs_) {
    const std::string path = fmt::format("{}/{}.toml", dir, name_or_path);
    std::error_code error;
    if (fs::exists(path, error)) return load_path(path);
  }
  return load_listed(name_or_path);
}

Loaded ConfigStore::load_listed(const std::string& name) const {
  ConfigList list{*this, ConfigList::Look::Names};
  while (list.step()) {
  }
  const auto entries = list.take();
  auto paths = paths_of(entries, [&](const ConfigEntry& entry) { return entry.name == name; });
  if (paths.empty()) {
    paths = paths_of(entries,
                     [&](const ConfigEntry& entry) { return fs::path{entry.path}.stem() == name; });
  }
  if (paths.size() == 1) return load_path(paths.front());
  if (paths.empty()) {
    return UnknownConfig{
        fmt::format("there is no configuration '{}' in {}", name,
                    dirs_.empty() ? "no folder" : fmt::format("{}", fmt::join(dirs_, ", ")))};
  }
  return AmbiguousConfig{
      fmt::format("several configurations are called '{}': {}", name, fmt::join(paths, ", ")),
      paths};
}

Loaded ConfigStore::load_path(const std::string& path) const {
  if (path.find('\0') != std::string::npos) return UnknownConfig{"the path has a NUL character"};
  // A session file needs no profile: theirs are not even looked at.
  if (fs::path{path}.extension() == ".toml") return load_session_file(path);
  const ProfileSet set = profiles();
  if (!set.takes(path)) return load_session_file(path);
  auto found = set.map(path);
  if (const auto* mapped = std::get_if<ProfileSet::Mapped>(&found)) return from(mapped->load());
  if (auto* none = std::get_if<ProfileSet::NoProfile>(&found)) return std::move(none->why);
  return std::get<config::Diagnostics>(std::move(found));
}

Loaded ConfigStore::load_session_file(const std::string& path) const {
  if (uid_ == 0) {
    config::Diagnostics wrong = distrust(path, 0);
    if (!wrong.empty()) return wrong;
  }
  return from(config::load_file(path, defaults_));
}

Loaded ConfigStore::load_text(const std::string& text) const {
  return from(config::load_text(text, "inline", "/", defaults_));
}

std::vector<ConfigEntry> ConfigStore::list() const {
  ConfigList list{*this};
  while (list.step()) {
  }
  return list.take();
}

}  // namespace masterd::daemon
