#include "config/process_keys.h"

#include "config/expand.h"
#include "config/paths.h"

namespace masterd::config {

std::string read_expanded(TableReader& table, const Text& found, const std::filesystem::path& dir) {
  const auto expanded = expand(found.value, dir.native());
  if (const auto* error = std::get_if<ExpandError>(&expanded)) {
    table.error(found.where, error->message);
    return {};
  }
  const auto& value = std::get<std::string>(expanded);
  // TOML may write one as \u0000; execve(2) would end the string there.
  if (value.find('\0') != std::string::npos) {
    table.error(found.where, "a NUL character");
    return {};
  }
  return value;
}

std::vector<std::string> read_command(TableReader& table, std::string_view key,
                                      const std::filesystem::path& dir) {
  const auto found = table.texts(key);
  if (!found) {
    if (!table.has(key)) table.error(table.where(), fmt::format("'{}' is missing", key));
    return {};
  }
  if (found->empty()) {
    table.error(table.where_key(key), "an empty command; expected the program and its arguments");
    return {};
  }
  std::vector<std::string> argv;
  for (const Text& argument : *found) argv.push_back(read_expanded(table, argument, dir));
  std::string& program = argv.front();
  if (found->front().value.empty()) {
    table.error(found->front().where, "the program is an empty string");
  } else if (program.find('/') != std::string::npos) {
    program = absolute_path(program, dir);
  }
  return argv;
}

}  // namespace masterd::config
