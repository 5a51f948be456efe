// check -- masterd --check: what is wrong with masterd.toml, with the endpoints, with the profiles,
// and with the session that was asked for or all configurations below the configured folders.
#pragma once

#include <string>
#include <vector>

#include "daemon/config_store.h"
#include "daemon/options.h"

namespace masterd::daemon {

/// One line for each thing that is wrong, "file:line:column: key: message"; empty: all is well.
std::vector<std::string> check_settings(const Settings& settings, uid_t uid);
/// The same with what is wrong with masterd.toml; where nothing of it can be used, that alone:
/// where the sessions are stands in it.
std::vector<std::string> check_all(const LoadedSettings& loaded, uid_t uid);

/// The lines of a configuration that did not load; empty when it did.
std::vector<std::string> faults(const Loaded& loaded);

}  // namespace masterd::daemon
