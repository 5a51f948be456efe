// How a coprocess shows that it is ready, and that it is still well.
#include <utility>

#include "config/coprocess_sections.h"
#include "config/listen_address.h"
#include "config/pattern.h"

namespace masterd::config {

namespace {

bool must_be_true(TableReader& table, std::string_view key) {
  const auto value = table.flag(key);
  if (value && !*value) table.error(table.where_key(key), "false says nothing: leave it out");
  return value.value_or(false);
}

ReadyExec read_probe(TableReader& table, const Scope& scope) {
  ReadyExec probe;
  probe.argv = read_argv(table, "exec", scope, Pid::Known);
  if (auto v = table.duration_above_zero("interval")) probe.interval = *v;
  if (auto v = table.duration_above_zero("probe_timeout")) probe.timeout = *v;
  return probe;
}

void read_listen(TableReader& table, const Text& found, const Scope& scope, ReadyHow& how) {
  const auto text = read_expanded(table, found, scope);
  if (!text) return;
  auto parsed = parse_listen(*text, scope.dir);
  if (const auto* error = std::get_if<ListenError>(&parsed)) {
    table.error(found.where, error->message);
  } else {
    how = std::get<ReadyListen>(std::move(parsed));
  }
}

void read_line(TableReader& table, const Text& found, const Scope& scope, ReadyHow& how) {
  const auto pattern = read_expanded(table, found, scope);
  if (!pattern) return;
  if (auto fault = pattern_fault(*pattern); !fault.empty()) {
    table.error(found.where, std::move(fault));
  }
  how = ReadyOutput{*pattern};
}

// Reads every way, so that each is checked and known; the last one counts, of which there must not
// be more than one.
void read_ways(TableReader& table, const Scope& scope, ReadyHow& how) {
  if (must_be_true(table, "started")) how = ReadyStarted{};
  if (must_be_true(table, "notify")) how = ReadyNotify{};
  if (table.says("exec")) {
    how = read_probe(table, scope);
  } else {
    for (const char* key : {"interval", "probe_timeout"}) {
      if (table.duration(key)) table.error(table.where_key(key), "belongs to 'exec', not given");
    }
  }
  if (const auto listen = table.text("listen")) read_listen(table, *listen, scope, how);
  if (const auto output = table.text("output")) read_line(table, *output, scope, how);
  if (const auto file = table.text("file")) how = ReadyFile{read_path(table, *file, scope)};
  if (const auto delay = table.duration("delay")) how = ReadyDelay{*delay};
}

void check_one_way(TableReader& table) {
  std::vector<std::string> given;
  for (const char* way : {"started", "notify", "exec", "listen", "output", "file", "delay"}) {
    if (table.has(way)) given.emplace_back(way);
  }
  if (given.size() < 2) return;
  table.error(table.where_key(given[1]),
              fmt::format("one way to be ready only; found {}", fmt::join(given, ", ")));
}

void read_ready(TableReader& coprocess, const Scope& scope, ReadySpec& ready) {
  auto table = coprocess.table("ready");
  if (!table) return;
  read_ways(*table, scope, ready.how);
  check_one_way(*table);
  const auto timeout = table->duration_above_zero("timeout");
  table->finish();

  if (timeout) ready.timeout = *timeout;
  const auto* after = std::get_if<ReadyDelay>(&ready.how);
  if (after == nullptr || after->delay < ready.timeout) return;
  if (table->has("timeout")) {
    table->error(table->where_key("timeout"),
                 fmt::format("the timeout ({} ms) must be more than the delay ({} ms)",
                             ready.timeout.count(), after->delay.count()));
  } else {
    ready.timeout = after->delay + ReadySpec{}.timeout;
  }
}

void read_health(TableReader& coprocess, const Scope& scope, CoprocessSpec& spec) {
  auto table = coprocess.table("health");
  if (!table) return;
  HealthSpec health;
  health.argv = read_argv(*table, "exec", scope, Pid::Known);
  if (auto v = table->duration_above_zero("interval")) health.interval = *v;
  if (auto v = table->duration_above_zero("timeout")) health.timeout = *v;
  if (auto v = table->integer("failures", 1, 1000)) health.failures = static_cast<unsigned>(*v);
  table->finish();
  spec.health = std::move(health);
}

}  // namespace

void read_readiness(TableReader& table, const Scope& scope, CoprocessSpec& spec) {
  read_ready(table, scope, spec.ready);
  read_health(table, scope, spec);
  if (auto watchdog = table.duration_above_zero("watchdog")) spec.watchdog = *watchdog;
}

}  // namespace masterd::config
