// handlers -- the methods of the table in methods.cc, by theme. Internal to the method part.
#pragma once

#include <optional>

#include "daemon/methods.h"

namespace masterd::daemon {

struct Call {
  const boost::json::object& params;
  Role role;
  Reply reply;
};
/// nullopt: the Reply has been handed on.
using Handled = std::optional<Answer>;

// methods_read.cc
Handled handle_ping(Services& services, Call& call);
Handled handle_discover(Services& services, Call& call);
Handled handle_status(Services& services, Call& call);
Handled handle_list_configs(Services& services, Call& call);
Handled handle_check_config(Services& services, Call& call);
Handled handle_tree(Services& services, Call& call);
Handled handle_logs(Services& services, Call& call);
Handled handle_history(Services& services, Call& call);

// methods_session.cc
Handled handle_set_config(Services& services, Call& call);
Handled handle_end_session(Services& services, Call& call);
Handled handle_shutdown(Services& services, Call& call);

// methods_coprocess.cc
Handled handle_start(Services& services, Call& call);
Handled handle_stop(Services& services, Call& call);
Handled handle_restart(Services& services, Call& call);
Handled handle_rotate_logs(Services& services, Call& call);
Handled handle_signal(Services& services, Call& call);
Handled handle_write_stdin(Services& services, Call& call);
Handled handle_wait(Services& services, Call& call);

// ---- what several of them need (methods.cc) ----

/// How long a slow request may wait unless it says otherwise.
inline constexpr std::chrono::milliseconds kDefaultTimeout{60'000};

/// Hands the reply on. Always nullopt.
Handled later(Services& services, Call& call, std::unique_ptr<SlowRequest> request,
              std::optional<std::chrono::milliseconds> timeout);
proto::Error no_session();
proto::Error unknown_coprocess(const std::string& name);
/// A configuration that cannot be used: bad_config with all diagnostics, or unknown_config.
proto::Error config_error(const Loaded& loaded);
/// Loads params "config" or "text" (exactly one, or an error), if `role` may.
std::variant<config::SessionSpec, proto::Error> load_wanted(const Services& services, Role role,
                                                            const std::optional<std::string>& name,
                                                            const std::optional<std::string>& text);
/// The session's supervisor; nullptr without a session.
supervisor::SupervisorFsm* supervisor_of(Services& services);

}  // namespace masterd::daemon
