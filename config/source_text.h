// source_text -- a file's bytes, and what must hold of them before toml++ may see them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/report.h"

namespace masterd::config {

/// A regular file of at most kMaxFileBytes, never waiting (a FIFO is refused, not opened for long).
std::optional<std::string> read_source(const std::filesystem::path& path, Report& report);

/// Size, UTF-8 (RFC 3629), no NUL byte, at most kMaxKeyParts parts in a key. False when an error
/// was reported.
bool check_source(std::string_view text, Report& report);

}  // namespace masterd::config
