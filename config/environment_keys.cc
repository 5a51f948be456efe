// What a process finds around it: its folder and its environment.
#include <utility>

#include "config/coprocess_sections.h"
#include "config/paths.h"

namespace masterd::config {

namespace {

bool check_variable(TableReader& table, const std::string& name, const Where& where) {
  const bool bad =
      name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos;
  if (bad) table.error(where, fmt::format("'{}' cannot name a variable", shown(name)));
  return !bad;
}

void read_variables(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  const auto variables = table.text_table("env");
  if (!variables) return;
  for (const auto& [name, value] : *variables) {
    if (!check_variable(table, name, value.where)) continue;
    spec.env[name] = read_expanded(table, value, scope).value_or("");
  }
}

void read_files(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  const auto files = table.text_or_texts("env_file");
  if (!files) return;
  spec.env_files.clear();
  for (const Text& file : *files) {
    const bool optional = !file.value.empty() && file.value.front() == '-';
    const Text path{file.value.substr(optional ? 1 : 0), file.where};
    spec.env_files.push_back((optional ? "-" : "") + read_path(table, path, scope));
  }
}

}  // namespace

void read_environment(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (const auto cwd = table.text("cwd")) spec.cwd = read_path(table, *cwd, scope);
  if (const auto clear = table.flag("clear_env")) spec.clear_env = *clear;
  if (const auto unset = table.texts("env_unset")) {
    spec.env_unset.clear();
    for (const Text& name : *unset) {
      if (check_variable(table, name.value, name.where)) spec.env_unset.push_back(name.value);
    }
  }
  read_files(table, scope, spec);
  read_variables(table, scope, spec);
}

}  // namespace masterd::config
