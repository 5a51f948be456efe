#include "config/process_keys.h"

#include <algorithm>
#include <utility>

#include "config/paths.h"

namespace masterd::config {

namespace {

std::vector<std::string> expand_argv(TableReader& table, const Where& where,
                                     const std::vector<Text>& found, const Scope& scope, Pid pid) {
  if (found.empty()) {
    table.error(where, "an empty command; expected the program and its arguments");
    return {};
  }
  std::vector<std::string> argv;
  for (const Text& argument : found) {
    argv.push_back(read_expanded(table, argument, scope, pid).value_or(""));
  }
  std::string& program = argv.front();
  if (found.front().value.empty()) {
    table.error(found.front().where, "the program is an empty string");
  } else if (program.find('/') != std::string::npos) {
    program = absolute_path(program, scope.dir);
  }
  return argv;
}

CommandSpec expand_command(TableReader& table, const CommandText& found, const Scope& scope,
                           Pid pid) {
  CommandSpec command;
  command.argv = expand_argv(table, found.where, found.argv, scope, pid);
  if (found.timeout) command.timeout = *found.timeout;
  return command;
}

}  // namespace

std::optional<std::string> read_expanded(TableReader& table, const Text& found, const Scope& scope,
                                         Pid pid) {
  auto expanded = expand(found.value, {scope.dir.native(), scope.instance, pid});
  if (const auto* error = std::get_if<ExpandError>(&expanded)) {
    table.error(found.where, error->message);
    return std::nullopt;
  }
  auto& value = std::get<std::string>(expanded);
  // TOML may write one as \u0000; execve(2) would end the string there.
  if (value.find('\0') != std::string::npos) {
    table.error(found.where, "a NUL character");
    return std::nullopt;
  }
  return std::move(value);
}

std::string read_word(TableReader& table, const Text& found, const Scope& scope) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (found.value.empty()) {
    table.error(found.where, "an empty string");
    return {};
  }
  std::string value = read_expanded(table, found, scope).value_or("");
  if (!std::any_of(value.begin(), value.end(), is_control)) return value;
  table.error(found.where, "a control character; expected one line of text");
  return {};
}

std::string read_path(TableReader& table, const Text& found, const Scope& scope) {
  if (found.value.empty()) {
    table.error(found.where, "an empty path");
    return {};
  }
  const auto path = read_expanded(table, found, scope);
  return path ? absolute_path(*path, scope.dir) : std::string{};
}

std::vector<std::string> read_argv(TableReader& table, std::string_view key, const Scope& scope,
                                   Pid pid) {
  if (const auto found = table.texts(key)) {
    return expand_argv(table, table.where_key(key), *found, scope, pid);
  }
  if (!table.has(key)) table.error(table.where(), fmt::format("'{}' is missing", key));
  return {};
}

std::optional<CommandSpec> read_command(TableReader& table, std::string_view key,
                                        const Scope& scope, Pid pid) {
  const auto found = table.command(key);
  if (!found) return std::nullopt;
  return expand_command(table, *found, scope, pid);
}

std::optional<std::vector<CommandSpec>> read_commands(TableReader& table, std::string_view key,
                                                      const Scope& scope) {
  const auto found = table.commands(key);
  if (!found) return std::nullopt;
  std::vector<CommandSpec> commands;
  for (const CommandText& command : *found) {
    commands.push_back(expand_command(table, command, scope, Pid::Unknown));
  }
  return commands;
}

}  // namespace masterd::config
