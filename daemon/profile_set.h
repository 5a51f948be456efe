// profile_set -- the profiles of a daemon, as they are now, and which of them a foreign file is of.
//
//   [MASTERD]PROFILE of the file names one; else the first counts, in the order of the configured
//   paths, whose patterns match the file's name and whose `detect` finds all that it looks for.
//
// Of two profiles with one name the first counts: /etc overrides what is shipped. A daemon of root
// uses profiles that nobody else may change, and a file of another user only by a profile that runs
// everything as that user (run_as_owner). Files are read as that user, see config/readable_by.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "config/profile.h"

namespace masterd::daemon {

class ProfileSet {
 public:
  /// A foreign file with its profile.
  struct Mapped {
    config::IniFile ini;
    config::Profile profile;
    config::ProfileOptions options;
    [[nodiscard]] config::LoadResult load() const { return profile.load(ini, options); }
    [[nodiscard]] config::Title title() const { return profile.title(ini); }
  };
  /// No profile is for the file; says for each what was missing.
  struct NoProfile {
    config::Diagnostics why;
  };

  /// Reads the profiles at `paths`: each *.toml of a folder, sorted, or a file. `uid` is the
  /// daemon's user, `defaults` its [defaults].
  ProfileSet(const std::vector<std::string>& paths, uid_t uid,
             const config::CoprocessSpec& defaults = {});

  /// Whether a file of this name is mapped, rather than a session file: not for *.toml.
  [[nodiscard]] bool takes(const std::string& path) const;
  [[nodiscard]] std::variant<Mapped, NoProfile, config::Diagnostics> map(
      const std::string& path) const;
  /// What is wrong with profiles that cannot be used.
  [[nodiscard]] const config::Diagnostics& broken() const { return broken_; }

 private:
  using Found = std::variant<config::Profile, NoProfile, config::Diagnostics>;

  void read(const std::string& path, const config::CoprocessSpec& defaults);
  [[nodiscard]] Found find(const config::IniFile& ini) const;
  [[nodiscard]] Found find_named(const config::IniValue& name) const;

  std::vector<std::string> paths_;
  uid_t uid_;
  std::vector<config::Profile> profiles_;
  std::vector<std::string> names_;  // of all, the broken ones too
  config::Diagnostics broken_;
};

}  // namespace masterd::daemon
