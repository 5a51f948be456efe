#include "config/coprocess_keys.h"

#include "config/paths.h"
#include "config/process_keys.h"

namespace masterd::config {

namespace {

using std::filesystem::path;

constexpr milliseconds kKillGrace{2000};

void read_env(TableReader& table, const path& dir, CoprocessSpec& spec) {
  const auto variables = table.text_table("env");
  if (!variables) return;
  for (const auto& [name, value] : *variables) {
    if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos) {
      table.error(value.where, fmt::format("'{}' cannot name a variable", shown(name)));
      continue;
    }
    spec.env[name] = read_expanded(table, value, dir);
  }
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
  if (auto v = table->integer("limit", 0, 1'000'000)) restart.limit = static_cast<unsigned>(*v);
  if (auto v = table->duration("within")) restart.within = *v;
  if (auto v = table->choice<Then>("then", {{"fail", Then::Fail},
                                            {"end-session", Then::EndSession},
                                            {"shutdown", Then::Shutdown}})) {
    restart.then = *v;
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

void read_stop(TableReader& coprocess, std::vector<StopStep>& stop) {
  auto table = coprocess.table("stop");
  if (!table) return;
  if (auto rungs = table->tables("ladder")) {
    stop.clear();
    for (TableReader& rung : *rungs) {
      if (!stop.empty() && stop.back().signal == SIGKILL) {
        rung.error(rung.where(), "nothing can follow SIGKILL");
      }
      StopStep step;
      const auto signal = rung.signal("signal");
      if (signal) step.signal = *signal;
      if (!rung.has("signal")) rung.error(rung.where(), "'signal' is missing");
      if (step.signal == SIGKILL) step.grace = kKillGrace;
      if (auto grace = rung.duration("grace")) step.grace = *grace;
      rung.finish();
      stop.push_back(step);
    }
    if (stop.empty() || stop.back().signal != SIGKILL) stop.push_back({SIGKILL, kKillGrace});
  }
  table->finish();
}

// The keys that [defaults] has too.
void read_common(TableReader& table, const path& dir, CoprocessSpec& spec) {
  if (auto cwd = table.text("cwd")) {
    const std::string value = read_expanded(table, *cwd, dir);
    if (cwd->value.empty()) table.error(cwd->where, "an empty path");
    spec.cwd = absolute_path(value, dir);
  }
  read_env(table, dir, spec);
  if (auto vital = table.flag("vital")) spec.vital = *vital;
  read_restart(table, spec.restart);
  if (auto v = table.choice<OnExit>("on_exit", {{"none", OnExit::None},
                                                {"end-session", OnExit::EndSession},
                                                {"shutdown", OnExit::Shutdown}})) {
    spec.on_exit = *v;
  }
  read_stop(table, spec.stop);
}

std::vector<std::string> values(const std::vector<Text>& texts) {
  std::vector<std::string> found;
  for (const Text& text : texts) found.push_back(text.value);
  return found;
}

}  // namespace

CoprocessSpec read_defaults(TableReader& table, const path& dir) {
  CoprocessSpec spec;
  spec.cwd = absolute_path("", dir);
  read_common(table, dir, spec);
  for (const char* key : {"group", "description", "command", "requires"}) {
    table.refuse(key, "belongs to one coprocess: it cannot have a default");
  }
  table.finish();
  return spec;
}

CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, const path& dir) {
  CoprocessDraft draft;
  draft.spec = defaults;
  draft.spec.name = name;
  draft.where = table.where();
  if (const auto group = table.text("group")) {
    draft.group_where = group->where;
    if (valid_name(group->value)) {
      draft.spec.group = group->value;
    } else {
      table.error(group->where, fmt::format("'{}' is not a name ([A-Za-z0-9_-], 1 to 64 of them)",
                                            shown(group->value)));
    }
  }
  draft.spec.description = table.line("description");
  draft.spec.command = read_command(table, "command", dir);
  draft.requires_ = table.texts("requires").value_or(std::vector<Text>{});
  draft.spec.requires_ = values(draft.requires_);
  read_common(table, dir, draft.spec);
  table.finish();
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
