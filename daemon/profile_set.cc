#include "daemon/profile_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "config/report.h"
#include "daemon/trust.h"

namespace masterd::daemon {

namespace fs = std::filesystem;
using config::Diagnostics;

namespace {

std::vector<std::string> profiles_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".toml") found.push_back(entry->path().native());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

ProfileSet::ProfileSet(const std::vector<std::string>& paths, uid_t uid,
                       const config::CoprocessSpec& defaults)
    : paths_{paths}, uid_{uid} {
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      for (const std::string& file : profiles_in(path)) read(file, defaults);
    } else if (fs::exists(path, error)) {
      read(path, defaults);
    }
  }
}

void ProfileSet::read(const std::string& path, const config::CoprocessSpec& defaults) {
  const std::string name = fs::path{path}.stem();
  if (std::find(names_.begin(), names_.end(), name) != names_.end()) return;
  names_.push_back(name);
  Diagnostics wrong = uid_ == 0 ? distrust(path, 0) : Diagnostics{};
  if (wrong.empty()) {
    auto result = config::Profile::read(path, defaults);
    if (auto* profile = std::get_if<config::Profile>(&result)) {
      profiles_.push_back(std::move(*profile));
    } else {
      wrong = std::get<Diagnostics>(std::move(result));
    }
  }
  broken_.insert(broken_.end(), wrong.begin(), wrong.end());
}

bool ProfileSet::takes(const std::string& path) const {
  const fs::path file{path};
  if (file.extension() == ".toml") return false;
  // Without a profile an .ini is no session file either: say what is missing.
  return file.extension() == ".ini" ||
         std::any_of(profiles_.begin(), profiles_.end(),
                     [&](const config::Profile& profile) { return profile.is_for(file); });
}

ProfileSet::Found ProfileSet::find_named(const config::IniValue& name) const {
  std::vector<std::string> known;
  for (const config::Profile& profile : profiles_) {
    if (profile.name() == name.text) return profile;
    known.push_back(profile.name());
  }
  Diagnostics why{
      {name.file, name.line, 0, "[MASTERD]PROFILE",
       fmt::format("there is no profile '{}'; known are: {}", config::shown(name.text),
                   known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")))}};
  why.insert(why.end(), broken_.begin(), broken_.end());
  return why;
}

ProfileSet::Found ProfileSet::find(const config::IniFile& ini) const {
  if (const auto* name = ini.find("MASTERD", "PROFILE")) return find_named(*name);
  std::vector<std::string> tried;
  for (const config::Profile& profile : profiles_) {
    if (!profile.is_for(ini.path())) continue;
    const auto missing = profile.missing_in(ini);
    if (!missing) return profile;
    tried.push_back(fmt::format("{}: {} is missing", profile.name(), *missing));
  }
  NoProfile none;
  const std::string reason =
      tried.empty()
          ? fmt::format("none of {} is for such a name",
                        paths_.empty() ? "no folder" : fmt::format("{}", fmt::join(paths_, ", ")))
          : fmt::format("{}", fmt::join(tried, "; "));
  none.why.push_back({ini.path(), 0, 0, "", "no profile is for this file: " + reason});
  none.why.insert(none.why.end(), broken_.begin(), broken_.end());
  return none;
}

std::variant<ProfileSet::Mapped, ProfileSet::NoProfile, Diagnostics> ProfileSet::map(
    const std::string& path) const {
  const uid_t owner = uid_ == 0 ? owner_of(path) : 0;
  if (uid_ == 0) {
    Diagnostics wrong = distrust(path, owner);
    if (!wrong.empty()) return wrong;
  }
  std::optional<uid_t> reader;
  if (owner != 0) reader = owner;
  auto read = config::IniFile::read(path, reader);
  if (auto* wrong = std::get_if<Diagnostics>(&read)) return std::move(*wrong);
  auto& ini = std::get<config::IniFile>(read);
  Found found = find(ini);
  if (auto* none = std::get_if<NoProfile>(&found)) return std::move(*none);
  if (auto* wrong = std::get_if<Diagnostics>(&found)) return std::move(*wrong);
  auto& profile = std::get<config::Profile>(found);
  config::ProfileOptions options;
  if (owner != 0) {
    if (!profile.run_as_owner()) return distrust(path, 0);
    options.user = std::to_string(owner);
  }
  return Mapped{std::move(ini), std::move(profile), std::move(options)};
}

}  // namespace masterd::daemon
