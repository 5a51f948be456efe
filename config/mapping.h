// mapping -- what the strings of a profile may speak of besides those of any session file: the
// values of the foreign file, and where both files are. Made for one load; see profile.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/ini_file.h"

namespace masterd::config {

/// "SECTION:KEY" or "SECTION" as a profile writes them.
struct IniName {
  std::string section;
  std::string key;  // empty: the section as such
  /// "[SECTION]KEY", as people call it.
  [[nodiscard]] std::string to_string() const { return "[" + section + "]" + key; }
};

struct Mapping {
  /// None: only the profile itself is looked at, and no value is known.
  const IniFile* ini = nullptr;
  std::string ini_path;     // ${ini.path}
  std::string profile_dir;  // ${profile.dir}
  bool run_as_owner = false;
  /// Everything runs as this user: the foreign file is theirs, and masterd is root.
  std::optional<std::string> user;
  /// Of values that were put into strings, so far. One value may be used very often.
  std::size_t inserted = 0;

  [[nodiscard]] const IniValue* find(const IniName& name) const {
    return ini == nullptr ? nullptr : ini->find(name.section, name.key);
  }
};

}  // namespace masterd::config
