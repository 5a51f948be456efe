#include "proto/endpoint.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace masterd::proto {

std::string choose_endpoint(std::string_view socket_name, const char* given,
                            const char* runtime_dir, uid_t uid) {
  if (given != nullptr && *given != '\0') return given;
  if (uid == 0) return fmt::format("ipc:///run/masterd/{}", socket_name);
  if (runtime_dir != nullptr && *runtime_dir == '/') {
    return fmt::format("ipc://{}/masterd/{}", runtime_dir, socket_name);
  }
  return fmt::format("ipc:///tmp/masterd-{}/{}", uid, socket_name);
}

std::string default_control_endpoint() {
  return choose_endpoint("control.sock", std::getenv("MASTERD_ENDPOINT"),
                         std::getenv("XDG_RUNTIME_DIR"), geteuid());
}

std::string default_events_endpoint() {
  return choose_endpoint("events.sock", std::getenv("MASTERD_EVENTS"),
                         std::getenv("XDG_RUNTIME_DIR"), geteuid());
}

std::string events_beside(const std::string& control) {
  constexpr std::string_view kScheme = "ipc://";
  constexpr std::string_view kControl = "/control.sock";
  const std::string_view text = control;
  if (text.substr(0, kScheme.size()) != kScheme) return {};
  if (text.size() >= kControl.size() && text.substr(text.size() - kControl.size()) == kControl) {
    return fmt::format("{}/events.sock", text.substr(0, text.size() - kControl.size()));
  }
  return control + ".events";
}

}  // namespace masterd::proto
