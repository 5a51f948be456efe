// profile -- a session file with blanks, which a foreign file (a LinuxCNC .ini) fills.
//
//   PROFILE.toml --read--> Profile --is_for, missing_in--> is FILE one of it?
//                             +------load(FILE)--> SessionSpec
//
// A profile is a session file with a table [profile] that says which files it is for. Its strings
// may speak of the values of such a file; see expand.h. What the file has not is told as a
// diagnostic of that file.
//
// Immutable, cheap to copy, and as load.h: nothing escapes, not on a coroutine's stack.
#pragma once

#include <memory>

#include "config/ini_file.h"
#include "config/load.h"

namespace masterd::config {

struct ProfileOptions {
  /// The number of the user that everything runs as, whatever the profile says, because the file is
  /// theirs and masterd is root. Only for a profile with run_as_owner().
  std::optional<std::string> user;
};

/// What a session is called and said to be.
struct Title {
  std::string name;
  std::string description;
};

class Profile {
 public:
  /// Everything that can be wrong with a profile before it meets a file is told here. `defaults` as
  /// for load_file().
  static std::variant<Profile, Diagnostics> read(const std::filesystem::path& path,
                                                 const CoprocessSpec& defaults = {});
  /// The same for text that is here already; `path` says whose it is.
  static std::variant<Profile, Diagnostics> parse(std::string_view text,
                                                  const std::filesystem::path& path,
                                                  const CoprocessSpec& defaults = {});

  /// The stem of its file.
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& path() const;
  [[nodiscard]] const std::string& description() const;
  [[nodiscard]] bool run_as_owner() const;
  /// Whether files of this name may be its: cheap, nothing is read.
  [[nodiscard]] bool is_for(const std::filesystem::path& file) const;
  /// The first thing that every file of it has and this one has not: "[EMC]MACHINE"; nullopt: it is
  /// one of this profile.
  [[nodiscard]] std::optional<std::string> missing_in(const IniFile& ini) const;
  /// The session of that file; its path is the file's.
  [[nodiscard]] LoadResult load(const IniFile& ini, const ProfileOptions& options = {}) const;
  /// The same without the rest: quick, and right also where something else of the file is missing.
  [[nodiscard]] Title title(const IniFile& ini) const;

 private:
  struct Parts;
  explicit Profile(std::shared_ptr<const Parts> parts) : parts_{std::move(parts)} {}
  std::shared_ptr<const Parts> parts_;
};

/// Reads both.
LoadResult load_profiled(const std::filesystem::path& profile, const std::filesystem::path& file,
                         const ProfileOptions& options = {});

}  // namespace masterd::config
