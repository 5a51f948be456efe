#include "config/instances.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace masterd::config {

namespace {

std::size_t size_of(const std::vector<std::string>& texts) {
  std::size_t size = texts.size() * sizeof(std::string);
  for (const std::string& text : texts) size += text.size();
  return size;
}

std::size_t size_of(const std::vector<CommandSpec>& commands) {
  std::size_t size = commands.size() * sizeof(CommandSpec);
  for (const CommandSpec& command : commands) size += size_of(command.argv);
  return size;
}

std::size_t size_of(const std::optional<CommandSpec>& command) {
  return command ? size_of(command->argv) : 0;
}

// What may be long; the rest is bounded by the number of names.
std::size_t size_of(const CoprocessSpec& spec) {
  std::size_t size = sizeof(CoprocessSpec);
  for (const auto& [name, value] : spec.env) size += 3 * sizeof(name) + name.size() + value.size();
  if (const auto* probe = std::get_if<ReadyExec>(&spec.ready.how)) size += size_of(probe->argv);
  if (spec.health) size += size_of(spec.health->argv);
  return size + size_of(spec.command) + size_of(spec.requires_) + size_of(spec.env_files) +
         size_of(spec.env_unset) + size_of(spec.supplementary_groups) + size_of(spec.before) +
         size_of(spec.after) + size_of(spec.stop_command) + size_of(spec.undo) +
         spec.stop.size() * sizeof(StopStep) + spec.description.size() + spec.user.size() +
         spec.group_name.size() + spec.cwd.size();
}

class Requirements {
 public:
  explicit Requirements(const std::vector<CoprocessDraft>& drafts) {
    for (const CoprocessDraft& draft : drafts) {
      if (!draft.family.empty()) families_[draft.family].push_back(draft.spec.name);
      if (draft.off) off_.insert(draft.spec.name);
    }
  }

  void drop(const std::string& name) { off_.insert(name); }

  void settle(std::vector<std::string>& required) const {
    std::vector<std::string> settled;
    std::set<std::string> seen;
    const auto add = [&](const std::string& name) {
      if (off_.count(name) == 0 && seen.insert(name).second) settled.push_back(name);
    };
    for (const std::string& name : required) {
      const auto family = families_.find(name);
      if (family == families_.end()) {
        add(name);
      } else {
        for (const std::string& instance : family->second) add(instance);
      }
    }
    required = std::move(settled);
  }

 private:
  std::map<std::string, std::vector<std::string>> families_;
  std::set<std::string> off_;
};

// "log" of "log.12"; empty for a file that no rotation makes.
std::string_view without_number(std::string_view file) {
  const std::size_t dot = file.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == file.size()) return {};
  const std::string_view number = file.substr(dot + 1);
  const bool digits = number.find_first_not_of("0123456789") == std::string_view::npos;
  return digits && number.front() != '0' ? file.substr(0, dot) : std::string_view{};
}

// How many a table asks for, and what makes them different.
struct Family {
  Where where;           // of the key that says it
  bool several = false;  // numbered: also one, of one
  std::size_t count = 1;
  bool for_each = false;
  std::vector<std::string> items;
};

// The values of `for_each`: up to the first empty one, where LinuxCNC's own launcher stops too
// (`while [ -n "$CFGFILE" ]` in scripts/linuxcnc.in of 2.9; see IniFile::all).
std::vector<std::string> read_items(TableReader& table, const Text& key, const Scope& scope) {
  constexpr std::string_view kIni = "ini:";
  const std::string_view text = key.value;
  const bool ini = text.substr(0, kIni.size()) == kIni;
  const auto name = ini ? parse_ini_name(text.substr(kIni.size())) : std::nullopt;
  std::vector<std::string> items;
  if (!name || name->key.empty()) {
    table.error(key.where, fmt::format("expected \"ini:SECTION:KEY\"; found '{}'", shown(text)));
  } else if (scope.mapping == nullptr) {
    table.error(key.where, "belongs to a profile, which maps a .ini; see 'instances'");
  } else if (scope.mapping->ini != nullptr) {
    for (IniValue& value : scope.mapping->ini->all(name->section, name->key)) {
      if (items.size() == kMaxInstances) {
        table.report().error_in(value.file, {value.line, 0, name->to_string()},
                                fmt::format("more than {} of them", kMaxInstances));
        break;
      }
      items.push_back(std::move(value.text));
    }
  }
  return items;
}

Family read_family(TableReader& table, const Scope& scope) {
  Family family;
  const auto instances = table.integer("instances", 1, kMaxInstances);
  const auto each = table.text("for_each");
  family.several = table.has("instances") || table.has("for_each");
  family.where = table.where_key(table.has("for_each") ? "for_each" : "instances");
  if (instances) family.count = static_cast<std::size_t>(*instances);
  if (each) {
    family.for_each = true;
    family.items = read_items(table, *each, scope);
    family.count = family.items.size();
    if (table.has("instances")) {
      table.error(family.where, "'instances' is given too: it is the one or the other");
    }
  }
  return family;
}

