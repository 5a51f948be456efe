#include "supervisor/coprocess_set.h"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace masterd::supervisor {
namespace {

/// What a counter changes by; unsigned arithmetic makes -1 of its wrapping.
unsigned step(bool before, bool now) {
  return static_cast<unsigned>(now) - static_cast<unsigned>(before);
}

}  // namespace

Coprocess* CoprocessSet::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

void CoprocessSet::adopt(const config::SessionSpec& spec) {
  std::unordered_map<const Coprocess*, std::size_t> place;
  for (const config::CoprocessSpec& wanted : spec.coprocesses) {
    Coprocess* coprocess = find(wanted.name);
    if (coprocess == nullptr) {
      coprocess = all_.emplace_back(std::make_unique<Coprocess>(wanted)).get();
      by_name_.emplace(wanted.name, coprocess);
    }
    place.emplace(coprocess, place.size());
  }
  const auto place_of = [&place](const std::unique_ptr<Coprocess>& coprocess) {
    const auto found = place.find(coprocess.get());
    return found == place.end() ? place.size() : found->second;
  };
  std::stable_sort(all_.begin(), all_.end(),
                   [&place_of](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  group_specs_ = spec.groups;
}

void CoprocessSet::remove_if(const std::function<bool(const Coprocess&)>& gone) {
  std::erase_if(all_, [this, &gone](const auto& coprocess) {
    if (!gone(*coprocess)) return false;
    by_name_.erase(coprocess->spec.name);
    return true;
  });
}

Unit* CoprocessSet::unit(const std::string& name) {
  // A group first: a coprocess of that name is a leaving one, and nobody who stays requires it.
  if (const auto group = groups_.find(name); group != groups_.end()) return &group->second;
  Coprocess* coprocess = find(name);
  return coprocess == nullptr ? nullptr : &coprocess->own;
}

void CoprocessSet::link() {
  groups_.clear();
  std::map<std::string_view, const config::GroupSpec*> specs;
  for (const config::GroupSpec& spec : group_specs_) {
    groups_[spec.name].name = spec.name;
    specs.emplace(spec.name, &spec);
  }
  for (const auto& coprocess : all_) {
    coprocess->own = {coprocess->spec.name, {coprocess.get()}, {}, 0, 0, 0, 0};
    coprocess->group = nullptr;
    if (coprocess->spec.group.empty()) continue;
    Unit& group = groups_[coprocess->spec.group];
    group.name = coprocess->spec.group;
    group.members.push_back(coprocess.get());
    coprocess->group = &group;
  }
  totals_ = {};
  for (const auto& coprocess : all_) {
    auto& requirements = coprocess->requirements;
    requirements.clear();
    const auto require = [this, &requirements, &coprocess](const std::vector<std::string>& names) {
      for (const std::string& name : names) {
        Unit* unit = this->unit(name);  // a leaving one may require what is gone already
        if (unit == nullptr) continue;
        if (std::find(requirements.begin(), requirements.end(), unit) != requirements.end())
          continue;
        requirements.push_back(unit);
        unit->dependents.push_back(coprocess.get());
      }
    };
    require(coprocess->spec.requires_);
    const auto group = specs.find(coprocess->spec.group);
    if (group != specs.end()) require(group->second->requires_);
    coprocess->counted = {};
  }
  for (const auto& coprocess : all_) recount(*coprocess);
  for (const auto& coprocess : all_) concerned_(*coprocess);
}

void CoprocessSet::count(const Facts& facts, unsigned by) {
  totals_.live += facts.live ? by : 0;
  totals_.unready += facts.unready ? by : 0;
  totals_.moving += facts.moving ? by : 0;
  totals_.troubled += facts.troubled ? by : 0;
}

// A work list, not a recursion: a chain may be longer than a machine's stack allows.
void CoprocessSet::recount(Coprocess& coprocess) {
  to_recount_.push_back(&coprocess);
  while (!to_recount_.empty()) {
    Coprocess& next = *to_recount_.back();
    to_recount_.pop_back();
    recount_one(next);
  }
}

void CoprocessSet::recount_one(Coprocess& coprocess) {
  const Facts now = coprocess.facts();
  const Facts before = std::exchange(coprocess.counted, now);
  if (now == before) return;
  count(before, -1U);
  count(now, 1U);
  if (now.holds != before.holds) {
    for (Unit* unit : coprocess.requirements) {
      const bool held = unit->live_dependents > 0;
      unit->live_dependents += step(before.holds, now.holds);
      if (held == (unit->live_dependents > 0)) continue;
      to_recount_.insert(to_recount_.end(), unit->members.begin(), unit->members.end());
      // The last dependent has gone: what waits for that may end, or begin, now.
      if (held) concern(unit->members);
    }
  }
  for (Unit* unit : {&coprocess.own, coprocess.group}) {
    if (unit == nullptr) continue;
    const auto state_of = [](const Unit& u) {
      return std::array{u.unavailable > 0, u.failed > 0, u.parked > 0};
    };
    const auto state_before = state_of(*unit);
    unit->unavailable += step(before.unavailable, now.unavailable);
    unit->failed += step(before.failed, now.failed);
    unit->parked += step(before.parked, now.parked);
    if (state_of(*unit) == state_before) continue;
    concern(unit->dependents);
    to_recount_.insert(to_recount_.end(), unit->dependents.begin(), unit->dependents.end());
  }
}

void CoprocessSet::concern(const std::vector<Coprocess*>& coprocesses) const {
  for (Coprocess* coprocess : coprocesses) concerned_(*coprocess);
}

}  // namespace masterd::supervisor
