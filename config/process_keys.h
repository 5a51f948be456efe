// process_keys -- commands, paths and other strings of a table, with ${...} expanded. An error is
// reported at its place.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/expand.h"
#include "config/toml_reader.h"

namespace masterd::config {

/// What the strings of a table are expanded with.
struct Scope {
  std::filesystem::path dir;  // absolute
  unsigned instance = 0;
};

/// `found` expanded; no NUL. Nothing after an error.
std::optional<std::string> read_expanded(TableReader& table, const Text& found, const Scope& scope,
                                         Pid pid = Pid::Unknown);
/// As read_expanded, and neither empty nor with control characters. Empty after an error.
std::string read_word(TableReader& table, const Text& found, const Scope& scope);
/// A path; a relative one counts from the config folder. Empty after an error.
std::string read_path(TableReader& table, const Text& found, const Scope& scope);

/// An argv: not empty; the program a bare name (PATH is looked up when it is spawned) or an
/// absolute path (a relative one with a slash counts from the config folder). Required.
std::vector<std::string> read_argv(TableReader& table, std::string_view key, const Scope& scope,
                                   Pid pid = Pid::Unknown);
std::optional<CommandSpec> read_command(TableReader& table, std::string_view key,
                                        const Scope& scope, Pid pid = Pid::Unknown);
/// Nothing when the key is absent.
std::optional<std::vector<CommandSpec>> read_commands(TableReader& table, std::string_view key,
                                                      const Scope& scope);

}  // namespace masterd::config
