// source_text -- a file's bytes, and what must hold of them before toml++ may see them.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/report.h"

namespace masterd::config {

/// A regular file of at most kMaxFileBytes, never waiting; anything else is refused without being
/// opened: a mere open rewinds a tape, and arms a watchdog.
/// `reader`: a user who must be able to read it as well (readable_by.h). Then every refusal has the
/// same words: that a file is there may be a secret too.
std::optional<std::string> read_source(const std::filesystem::path& path, Report& report,
                                       std::optional<uid_t> reader = {});

/// Size, UTF-8 (RFC 3629), no NUL byte, at most kMaxKeyParts parts in a key. False when an error
/// was reported.
bool check_source(std::string_view text, Report& report);

}  // namespace masterd::config
