// Who a process is, and what it may do and use.
#include <algorithm>
#include <set>
#include <string_view>

#include "config/capabilities.h"
#include "config/coprocess_sections.h"
#include "config/limits.h"

namespace masterd::config {

namespace {

constexpr std::int64_t kMaxCpu = 1023;  // CPU_SETSIZE of glibc's cpu_set_t is 1024

void read_identity(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (auto user = read_user(table, scope)) spec.user = std::move(*user);
  if (scope.mapping != nullptr && scope.mapping->user) {
    // The defaults of masterd.toml may name groups; whoever owns the file is not in them for that.
    spec.group_name.clear();
    spec.supplementary_groups.clear();
  }
  if (scope.mapping != nullptr && scope.mapping->run_as_owner) {
    for (const char* key : {"group_name", "supplementary_groups"}) {
      table.refuse(key, "this profile runs everything as the owner of the file (run_as_owner)");
    }
    return;
  }
  if (const auto group = table.text("group_name")) {
    spec.group_name = read_word(table, *group, scope);
  }
  if (const auto groups = table.texts("supplementary_groups")) {
    spec.supplementary_groups.clear();
    for (const Text& group : *groups) {
      spec.supplementary_groups.push_back(read_word(table, group, scope));
    }
  }
}

void read_umask(TableReader& table, CoprocessSpec& spec) {
  const auto found = table.text("umask");
  if (!found) return;
  const std::string& digits = found->value;
  const bool octal = digits.find_first_not_of("01234567") == std::string::npos;
  const bool short_enough = digits.size() <= 3 || (digits.size() == 4 && digits.front() == '0');
  if (digits.empty() || !octal || !short_enough) {
    table.error(found->where, fmt::format("expected octal digits such as \"022\", up to \"0777\"; "
                                          "found '{}'",
                                          shown(digits)));
    return;
  }
  mode_t mask = 0;
  for (const char digit : digits) mask = mask * 8 + static_cast<mode_t>(digit - '0');
  spec.umask = mask;
}

void read_capabilities(TableReader& table, CoprocessSpec& spec) {
  const auto found = table.texts("capabilities");
  if (!found) return;
  const std::vector<std::string>& known = capability_names();
  std::set<std::string> kept;
  for (const Text& name : *found) {
    std::string normal = normal_capability(name.value);
    if (std::find(known.begin(), known.end(), normal) == known.end()) {
      table.error(name.where, fmt::format("'{}' is not a capability{}", shown(name.value),
                                          did_you_mean(normal, known)));
    }
    kept.insert(std::move(normal));
  }
  spec.capabilities.emplace(kept.begin(), kept.end());
}

void read_realtime(TableReader& coprocess, CoprocessSpec& spec) {
  auto table = coprocess.table("realtime");
  if (!table) return;
  using Policy = RealtimeSpec::Policy;
  RealtimeSpec realtime;
  const auto policy = table->choice<Policy>("policy", {{"fifo", Policy::Fifo},
                                                       {"rr", Policy::RoundRobin},
                                                       {"batch", Policy::Batch},
                                                       {"idle", Policy::Idle},
                                                       {"other", Policy::Other}});
  const auto priority = table->integer("priority", 1, 99);
  if (const auto cpus = table->integers("cpus", 0, kMaxCpu)) {
    std::set<unsigned> each;
    for (const std::int64_t cpu : *cpus) each.insert(static_cast<unsigned>(cpu));
    realtime.cpus.assign(each.begin(), each.end());
    if (cpus->empty()) table->error(table->where_key("cpus"), "no CPU is left to run on");
  }
  table->finish();

  realtime.policy = policy.value_or(Policy::Other);
  realtime.priority = static_cast<int>(priority.value_or(0));
  // A policy that was refused decides nothing about the priority.
  if (policy || !table->has("policy")) {
    const bool needs = realtime.policy == Policy::Fifo || realtime.policy == Policy::RoundRobin;
    if (needs && !table->has("priority")) {
      table->error(table->where_key("policy"), "needs a 'priority' from 1 to 99");
    }
    if (!needs && table->has("priority")) {
      table->error(table->where_key("priority"), "only the policies fifo and rr have a priority");
    }
  }
  spec.realtime = std::move(realtime);
}

}  // namespace

void read_attributes(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  read_identity(table, scope, spec);
  read_umask(table, spec);
  if (auto v = table.integer("nice", -20, 19)) spec.nice = static_cast<int>(*v);
  if (auto v = table.integer("oom_score_adj", -1000, 1000)) {
    spec.oom_score_adj = static_cast<int>(*v);
  }
  if (auto v = table.flag("no_new_privs")) spec.no_new_privs = *v;
  read_capabilities(table, spec);
  if (auto v = table.signal("pdeathsig")) spec.pdeathsig = *v;
  read_realtime(table, spec);
  read_limits(table, spec.limits);
}

}  // namespace masterd::config
