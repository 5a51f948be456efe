// What a process finds around it: its folder and its environment.
#include <utility>

#include "config/coprocess_sections.h"
#include "config/paths.h"

namespace masterd::config {

namespace {

void read_files(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (scope.mapping != nullptr && scope.mapping->user) {
    table.refuse("env_file", std::string{kNotForOthers});
    return;
  }
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
  read_variables(table, scope, spec.env);
}

}  // namespace masterd::config
