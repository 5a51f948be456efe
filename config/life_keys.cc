// When a coprocess ends, how it is ended, and what follows.
#include <csignal>
#include <set>
#include <utility>

#include "config/coprocess_sections.h"

namespace masterd::config {

namespace {

constexpr milliseconds kKillGrace{2000};

void read_success(TableReader& coprocess, SuccessSpec& success) {
  auto table = coprocess.table("success");
  if (!table) return;
  if (const auto codes = table->integers("codes", 0, 255)) {
    success.codes = std::set<int>{codes->begin(), codes->end()};
  }
  if (const auto signals = table->signals("signals")) {
    success.signals = std::set<int>{signals->begin(), signals->end()};
  }
  table->finish();
}

void read_restart(TableReader& coprocess, RestartSpec& restart) {
  auto table = coprocess.table("restart");
  if (!table) return;
  if (auto v = table->choice<Restart>("policy", {{"never", Restart::Never},
                                                 {"on-failure", Restart::OnFailure},
                                                 {"always", Restart::Always}})) {
    restart.policy = *v;
  }
  if (auto v = table->duration("delay")) restart.delay = *v;
  if (auto v = table->duration("max_delay")) restart.max_delay = *v;
  if (auto v = table->number("jitter", 0, 1)) restart.jitter = *v;
  if (auto v = table->duration("reset_after")) restart.reset_after = *v;
  if (auto v = table->integer("limit", 0, 1'000'000)) restart.limit = static_cast<unsigned>(*v);
  if (auto v = table->duration("within")) restart.within = *v;
  if (auto v = table->choice<Then>("then", {{"fail", Then::Fail},
                                            {"restart-session", Then::RestartSession},
                                            {"end-session", Then::EndSession},
                                            {"shutdown", Then::Shutdown}})) {
    restart.then = *v;
  }
  using Scope = RestartSpec::Scope;
  if (auto v =
          table->choice<Scope>("scope", {{"self", Scope::Self}, {"session", Scope::Session}})) {
    restart.scope = *v;
  }
  table->finish();

  const bool delays = table->has("delay") || table->has("max_delay");
  if (delays && restart.delay > restart.max_delay) {
    table->error(table->where_key(table->has("delay") ? "delay" : "max_delay"),
                 fmt::format("delay ({} ms) is more than max_delay ({} ms)", restart.delay.count(),
                             restart.max_delay.count()));
  }
  const bool limits = table->has("limit") || table->has("within");
  if (limits && restart.limit > 0 && restart.within == milliseconds{0}) {
    table->error(table->where_key(table->has("within") ? "within" : "limit"),
                 "a limit needs a 'within' above 0 (limit = 0 is no limit)");
  }
}

void read_ladder(TableReader& stop, std::vector<StopStep>& ladder) {
  auto rungs = stop.tables("ladder");
  if (!rungs) return;
  ladder.clear();
  for (TableReader& rung : *rungs) {
    if (!ladder.empty() && ladder.back().signal == SIGKILL) {
      rung.error(rung.where(), "nothing can follow SIGKILL");
    }
    StopStep step;
    const auto signal = rung.signal_or_none("signal");
    if (signal) step.signal = *signal;
    if (!rung.has("signal")) rung.error(rung.where(), "'signal' is missing");
    if (step.signal == SIGKILL) step.grace = kKillGrace;
    if (auto grace = rung.duration("grace")) step.grace = *grace;
    rung.finish();
    ladder.push_back(step);
  }
  if (ladder.empty() || ladder.back().signal != SIGKILL) ladder.push_back({SIGKILL, kKillGrace});
}

void read_stop(TableReader& coprocess, const Scope& scope, CoprocessSpec& spec) {
  auto table = coprocess.table("stop");
  if (!table) return;
  if (table->says("command")) {
    if (!spec.stop_command) spec.stop_command.emplace();
    spec.stop_command->argv = read_argv(*table, "command", scope, Pid::Known);
  }
  if (const auto timeout = table->duration_above_zero("timeout")) {
    if (spec.stop_command) {
      spec.stop_command->timeout = *timeout;
    } else {
      table->error(table->where_key("timeout"),
                   "is the longest time of a stop command, and there is none ('command')");
    }
  }
  read_ladder(*table, spec.stop);
  table->finish();
}

}  // namespace

void read_life(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  if (auto vital = table.flag("vital")) spec.vital = *vital;
  if (auto stay = table.flag("stay")) spec.stay = *stay;
  read_success(table, spec.success);
  read_restart(table, spec.restart);
  if (auto v = table.choice<OnExit>("on_exit", {{"none", OnExit::None},
                                                {"end-session", OnExit::EndSession},
                                                {"shutdown", OnExit::Shutdown}})) {
    spec.on_exit = *v;
  }
  if (auto v = table.choice<OnSuspend>("on_suspend",
                                       {{"none", OnSuspend::None}, {"fail", OnSuspend::Fail}})) {
    spec.on_suspend = *v;
  }
  if (auto v = table.choice<Leftovers>("leftovers",
                                       {{"kill", Leftovers::Kill}, {"keep", Leftovers::Keep}})) {
    spec.leftovers = *v;
  }
  read_stop(table, scope, spec);
  if (auto before = read_commands(table, "before", scope)) spec.before = std::move(*before);
  if (auto after = read_commands(table, "after", scope)) spec.after = std::move(*after);
}

}  // namespace masterd::config
