#include "supervisor/survivors.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "supervisor/cgroup_files.h"
#include "supervisor/program.h"

namespace masterd::supervisor {
namespace {

bool same_cgroup(const Section& section) {
  struct stat info {};
  return !section.cgroup.empty() && ::stat(section.cgroup.c_str(), &info) == 0 &&
         info.st_ino == section.cgroup_inode;
}

/// This process, its parent, and so on.
std::unordered_set<pid_t> ancestry(const std::unordered_map<pid_t, ProcStat>& all) {
  std::unordered_set<pid_t> line;
  for (pid_t pid = ::getpid(); pid > 0 && line.insert(pid).second;) {
    const auto found = all.find(pid);
    pid = found == all.end() ? 0 : found->second.parent;
  }
  line.insert(1);
  return line;
}

}  // namespace

SurvivorSearch::SurvivorSearch(std::vector<Section> dead) : dead_{std::move(dead)} {
  for (const Section& section : dead_) {
    for (const Birth& birth : section.births) births_[birth.pid].push_back({&section, &birth});
  }
}

std::vector<std::string> SurvivorSearch::cgroups() const {
  std::vector<std::string> folders;
  for (const Section& section : dead_) {
    if (same_cgroup(section)) folders.push_back(section.cgroup);
  }
  return folders;
}

std::optional<std::vector<Survivor>> SurvivorSearch::look() {
  const auto pids = all_processes();
  if (!pids) return std::nullopt;
  in_cgroup_.clear();
  for (const Section& section : dead_) {
    if (!same_cgroup(section)) continue;
    for (const pid_t pid : cgroup_members(section.cgroup)) in_cgroup_[pid] = {&section, nullptr};
  }
  Table all;
  std::unordered_map<pid_t, std::vector<pid_t>> children;
  for (const pid_t pid : *pids) {
    ProcStat stat;
    if (read_stat(pid, stat) != Look::Found || stat.kernel_thread) continue;
    all.emplace(pid, stat);
    children[stat.parent].push_back(pid);
  }
  const auto untouchable = ancestry(all);
  std::unordered_map<pid_t, Seen> found;
  std::vector<pid_t> todo;
  const auto add = [&](pid_t pid, const Kin& kin) {
    const ProcStat& stat = all.at(pid);
    if (!stat.alive() || untouchable.count(pid) != 0) return;
    if (found.emplace(pid, Seen{stat.start, kin}).second) todo.push_back(pid);
  };
  for (const auto& [pid, stat] : all) {
    if (const auto kin = judge(pid, stat, all)) add(pid, *kin);
  }
  while (!todo.empty()) {
    const pid_t parent = todo.back();
    todo.pop_back();
    const auto below = children.find(parent);
    if (below == children.end()) continue;
    const Kin kin = found.at(parent).kin;
    for (const pid_t child : below->second) add(child, kin);
  }
  seen_ = std::move(found);
  std::vector<Survivor> survivors;
  for (const auto& [pid, seen] : seen_) {
    const Birth* birth = seen.kin.birth;
    survivors.push_back({pid, seen.start, birth == nullptr ? "" : birth->name,
                         seen.kin.section->pid, birth != nullptr && birth->guard});
  }
  std::sort(survivors.begin(), survivors.end(), [](const Survivor& a, const Survivor& b) {
    return std::pair{a.start, a.pid} < std::pair{b.start, b.pid};
  });
  return survivors;
}

std::optional<SurvivorSearch::Kin> SurvivorSearch::judge(pid_t pid, const ProcStat& stat,
                                                         const Table& all) const {
  if (const auto seen = seen_.find(pid); seen != seen_.end() && seen->second.start == stat.start) {
    return seen->second.kin;
  }
  if (const auto births = births_.find(pid); births != births_.end()) {
    for (const Kin& kin : births->second) {
      if (kin.birth->start == stat.start) return kin;
    }
  }
  if (auto kin = by_session(stat, all)) return kin;
  if (auto kin = by_mark(pid, stat)) return kin;
  const auto member = in_cgroup_.find(pid);
  return member == in_cgroup_.end() ? std::nullopt : std::optional{member->second};
}

std::optional<SurvivorSearch::Kin> SurvivorSearch::by_session(const ProcStat& stat,
                                                              const Table& all) const {
  const auto births = births_.find(stat.session);
  if (births == births_.end()) return std::nullopt;
  const auto leader = all.find(stat.session);
  for (const Kin& kin : births->second) {
    const bool same = leader == all.end() ? stat.start >= kin.birth->start
                                          : leader->second.start == kin.birth->start;
    if (same) return kin;
  }
  return std::nullopt;
}

std::optional<SurvivorSearch::Kin> SurvivorSearch::by_mark(pid_t pid, const ProcStat& stat) const {
  const auto younger = [&](const Section& section) { return stat.start >= section.start; };
  if (std::none_of(dead_.begin(), dead_.end(), younger)) return std::nullopt;
  const auto id = environment_value(pid, kTreeIdVariable);
  if (!id) return std::nullopt;
  for (const Section& section : dead_) {
    if (id->rfind(section.instance, 0) != 0) continue;
    for (const Birth& birth : section.births) {
      if (birth.id == *id) return Kin{&section, &birth};
    }
    return Kin{&section, nullptr};
  }
  return std::nullopt;
}

}  // namespace masterd::supervisor
