#include "config/process_keys.h"

#include <algorithm>
#include <utility>

#include "config/paths.h"
#include "config/utf8.h"

namespace masterd::config {

namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

// What is not in the foreign file is for its owner to add: the message is about that file. (Where
// it has includes the section may stand in another, and so may its line.)
void report_missing(TableReader& table, const Where& where, const IniName& name,
                    const IniFile& ini) {
  table.report().error_in(ini.path(), {ini.line_of_section(name.section), 0, name.to_string()},
                          fmt::format("is missing: the profile needs it ({}:{}: {})",
                                      table.report().file(), where.line, where.key));
}

std::vector<std::string> expand_argv(TableReader& table, const Where& where,
                                     const std::vector<Text>& found, const Scope& scope, Pid pid) {
  if (found.empty()) {
    table.error(where, "an empty command; expected the program and its arguments");
    return {};
  }
  std::vector<std::string> argv;
  for (const Text& argument : found) {
    const auto expanded = read_expanded(table, argument, scope, pid);
    const bool program = argv.empty();
    if (program && expanded && expanded->empty()) {
      table.error(argument.where, "the program is an empty string");
    }
    argv.push_back(expanded.value_or(""));
  }
  std::string& program = argv.front();
  if (program.find('/') != std::string::npos) program = absolute_path(program, scope.dir);
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
  auto expanded = expand(found.value, {scope.dir.native(), scope.file, scope.mapping,
                                       scope.instance, scope.for_each, scope.item, pid});
  if (const auto* error = std::get_if<ExpandError>(&expanded)) {
    table.error(found.where, error->message);
    return std::nullopt;
  }
  if (const auto* missing = std::get_if<MissingValue>(&expanded)) {
    if (!scope.may_miss) report_missing(table, found.where, missing->name, *scope.mapping->ini);
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
  const auto value = read_expanded(table, found, scope);
  if (value && value->empty()) table.error(found.where, "an empty string");
  if (!value || !has_control(*value)) return value.value_or("");
  table.error(found.where, "a control character; expected one line of text");
  return {};
}

std::string read_line(TableReader& table, std::string_view key, const Scope& scope) {
  const auto found = table.text(key);
  if (!found) return {};
  std::string line = read_expanded(table, *found, scope).value_or("");
  if (scope.mapping != nullptr) return presentable(line);
  if (!has_control(line)) return line;
  table.error(found->where, "a control character; expected one line of text");
  return {};
}

std::string read_path(TableReader& table, const Text& found, const Scope& scope) {
  const auto path = read_expanded(table, found, scope);
  if (path && path->empty()) table.error(found.where, "an empty path");
  return path ? absolute_path(*path, scope.dir) : std::string{};
}

std::vector<Text> read_list(TableReader& table, std::string_view key, const Scope& scope) {
  std::vector<Text> list;
  for (const Text& found : table.texts(key).value_or(std::vector<Text>{})) {
    if (auto value = read_expanded(table, found, scope)) {
      list.push_back({std::move(*value), found.where});
    }
  }
  return list;
}

bool check_variable(TableReader& table, const std::string& name, const Where& where) {
  const bool bad =
      name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos;
  if (bad) table.error(where, fmt::format("'{}' cannot name a variable", shown(name)));
  return !bad;
}

void read_variables(TableReader& table, const Scope& scope,
                    std::map<std::string, std::string>& variables) {
  const auto found = table.text_table("env");
  if (!found) return;
  for (const auto& [name, value] : *found) {
    if (check_variable(table, name, value.where)) {
      variables[name] = read_expanded(table, value, scope).value_or("");
    }
  }
}

std::optional<std::string> read_user(TableReader& table, const Scope& scope) {
  if (scope.mapping != nullptr && scope.mapping->run_as_owner) {
    table.refuse("user", "this profile runs everything as the owner of the file (run_as_owner)");
    return scope.mapping->user;
  }
  const auto user = table.text("user");
  if (!user) return std::nullopt;
  return read_word(table, *user, scope);
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
