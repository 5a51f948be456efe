#include "config/coprocess_keys.h"

#include <utility>

#include "config/combinations.h"
#include "config/coprocess_sections.h"
#include "config/paths.h"

namespace masterd::config {

namespace {

// The keys that [defaults] has too.
void read_common(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (auto v = table.choice<Kind>(
          "type",
          {{"simple", Kind::Simple}, {"oneshot", Kind::Oneshot}, {"forking", Kind::Forking}})) {
    spec.kind = *v;
  }
  read_environment(table, scope, spec);
  read_life(table, scope, spec);
  read_readiness(table, scope, spec);
  read_streams(table, scope, spec);
  read_attributes(table, scope, spec);
}

std::vector<std::string> values(const std::vector<Text>& texts) {
  std::vector<std::string> found;
  for (const Text& text : texts) found.push_back(text.value);
  return found;
}

void read_membership(TableReader& table, const Scope& scope, CoprocessDraft& draft) {
  if (auto group = table.text("group")) {
    draft.group_where = group->where;
    const auto name = read_expanded(table, *group, scope);
    if (name && valid_name(*name)) {
      draft.spec.group = *name;
    } else if (name) {
      table.error(group->where,
                  fmt::format("'{}' is not a name ([A-Za-z0-9_-], 1 to 64 of them)", shown(*name)));
    }
  }
  draft.requires_ = table.texts("requires").value_or(std::vector<Text>{});
  for (Text& name : draft.requires_) {
    if (auto expanded = read_expanded(table, name, scope)) name.value = std::move(*expanded);
  }
  draft.spec.requires_ = values(draft.requires_);
}

std::string read_description(TableReader& table, const Scope& scope) {
  const auto found = table.text("description");
  return found && !found->value.empty() ? read_word(table, *found, scope) : std::string{};
}

}  // namespace

CoprocessSpec read_defaults(TableReader& table, const Scope& scope) {
  CoprocessSpec spec;
  spec.cwd = absolute_path("", scope.dir);
  read_common(table, scope, spec);
  for (const char* key :
       {"group", "description", "command", "requires", "when", "instances", "undo", "pid_file"}) {
    table.refuse(key, "belongs to one coprocess: it cannot have a default");
  }
  if (table.has_table("output")) {
    TableReader output = *table.table("output");
    output.refuse("file", "belongs to one coprocess: it cannot have a default");
  }
  table.finish();
  return spec;
}

CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, const Scope& scope) {
  CoprocessDraft draft;
  draft.spec = defaults;
  draft.spec.name = name;
  draft.spec.instance = scope.instance;
  draft.where = table.where();
  read_membership(table, scope, draft);
  draft.spec.description = read_description(table, scope);
  draft.spec.command = read_argv(table, "command", scope);
  if (const auto when = table.text("when")) draft.off = read_expanded(table, *when, scope) == "";
  read_common(table, scope, draft.spec);
  if (auto undo = read_command(table, "undo", scope, Pid::Known))
    draft.spec.undo = std::move(*undo);
  if (const auto file = table.text("pid_file"))
    draft.spec.pid_file = read_path(table, *file, scope);
  table.finish();
  if (table.has_table("output")) {
    draft.output_file_where = table.table("output")->where_key("file");
  }
  check_combinations(table, draft.spec);
  return draft;
}

GroupDraft read_group(const std::string& name, TableReader& table) {
  GroupDraft draft;
  draft.spec.name = name;
  draft.where = table.where();
  draft.requires_ = table.texts("requires").value_or(std::vector<Text>{});
  draft.spec.requires_ = values(draft.requires_);
  table.finish();
  return draft;
}

}  // namespace masterd::config
