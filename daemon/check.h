// check -- masterd --check: what is wrong with the endpoints, and with the session that was asked
// for or all sessions of the configured folders.
#pragma once

#include <string>
#include <vector>

#include "daemon/config_store.h"
#include "daemon/options.h"

namespace masterd::daemon {

/// One line for each thing that is wrong, "file:line:column: key: message"; empty: all is well.
std::vector<std::string> check_settings(const Settings& settings, uid_t uid);

/// The lines of a configuration that did not load; empty when it did.
std::vector<std::string> faults(const Loaded& loaded);

}  // namespace masterd::daemon
