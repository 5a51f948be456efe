// endpoint -- the default endpoints, by the environment. Shared by the daemon and every client.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

namespace masterd::proto {

/// $MASTERD_ENDPOINT, else ipc:///run/masterd/control.sock for root, else
/// ipc://$XDG_RUNTIME_DIR/masterd/control.sock, else ipc:///tmp/masterd-UID/control.sock.
/// Root is the effective user. A variable that is set but empty counts as unset, and so does a
/// relative XDG_RUNTIME_DIR (the XDG base directory specification says to ignore one).
std::string default_control_endpoint();
/// The same with $MASTERD_EVENTS and events.sock. Where only the control endpoint is given as ipc
/// PATH, see events_beside().
std::string default_events_endpoint();
/// "ipc:///dir/control.sock" -> "ipc:///dir/events.sock"; other ipc paths get ".events" appended;
/// empty for every other transport.
std::string events_beside(const std::string& control);

/// The rule behind both defaults. `given` and `runtime_dir` are the variables' values; null when
/// unset.
std::string choose_endpoint(std::string_view socket_name, const char* given,
                            const char* runtime_dir, uid_t uid);

}  // namespace masterd::proto
