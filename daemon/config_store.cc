#include "daemon/config_store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <utility>

#include "proto/text.h"

namespace masterd::daemon {
namespace {

namespace fs = std::filesystem;

// Why others than the daemon's user and root may change what `path` names; empty when they may not.
std::string writable_by_others(const std::string& path, uid_t uid) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};  // the loader says what is wrong
  if (found.st_uid != 0 && found.st_uid != uid) {
    return fmt::format("{} belongs to uid {}, who may write it", path, found.st_uid);
  }
  // In a sticky folder others may add files but not replace ours (unlink(2)).
  const bool guarded = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) != 0;
  const bool by_group = (found.st_mode & S_IWGRP) != 0 && found.st_gid != 0;
  const bool by_all = (found.st_mode & S_IWOTH) != 0;
  if (guarded || (!by_group && !by_all)) return {};
  return fmt::format("{} is writable by {} (mode {:04o})", path, by_all ? "everybody" : "its group",
                     found.st_mode & 07777U);
}

Loaded from(config::LoadResult result) {
  if (auto* spec = std::get_if<config::SessionSpec>(&result)) return std::move(*spec);
  return std::get<config::Diagnostics>(std::move(result));
}

}  // namespace

ConfigStore::ConfigStore(std::vector<std::string> dirs, uid_t uid)
    : dirs_{std::move(dirs)}, uid_{uid} {}

bool ConfigStore::is_name(const std::string& name_or_path) {
  return config::valid_name(name_or_path);
}

Loaded ConfigStore::load(const std::string& name_or_path) const {
  if (!name_or_path.empty() && name_or_path.front() == '/') return load_path(name_or_path);
  const std::string shown = proto::sanitize_utf8(name_or_path.substr(0, 200));
  if (!is_name(name_or_path)) {
    return UnknownConfig{fmt::format("'{}' is neither a name nor an absolute path", shown)};
  }
  for (const std::string& dir : dirs_) {
    const std::string path = fmt::format("{}/{}.toml", dir, name_or_path);
    std::error_code error;
    if (fs::exists(path, error)) return load_path(path);
  }
  return UnknownConfig{
      fmt::format("there is no configuration '{}' in {}", shown,
                  dirs_.empty() ? "no folder" : fmt::format("{}", fmt::join(dirs_, ", ")))};
}

Loaded ConfigStore::load_path(const std::string& path) const {
  if (path.find('\0') != std::string::npos) return UnknownConfig{"the path has a NUL character"};
  if (uid_ == 0) {
    for (const std::string& what : {path, fs::path{path}.parent_path().string()}) {
      const std::string fault = writable_by_others(what, uid_);
      if (!fault.empty()) {
        return config::Diagnostics{
            {path, 0, 0, "",
             fmt::format("{}: a masterd that runs as root does not use it", fault)}};
      }
    }
  }
  return from(config::load_file(path));
}

Loaded ConfigStore::load_text(const std::string& text) {
  return from(config::load_text(text, "inline", "/"));
}

std::vector<ConfigEntry> ConfigStore::list() const {
  std::map<std::string, ConfigEntry> found;
  for (const std::string& dir : dirs_) {
    std::error_code error;
    for (fs::directory_iterator entry{dir, error}, end; !error && entry != end;
         entry.increment(error)) {
      const fs::path path = entry->path();
      const std::string name = path.stem().string();
      if (path.extension() != ".toml" || !is_name(name) || found.contains(name)) continue;
      ConfigEntry& listed = found[name];
      listed = {name, path.string(), {}, {}};
      const Loaded loaded = load_path(listed.path);
      if (const auto* spec = std::get_if<config::SessionSpec>(&loaded)) {
        listed.description = spec->description;
      } else if (const auto* wrong = std::get_if<config::Diagnostics>(&loaded)) {
        listed.error = wrong->front().to_string();
      } else {
        listed.error = std::get<UnknownConfig>(loaded).message;
      }
    }
  }
  std::vector<ConfigEntry> entries;
  for (auto& [name, entry] : found) entries.push_back(std::move(entry));
  return entries;
}

}  // namespace masterd::daemon