// The scope of the one with this number; 0: of a family without members.
Scope member(const Family& family, std::size_t number, Scope scope) {
  scope.instance = family.several ? static_cast<unsigned>(std::max<std::size_t>(number, 1)) : 0;
  scope.for_each = family.for_each;
  if (family.for_each && number > 0) scope.item = &family.items[number - 1];
  if (number == 0) scope.may_miss = true;
  return scope;
}

// With `in_order` each waits for the one before it that is not off.
void put_in_order(CoprocessDraft& draft, const std::string& before, const Where& where) {
  std::vector<std::string>& required = draft.spec.requires_;
  if (before.empty() || std::find(required.begin(), required.end(), before) != required.end()) {
    return;
  }
  required.push_back(before);
  draft.requires_.push_back({before, where});
}

}  // namespace

std::size_t read_instances(const std::string& name, const CoprocessSpec& defaults,
                           const TableReader& table, const Scope& scope, std::size_t& bytes,
                           std::vector<CoprocessDraft>& drafts) {
  TableReader counting = table;
  const Family family = read_family(counting, scope);
  const auto in_order = counting.flag("in_order");
  if (in_order && !family.several) {
    counting.error(counting.where_key("in_order"), "belongs to 'instances' or 'for_each'");
  }
  const auto name_of = [&](std::size_t number) {
    return family.several && number > 0 ? fmt::format("{}-{}", name, number) : name;
  };
  if (valid_name(name) && !valid_name(name_of(family.count))) {
    counting.error(family.where,
                   fmt::format("'{}' would have more than 64 characters", name_of(family.count)));
  }
  const std::size_t errors_before = counting.report().count();
  std::string before;
  // A family without members is read too, as one that is off, so that its name stays known.
  for (std::size_t number = std::min<std::size_t>(family.count, 1); number <= family.count;
       ++number) {
    if (drafts.size() > kMaxNames || bytes > kMaxExpandedBytes) break;
    // What is wrong with the first is wrong with each: say it once.
    if (number > 1 && counting.report().count() > errors_before) {
      drafts.push_back(drafts.back());
      drafts.back().spec.name = name_of(number);
    } else {
      TableReader reader = counting;  // each remembers what it has read
      drafts.push_back(
          read_coprocess(name_of(number), defaults, reader, member(family, number, scope)));
      if (in_order.value_or(false)) {
        put_in_order(drafts.back(), before, counting.where_key("in_order"));
      }
    }
    CoprocessDraft& draft = drafts.back();
    if (family.several && number > 0) draft.family = name;
    draft.instances_where = family.where;
    bytes += size_of(draft.spec);
    if (!draft.off) before = draft.spec.name;
  }
  return std::max<std::size_t>(family.count, 1);
}

void check_output_files(const std::vector<CoprocessDraft>& drafts, Report& report) {
  std::map<std::string_view, std::string_view> writers;
  for (const CoprocessDraft& draft : drafts) {
    const std::string& file = draft.spec.output.file;
    if (file.empty() || draft.off) continue;
    const auto [first, added] = writers.emplace(file, draft.spec.name);
    if (added) continue;
    report.error(draft.output_file_where,
                 fmt::format("'{}' is also the file of '{}'{}", shown(file), shown(first->second),
                             draft.family.empty() ? "" : "; ${instance} makes one for each"));
  }
  for (const CoprocessDraft& draft : drafts) {
    const std::string& file = draft.spec.output.file;
    if (file.empty() || draft.off) continue;
    const auto other = writers.find(without_number(file));
    if (other == writers.end()) continue;
    report.error(draft.output_file_where,
                 fmt::format("'{}' is what the file of '{}' becomes when it is rotated",
                             shown(file), shown(other->second)));
  }
}

void settle(std::vector<GroupDraft>& groups, std::vector<CoprocessDraft>& drafts) {
  Requirements requirements{drafts};
  drafts.erase(std::remove_if(drafts.begin(), drafts.end(),
                              [](const CoprocessDraft& draft) { return draft.off; }),
               drafts.end());
  std::set<std::string> populated;
  for (const CoprocessDraft& draft : drafts) populated.insert(draft.spec.group);
  const auto empty = std::stable_partition(
      groups.begin(), groups.end(),
      [&](const GroupDraft& group) { return populated.count(group.spec.name) > 0; });
  for (auto group = empty; group != groups.end(); ++group) requirements.drop(group->spec.name);
  groups.erase(empty, groups.end());
  for (GroupDraft& group : groups) requirements.settle(group.spec.requires_);
  for (CoprocessDraft& draft : drafts) requirements.settle(draft.spec.requires_);
}

}  // namespace masterd::config
