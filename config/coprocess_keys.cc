#include "config/coprocess_keys.h"

#include <utility>

#include "config/combinations.h"
#include "config/coprocess_sections.h"

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
  draft.requires_ = read_list(table, "requires", scope);
  draft.spec.requires_ = values(draft.requires_);
}

bool is_off(TableReader& table, Scope& scope) {
  const auto when = table.text("when");
  const auto unless = table.text("unless");
  if (when) scope.may_miss |= read_expanded(table, *when, scope) == "";
  if (unless) scope.may_miss |= !read_expanded(table, *unless, scope).value_or("").empty();
  return scope.may_miss;
}

}  // namespace

void read_defaults(TableReader& root, const Scope& scope, CoprocessSpec& spec) {
  auto table = root.table("defaults");
  if (!table) return;
  read_common(*table, scope, spec);
  for (const char* key : {"group", "description", "command", "requires", "when", "unless",
                          "instances", "for_each", "in_order", "undo", "pid_file"}) {
    table->refuse(key, "belongs to one coprocess: it cannot have a default");
  }
  if (table->has_table("output")) {
    TableReader output = *table->table("output");
    output.refuse("file", "belongs to one coprocess: it cannot have a default");
  }
  table->finish();
}

CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, Scope scope) {
  CoprocessDraft draft;
  draft.spec = defaults;
  draft.spec.name = name;
  draft.spec.instance = scope.instance;
  draft.where = table.where();
  draft.off = is_off(table, scope);
  read_membership(table, scope, draft);
  draft.spec.description = read_line(table, "description", scope);
  draft.spec.command = read_argv(table, "command", scope);
  read_common(table, scope, draft.spec);
  if (auto undo = read_command(table, "undo", scope, Pid::Known))
    draft.spec.undo = std::move(*undo);
  if (scope.mapping != nullptr && scope.mapping->user) {
    table.refuse("pid_file", std::string{kNotForOthers});
  } else if (const auto file = table.text("pid_file")) {
    draft.spec.pid_file = read_path(table, *file, scope);
  }
  table.finish();
  if (table.has_table("output")) {
    draft.output_file_where = table.table("output")->where_key("file");
  }
  check_combinations(table, draft.spec);
  return draft;
}

GroupDraft read_group(const std::string& name, TableReader& table, const Scope& scope) {
  GroupDraft draft;
  draft.spec.name = name;
  draft.where = table.where();
  draft.requires_ = read_list(table, "requires", scope);
  draft.spec.requires_ = values(draft.requires_);
  table.finish();
  return draft;
}

}  // namespace masterd::config
