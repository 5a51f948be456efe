// daemon_file -- masterd.toml, from text to spec, for whoever wants to go on in spite of its
// faults: to check the sessions as well.
#pragma once

#include <optional>

#include "config/load.h"

namespace masterd::config {

struct DaemonFile {
  /// What is right of it; a key with a fault counts as not given. Nothing: it is no TOML, or cannot
  /// be read.
  std::optional<DaemonSpec> spec;
  Diagnostics wrong;
};

DaemonFile read_daemon_file(const std::filesystem::path& path);

}  // namespace masterd::config
