// process_keys -- commands, paths and other strings of a table, with ${...} expanded. An error is
// reported at its place.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/expand.h"
#include "config/toml_reader.h"

namespace masterd::config {

/// Of files that masterd itself would read or write for a user who owns their folder.
inline constexpr std::string_view kNotForOthers =
    "masterd would open it as root, in a folder of another user; let the program do it";

/// What the strings of a table are expanded with.
struct Scope {
  std::filesystem::path dir;   // absolute
  std::string file;            // absolute; empty: the text is no file
  Mapping* mapping = nullptr;  // null: no profile
  /// Of one coprocess; see Expansion.
  unsigned instance = 0;
  bool for_each = false;
  const std::string* item = nullptr;
  /// It is left out, or nothing is known yet: a value that is not there is not needed.
  bool may_miss = false;
};

/// `found` expanded; no NUL. Nothing after an error, and nothing where a value is not there that is
/// not needed.
std::optional<std::string> read_expanded(TableReader& table, const Text& found, const Scope& scope,
                                         Pid pid = Pid::Unknown);
/// As read_expanded, and neither empty nor with control characters. Empty where that gives nothing.
std::string read_word(TableReader& table, const Text& found, const Scope& scope);
/// One line of text for people, which may be empty. What a profile makes of foreign values is made
/// presentable.
std::string read_line(TableReader& table, std::string_view key, const Scope& scope);
/// A path; a relative one counts from the config folder. Empty where read_expanded gives nothing.
std::string read_path(TableReader& table, const Text& found, const Scope& scope);
/// An array of strings; empty when the key is absent.
std::vector<Text> read_list(TableReader& table, std::string_view key, const Scope& scope);
/// False when `name`, at `where`, can name no variable, which is reported.
bool check_variable(TableReader& table, const std::string& name, const Where& where);
/// The variables of `env`, into those that were said before.
void read_variables(TableReader& table, const Scope& scope,
                    std::map<std::string, std::string>& variables);
/// The user by name or number; nothing when it is not said.
std::optional<std::string> read_user(TableReader& table, const Scope& scope);

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
