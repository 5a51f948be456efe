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

}  // namespace

std::size_t read_instances(const std::string& name, const CoprocessSpec& defaults,
                           const TableReader& table, const std::filesystem::path& dir,
                           std::size_t& bytes, std::vector<CoprocessDraft>& drafts) {
  TableReader counting = table;
  const auto given = counting.integer("instances", 1, kMaxInstances);
  const bool several = counting.has("instances");
  const auto wanted = static_cast<unsigned>(given.value_or(1));
  const auto name_of = [&](unsigned instance) {
    return several ? fmt::format("{}-{}", name, instance) : name;
  };
  if (several && valid_name(name) && !valid_name(name_of(wanted))) {
    counting.error(counting.where_key("instances"),
                   fmt::format("'{}' would have more than 64 characters", name_of(wanted)));
  }
  const std::size_t errors_before = counting.report().count();
  for (unsigned instance = 1; instance <= wanted; ++instance) {
    if (drafts.size() > kMaxNames || bytes > kMaxExpandedBytes) break;
    // What is wrong with the first is wrong with each: say it once.
    if (instance > 1 && counting.report().count() > errors_before) {
      drafts.push_back(drafts.back());
      drafts.back().spec.name = name_of(instance);
    } else {
      TableReader reader = counting;  // each remembers what it has read
      drafts.push_back(
          read_coprocess(name_of(instance), defaults, reader, {dir, several ? instance : 0}));
    }
    CoprocessDraft& draft = drafts.back();
    if (several) draft.family = name;
    draft.instances_where = counting.where_key("instances");
    bytes += size_of(draft.spec);
  }
  return wanted;
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
