#include "config/session_keys.h"

#include <utility>

#include "config/names.h"

namespace masterd::config {

namespace {

constexpr std::string_view kNameForm = "([A-Za-z0-9_-], 1 to 64 of them)";

// A machine is called as its owner likes; as a session it has a name that can be typed.
void name_by_profile(TableReader& root, const std::optional<std::string>& given,
                     const std::string& stem, SessionSpec& spec) {
  spec.name = make_name(given.value_or(""));
  if (spec.name.empty()) spec.name = make_name(stem);
  if (spec.name.empty()) {
    root.error({0, 0, "session.name"}, fmt::format("neither the profile's name nor the file's stem "
                                                   "'{}' makes a name {}",
                                                   shown(stem), kNameForm));
  }
}

}  // namespace

void read_session(TableReader& root, const std::filesystem::path& file, const Scope& scope,
                  SessionSpec& spec) {
  const std::string stem = file.stem().native();
  auto table = root.table("session");
  std::optional<Text> name;
  std::optional<std::string> given;
  if (table) {
    name = table->text("name");
    if (name) given = read_expanded(*table, *name, scope);
    spec.description = read_line(*table, "description", scope);
    spec.fail_safe = read_command(*table, "fail_safe", scope);
    spec.before = read_commands(*table, "before", scope).value_or(std::vector<CommandSpec>{});
    spec.after = read_commands(*table, "after", scope).value_or(std::vector<CommandSpec>{});
    if (auto user = read_user(*table, scope)) spec.user = std::move(*user);
    read_variables(*table, scope, spec.env);
    table->finish();
  } else if (scope.mapping != nullptr && scope.mapping->user) {
    spec.user = *scope.mapping->user;
  }
  if (scope.mapping != nullptr) return name_by_profile(root, given, stem, spec);
  if (table && table->has("name") && !given) return;
  spec.name = given.value_or(stem);
  if (valid_name(spec.name)) return;
  if (given) {
    root.error(name->where, fmt::format("'{}' is not a name {}", shown(spec.name), kNameForm));
  } else {
    root.error({0, 0, "session.name"}, fmt::format("is missing, and the file's stem '{}' is not a "
                                                   "name {}",
                                                   shown(spec.name), kNameForm));
  }
}

}  // namespace masterd::config
