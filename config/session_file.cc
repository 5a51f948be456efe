// The whole of a session file, from text to spec.
#include <algorithm>
#include <set>
#include <tuple>

#include "config/coprocess_keys.h"
#include "config/dependencies.h"
#include "config/load.h"
#include "config/paths.h"
#include "config/source_text.h"
#include "config/toml_reader.h"

namespace masterd::config {

namespace {

using std::filesystem::path;

void read_session(TableReader& root, const std::string& origin, SessionSpec& spec) {
  spec.name = path{origin}.stem().native();
  auto table = root.table("session");
  std::optional<Text> name;
  if (table) {
    name = table->text("name");
    if (name) spec.name = name->value;
    spec.description = table->line("description");
    table->finish();
  }
  if (valid_name(spec.name) || (table && table->has("name") && !name)) return;
  if (name) {
    root.error(name->where, fmt::format("'{}' is not a name ([A-Za-z0-9_-], 1 to 64 of them)",
                                        shown(spec.name)));
  } else {
    root.error({0, 0, "session.name"},
               fmt::format("is missing, and the file's stem '{}' is not a name "
                           "([A-Za-z0-9_-], 1 to 64 of them)",
                           shown(spec.name)));
  }
}

void check_name(const std::string& name, TableReader& table) {
  if (valid_name(name)) return;
  table.error(table.where(),
              fmt::format("'{}' is not a name ([A-Za-z0-9_-], 1 to 64 of them)", shown(name)));
}

void add_implicit_groups(const std::vector<CoprocessDraft>& coprocesses,
                         std::vector<GroupDraft>& groups) {
  std::set<std::string> known{""};
  for (const GroupDraft& g : groups) known.insert(g.spec.name);
  for (const CoprocessDraft& c : coprocesses) {
    if (known.insert(c.spec.group).second) {
      groups.push_back({GroupSpec{c.spec.group, {}}, c.group_where, {}});
    }
  }
  std::stable_sort(groups.begin(), groups.end(), [](const GroupDraft& a, const GroupDraft& b) {
    return std::tie(a.where.line, a.where.column) < std::tie(b.where.line, b.where.column);
  });
}

// What a group requires becomes a requirement of each member, so that nobody after the loader has
// to know about inheritance.
void inherit(const std::vector<GroupDraft>& groups, CoprocessSpec& coprocess) {
  const auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupDraft& g) {
    return g.spec.name == coprocess.group;
  });
  if (group == groups.end()) return;
  std::set<std::string> own{coprocess.requires_.begin(), coprocess.requires_.end()};
  for (const std::string& name : group->spec.requires_) {
    if (own.insert(name).second) coprocess.requires_.push_back(name);
  }
}

std::optional<SessionSpec> read_document(const toml::table& document, const std::string& origin,
                                         const path& dir, Report& report) {
  TableReader root{document, {1, 1, ""}, report};
  SessionSpec spec;
  read_session(root, origin, spec);
  const toml::table none;
  TableReader no_defaults{none, {}, report};
  auto defaults_table = root.table("defaults");
  const CoprocessSpec defaults = read_defaults(defaults_table ? *defaults_table : no_defaults, dir);

  std::vector<GroupDraft> groups;
  for (auto& [name, table] : root.named_tables("group")) {
    check_name(name, table);
    groups.push_back(read_group(name, table));
  }
  std::vector<CoprocessDraft> coprocesses;
  for (auto& [name, table] : root.named_tables("coprocess")) {
    check_name(name, table);
    coprocesses.push_back(read_coprocess(name, defaults, table, dir));
  }
  root.finish();
  const auto* table = document.get_as<toml::table>("coprocess");
  if (!root.has("coprocess") || (table != nullptr && table->empty())) {
    report.error({0, 0, "coprocess"}, "a session needs at least one coprocess");
  }

  add_implicit_groups(coprocesses, groups);
  if (groups.size() + coprocesses.size() > kMaxNames) {
    report.error({0, 0, "coprocess"}, fmt::format("{} coprocesses and groups; at most {} together",
                                                  groups.size() + coprocesses.size(), kMaxNames));
    return std::nullopt;  // what follows is bounded by that number
  }
  check_dependencies(groups, coprocesses, report);
  if (!report.empty()) return std::nullopt;

  for (CoprocessDraft& draft : coprocesses) {
    inherit(groups, draft.spec);
    spec.coprocesses.push_back(std::move(draft.spec));
  }
  for (GroupDraft& draft : groups) spec.groups.push_back(std::move(draft.spec));
  return spec;
}

}  // namespace

LoadResult load_text(std::string_view text, const std::string& origin, const path& dir) {
  Report report{origin};
  if (check_source(text, report)) {
    if (const auto document = parse_toml(text, report)) {
      if (auto spec = read_document(*document, origin, absolute_folder(dir), report)) {
        return std::move(*spec);
      }
    }
  }
  return report.take();
}

LoadResult load_file(const path& file) {
  Report report{file.native()};
  const auto text = read_source(file, report);
  if (!text) return report.take();
  LoadResult result = load_text(*text, file.native(), file.parent_path());
  if (auto* spec = std::get_if<SessionSpec>(&result)) {
    spec->path = (absolute_folder(file.parent_path()) / file.filename()).native();
  }
  return result;
}

}  // namespace masterd::config
