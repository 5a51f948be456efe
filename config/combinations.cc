#include "config/combinations.h"

#include <string_view>
#include <utility>

namespace masterd::config {

namespace {

// Whether the coprocess itself says `key` of its table `name`.
bool says(TableReader& table, std::string_view name, std::string_view key) {
  return table.has_table(name) && table.table(name)->has(key);
}

Where where(TableReader& table, std::string_view name, std::string_view key) {
  if (!table.has_table(name)) return table.where_key(name);
  return table.table(name)->where_key(key);
}

void check_oneshot(TableReader& table, CoprocessSpec& spec) {
  if (table.has("health")) {
    table.error(table.where_key("health"), "a oneshot ends: there is nothing to probe");
  }
  if (table.has("watchdog")) {
    table.error(table.where_key("watchdog"), "a oneshot ends: there is nothing to watch");
  }
  for (const char* way : {"started", "notify", "exec", "listen", "output", "file", "delay"}) {
    if (says(table, "ready", way)) {
      table.error(where(table, "ready", way), "a oneshot is ready when it has ended well");
      break;
    }
  }
  if (spec.restart.policy == Restart::Always) {
    if (says(table, "restart", "policy")) {
      table.error(where(table, "restart", "policy"),
                  "'always' would run a oneshot for ever; use 'on-failure' or type = \"simple\"");
    }
    spec.restart.policy = Restart::OnFailure;
  }
  spec.health.reset();
  spec.watchdog.reset();
  spec.ready.how = ReadyStarted{};
}

void check_output(TableReader& table, const CoprocessSpec& spec) {
  if (spec.output.capture_stdout || spec.output.capture_stderr) return;
  if (std::holds_alternative<ReadyOutput>(spec.ready.how)) {
    table.error(where(table, "ready", "output"),
                "waits for a line, but stdout and stderr are both \"null\"");
  }
  if (!spec.output.file.empty()) {
    table.error(where(table, "output", "file"),
                "nothing is written: stdout and stderr are both \"null\"");
  }
}

}  // namespace

void check_combinations(TableReader& table, CoprocessSpec& spec) {
  if (spec.kind == Kind::Oneshot) check_oneshot(table, spec);
  if (spec.kind != Kind::Oneshot && table.has("undo")) {
    table.error(table.where_key("undo"), "belongs to type = \"oneshot\"; see 'after' and 'stop'");
  }
  if (spec.kind != Kind::Oneshot) {
    if (table.has("leftovers")) {
      table.error(table.where_key("leftovers"),
                  "belongs to type = \"oneshot\": of any other all ends with its main process");
    }
    spec.leftovers = Leftovers::Kill;
  }
  if (spec.kind != Kind::Forking && table.has("pid_file")) {
    table.error(table.where_key("pid_file"), "belongs to type = \"forking\"");
  }
  const bool at_once = std::holds_alternative<ReadyStarted>(spec.ready.how);
  if (spec.kind == Kind::Simple && at_once && says(table, "ready", "timeout")) {
    table.error(where(table, "ready", "timeout"),
                "there is nothing to wait for: give notify, exec, listen, output, file or delay");
  }
  check_output(table, spec);
  for (const char* key : {"max_size", "keep"}) {
    if (says(table, "output", key) && spec.output.file.empty()) {
      table.error(where(table, "output", key), "is of the 'file' of the output, and there is none");
    }
  }
}

}  // namespace masterd::config
