// listen_address -- what `ready.listen` says.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <variant>

#include "config/ready_spec.h"

namespace masterd::config {

struct ListenError {
  std::string message;
};

/// "tcp:PORT", "tcp:ADDRESS:PORT" (numeric; IPv6 in brackets), "unix:PATH" (a relative one counts
/// from `dir`), "unix:@NAME".
std::variant<ReadyListen, ListenError> parse_listen(std::string_view text,
                                                    const std::filesystem::path& dir);

}  // namespace masterd::config
