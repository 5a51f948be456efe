#include "daemon/status_json.h"

#include <algorithm>
#include <chrono>

#include "proto/event.h"
#include "proto/text.h"

namespace masterd::daemon {
namespace {

namespace json = boost::json;

json::array names(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

}  // namespace

double seconds(fsm::Duration d) {
  // Milliseconds are what anybody can use; nanoseconds would only lengthen the text.
  return static_cast<double>(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) /
         1000.0;
}

std::string_view to_string(config::Kind kind) {
  switch (kind) {
    case config::Kind::Oneshot:
      return "oneshot";
    case config::Kind::Forking:
      return "forking";
    case config::Kind::Simple:
      break;
  }
  return "simple";
}

std::string_view to_string(supervisor::Stream stream) {
  return stream == supervisor::Stream::Stderr ? "stderr" : "stdout";
}

json::object exit_json(const supervisor::ExitStatus& status) {
  if (status.kind == supervisor::ExitStatus::Kind::Exited) return proto::exit_code(status.value);
  return proto::exit_signal(config::signal_name(status.value));
}

json::object coprocess_json(const supervisor::CoprocessView& view, fsm::TimePoint now) {
  json::object out{{"name", view.name}};
  if (!view.group.empty()) out["group"] = view.group;
  out["type"] = to_string(view.kind);
  if (!view.requires_.empty()) out["requires"] = names(view.requires_);
  out["state"] = to_string(view.state);
  out["desired"] = to_string(view.desired);
  if (view.pid) out["pid"] = *view.pid;
  out["ready"] = view.ready;
  out["restarts"] = view.restarts;
  if (view.pid && view.since) out["uptime_s"] = seconds(now - *view.since);
  if (view.last_exit) out["last_exit"] = exit_json(*view.last_exit);
  if (view.reason) out["reason"] = *view.reason;
  if (!view.waiting_for.empty()) out["waiting_for"] = names(view.waiting_for);
  if (!view.stage.empty()) out["stage"] = view.stage;
  if (view.until) out["time_left_s"] = seconds(std::max(*view.until - now, fsm::Duration{}));
  if (!view.status_text.empty()) out["status_text"] = view.status_text;
  if (view.next_try) out["next_try_s"] = seconds(std::max(*view.next_try - now, fsm::Duration{}));
  return out;
}

json::object session_json(const SessionFsm& session, fsm::TimePoint now) {
  json::object out{{"name", session.session_name()}};
  const config::SessionSpec& spec = session.supervisor().spec();
  if (!spec.path.empty()) out["config"] = spec.path;
  out["state"] = to_string(session.state());
  out["degraded"] = session.supervisor().degraded();
  out["generation"] = session.generation();
  if (!session.stage().empty()) out["stage"] = session.stage();
  if (const auto until = session.waits_until()) {
    out["time_left_s"] = seconds(std::max(*until - now, fsm::Duration{}));
  }
  return out;
}

json::object changes_json(const supervisor::Changes& changes) {
  return {{"added", names(changes.added)},         {"removed", names(changes.removed)},
          {"changed", names(changes.changed)},     {"updated", names(changes.updated)},
          {"unchanged", names(changes.unchanged)}, {"dependents", names(changes.dependents)}};
}

json::object line_json(const supervisor::OutputLine& line) {
  return {{"seq", line.seq},
          {"time", proto::rfc3339(line.time)},
          {"stream", to_string(line.stream)},
          {"text", line.text}};
}

json::object history_json(const HistoryEntry& entry) {
  return {{"seq", entry.seq},   {"time", proto::rfc3339(entry.time)},
          {"name", entry.name}, {"from", entry.from},
          {"to", entry.to},     {"cause", entry.cause}};
}

json::array diagnostics_json(const config::Diagnostics& diagnostics) {
  json::array out;
  for (const config::Diagnostic& wrong : diagnostics) {
    out.push_back(json::object{{"file", wrong.file},
                               {"line", wrong.line},
                               {"column", wrong.column},
                               {"key", wrong.key},
                               {"message", wrong.message}});
  }
  return out;
}

}  // namespace masterd::daemon
