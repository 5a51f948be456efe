#include "config/session_document.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "config/coprocess_keys.h"
#include "config/dependencies.h"
#include "config/instances.h"
#include "config/paths.h"
#include "config/session_keys.h"

namespace masterd::config {

namespace {

using std::filesystem::path;

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

struct Drafts {
  std::vector<GroupDraft> groups;
  std::vector<CoprocessDraft> coprocesses;
  bool complete = true;  // false: there are too many of them, which is reported
};

Drafts read_drafts(TableReader& root, const Scope& scope, const CoprocessSpec& outer,
                   Report& report) {
  CoprocessSpec defaults = outer;
  if (defaults.cwd.empty()) defaults.cwd = absolute_path("", scope.dir);
  read_defaults(root, scope, defaults);

  Drafts drafts;
  for (auto& [name, table] : root.named_tables("group")) {
    check_name(name, table);
    drafts.groups.push_back(read_group(name, table, scope));
  }
  std::size_t wanted = drafts.groups.size();
  std::size_t bytes = 0;
  for (auto& [name, table] : root.named_tables("coprocess")) {
    check_name(name, table);
    wanted += read_instances(name, defaults, table, scope, bytes, drafts.coprocesses);
  }
  if (!root.has("coprocess") || (root.has_table("coprocess") && root.table("coprocess")->empty())) {
    report.error({0, 0, "coprocess"}, "a session needs at least one coprocess");
  }
  if (wanted > kMaxNames) {
    report.error({0, 0, "coprocess"},
                 fmt::format("{} coprocesses and groups; at most {} together", wanted, kMaxNames));
    drafts.complete = false;
  } else if (bytes > kMaxExpandedBytes) {
    report.error({0, 0, "coprocess"},
                 fmt::format("with its defaults and instances the text is more than {} MiB",
                             kMaxExpandedBytes / (1024 * 1024)));
    drafts.complete = false;
  }
  return drafts;
}

// False when what the names stand for, written out, is too much.
bool take_coprocesses(Drafts& drafts, SessionSpec& spec, Report& report) {
  std::size_t requirements = 0;
  for (CoprocessDraft& draft : drafts.coprocesses) {
    inherit(drafts.groups, draft.spec);
    requirements += draft.spec.requires_.size();
    if (requirements > kMaxRequirements) {
      report.error({0, 0, "coprocess"},
                   fmt::format("more than {} requirements between the coprocesses; require a group "
                               "instead of its members",
                               kMaxRequirements));
      return false;
    }
    spec.coprocesses.push_back(std::move(draft.spec));
  }
  for (GroupDraft& draft : drafts.groups) spec.groups.push_back(std::move(draft.spec));
  return true;
}

}  // namespace

std::optional<SessionSpec> read_document(TableReader& root, const path& file, const Scope& scope,
                                         const CoprocessSpec& outer, Report& report) {
  SessionSpec spec;
  read_session(root, file, scope, spec);
  Drafts drafts = read_drafts(root, scope, outer, report);
  root.finish();
  if (!drafts.complete) return std::nullopt;

  add_implicit_groups(drafts.coprocesses, drafts.groups);
  if (drafts.groups.size() + drafts.coprocesses.size() > kMaxNames) {
    report.error({0, 0, "coprocess"},
                 fmt::format("{} coprocesses and groups; at most {} together",
                             drafts.groups.size() + drafts.coprocesses.size(), kMaxNames));
    return std::nullopt;  // what follows is bounded by that number
  }
  check_dependencies(drafts.groups, drafts.coprocesses, report);
  check_output_files(drafts.coprocesses, report);
  if (!report.empty() || scope.may_miss) return std::nullopt;

  settle(drafts.groups, drafts.coprocesses);
  if (drafts.coprocesses.empty()) {
    report.error({0, 0, "coprocess"}, "each coprocess is switched off");
    return std::nullopt;
  }
  if (!take_coprocesses(drafts, spec, report)) return std::nullopt;
  return spec;
}

}  // namespace masterd::config
