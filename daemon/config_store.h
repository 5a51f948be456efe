// config_store -- from what an operator calls a configuration to a valid session spec.
//
//   NAME (no slash, no .toml)   DIR/NAME.toml in the first configured folder that has it
//   /ABSOLUTE/PATH              that file
//   text                        inline; ${config.dir} and relative paths count from /
//
// A daemon that runs as root refuses files that others may write: who can edit the file could run
// anything as root. Reads files when asked, remembers nothing. Not on a coroutine's stack
// (config/load.h).
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "config/load.h"

namespace masterd::daemon {

/// There is no configuration of that name, or it is no name and no absolute path.
struct UnknownConfig {
  std::string message;
};
using Loaded = std::variant<config::SessionSpec, config::Diagnostics, UnknownConfig>;

/// One configuration that can be picked by name.
struct ConfigEntry {
  std::string name;
  std::string path;
  std::string description;
  std::optional<std::string> error;  // the first diagnostic
};

class ConfigStore {
 public:
  /// `dirs` are absolute; they need not exist. `uid` is the daemon's user.
  ConfigStore(std::vector<std::string> dirs, uid_t uid);

  [[nodiscard]] Loaded load(const std::string& name_or_path) const;
  [[nodiscard]] Loaded load_path(const std::string& path) const;
  [[nodiscard]] static Loaded load_text(const std::string& text);
  /// By name, sorted; of two files with one name the first folder's counts.
  [[nodiscard]] std::vector<ConfigEntry> list() const;
  /// True for what load() looks up in the configured folders.
  [[nodiscard]] static bool is_name(const std::string& name_or_path);

 private:
  std::vector<std::string> dirs_;
  uid_t uid_;
};

}  // namespace masterd::daemon
