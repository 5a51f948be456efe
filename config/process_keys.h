// process_keys -- the keys that say how a process is launched, shared by coprocesses and the hook.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/toml_reader.h"

namespace masterd::config {

/// `key` as an argv with ${...} expanded: not empty; the program a bare name (PATH is looked up
/// when it is spawned) or an absolute path (a relative one with a slash counts from `dir`).
/// Required.
std::vector<std::string> read_command(TableReader& table, std::string_view key,
                                      const std::filesystem::path& dir);

/// `found` expanded; no NUL. Empty after an error.
std::string read_expanded(TableReader& table, const Text& found, const std::filesystem::path& dir);

}  // namespace masterd::config
