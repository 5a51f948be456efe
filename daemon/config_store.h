// config_store -- from what an operator calls a configuration to a valid session spec.
//
//   NAME             DIR/NAME.toml in the first configured folder that has it; else the one
//                    configuration below these folders whose session is called so; else the one
//                    whose file is (its stem)
//   /ABSOLUTE/PATH   that file: a session file, or one that a profile maps (profile_set.h)
//   text             inline; ${config.dir} and relative paths count from /
//
// What none of them says for its coprocesses, the [defaults] of masterd.toml do.
//
// A daemon that runs as root refuses files that others may change (trust.h). Reads files when
// asked, remembers nothing. Not on a coroutine's stack (config/load.h).
#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "config/load.h"
#include "daemon/config_list.h"

namespace masterd::daemon {

/// There is no configuration of that name, or it is no name and no absolute path.
struct UnknownConfig {
  std::string message;
};
/// Several are called so.
struct AmbiguousConfig {
  std::string message;
  std::vector<std::string> paths;
};
using Loaded =
    std::variant<config::SessionSpec, config::Diagnostics, UnknownConfig, AmbiguousConfig>;

/// Why it was not loaded, in one line. REQUIRES: it was not.
std::string first_fault(const Loaded& loaded);

class ConfigStore {
 public:
  /// `dirs` and `profiles` (see ProfileSet) are absolute; they need not exist. `uid` is the
  /// daemon's user, `defaults` its [defaults] (DaemonSpec).
  ConfigStore(std::vector<std::string> dirs, uid_t uid, std::vector<std::string> profiles = {},
              config::CoprocessSpec defaults = {});

  [[nodiscard]] Loaded load(const std::string& name_or_path) const;
  [[nodiscard]] Loaded load_path(const std::string& path) const;
  [[nodiscard]] Loaded load_session_file(const std::string& path) const;
  [[nodiscard]] Loaded load_text(const std::string& text) const;
  /// All at once; see config_list.h.
  [[nodiscard]] std::vector<ConfigEntry> list() const;
  /// True for what load() looks up in the configured folders.
  [[nodiscard]] static bool is_name(const std::string& name_or_path);
  /// True for a name, and for a path below a configured folder once links to folders and ".." are
  /// resolved: what an operator may pick.
  [[nodiscard]] bool is_configured(const std::string& name_or_path) const;

  [[nodiscard]] const std::vector<std::string>& dirs() const { return dirs_; }
  /// As they are now.
  [[nodiscard]] ProfileSet profiles() const { return {profiles_, uid_, defaults_}; }

 private:
  [[nodiscard]] Loaded load_listed(const std::string& name) const;

  std::vector<std::string> dirs_;
  uid_t uid_;
  std::vector<std::string> profiles_;
  config::CoprocessSpec defaults_;
};

}  // namespace masterd::daemon
