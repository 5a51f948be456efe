// The methods that only read.
#include <unistd.h>

#include <algorithm>

#include "daemon/handlers.h"
#include "daemon/list_request.h"
#include "daemon/openrpc.h"
#include "daemon/status_json.h"
#include "daemon/tree_walk.h"
#include "masterd_version.h"
#include "proto/params.h"
#include "proto/text.h"

namespace masterd::daemon {

namespace json = boost::json;
using proto::Params;

Handled handle_ping(Services& services, Call& call) {
  Params params{call.params};
  if (const auto& error = params.finish()) return *error;
  const auto& endpoints = services.publisher.endpoints();
  return json::object{{"version", MASTERD_VERSION},
                      {"protocol", proto::kProtocolVersion},
                      {"pid", ::getpid()},
                      {"events", json::array(endpoints.begin(), endpoints.end())}};
}

Handled handle_discover(Services&, Call& call) {
  Params params{call.params};
  if (const auto& error = params.finish()) return *error;
  return openrpc_document();
}

Handled handle_status(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.optional_string("name");
  if (const auto& error = params.finish()) return *error;

  const SessionFsm* session = services.fsm.session();
  const fsm::TimePoint now = services.loop.now();
  json::array coprocesses;
  if (name) {
    if (session == nullptr) return no_session();
    if (!session->supervisor().has(*name)) return unknown_coprocess(*name);
    const auto view = session->supervisor().view(*name);
    json::object shown = coprocess_json(view, now);
    // Only of the one that was asked for: a look at a tree costs a look at many processes.
    if (view.state == supervisor::State::Stopping) {
      const auto pids = session->supervisor().tree(*name);
      shown["pids"] = json::array(pids.begin(), pids.end());
    }
    coprocesses.push_back(std::move(shown));
  } else if (session != nullptr) {
    for (const auto& view : session->supervisor().views()) {
      coprocesses.push_back(coprocess_json(view, now));
    }
  }
  json::value shown;  // null without a session
  if (session != nullptr) shown = session_json(*session, services.loop.now());
  const auto uptime = std::chrono::duration_cast<std::chrono::milliseconds>(now - services.began);
  json::object daemon{{"state", services.fsm.state()},
                      {"pid", ::getpid()},
                      {"version", MASTERD_VERSION},
                      {"uptime_s", static_cast<double>(uptime.count()) / 1000.0}};
  if (const auto next = services.fsm.next_session()) {
    const auto left = std::max(next->when - services.loop.now(), fsm::Duration{});
    daemon["next_session"] = json::object{{"name", next->name}, {"in_s", seconds(left)}};
  }
  return json::object{{"seq", services.publisher.seq()},
                      {"time", proto::rfc3339(std::chrono::system_clock::now())},
                      {"daemon", std::move(daemon)},
                      {"session", std::move(shown)},
                      {"coprocesses", std::move(coprocesses)}};
}

Handled handle_list_configs(Services& services, Call& call) {
  Params params{call.params};
  if (const auto& error = params.finish()) return *error;
  return later(services, call, std::make_unique<ListRequest>(services.store, services.loop), {});
}

Handled handle_check_config(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.optional_string("config");
  const auto text = params.optional_string("text");
  if (const auto& error = params.finish()) return *error;
  const auto loaded = load_wanted(services, call.role, name, text);
  json::value diagnostics = json::array{};
  if (const auto* error = std::get_if<proto::Error>(&loaded)) {
    // What is wrong with the file is the answer here, not a failure of the question.
    if (proto::reason_of(*error) != "bad_config") return *error;
    diagnostics = error->data.at("diagnostics");
  }
  return json::object{{"ok", diagnostics.as_array().empty()},
                      {"diagnostics", std::move(diagnostics)}};
}

Handled handle_logs(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.required_string("name");
  const auto count = params.optional_uint("lines", 1, 10'000).value_or(100);
  if (const auto& error = params.finish()) return *error;
  const auto* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (!supervisor->has(name)) return unknown_coprocess(name);
  json::array lines;
  for (const auto& line : supervisor->ring(name).last(count)) lines.push_back(line_json(line));
  return json::object{{"lines", std::move(lines)}};
}

Handled handle_tree(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.optional_string("name");
  if (const auto& error = params.finish()) return *error;
  const auto* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (name && !supervisor->has(*name)) return unknown_coprocess(*name);
  return later(services, call, std::make_unique<TreeWalk>(services.fsm, services.loop, name), {});
}

Handled handle_history(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.optional_string("name");
  const auto since = params.optional_uint("since_seq", 0, INT64_MAX).value_or(0);
  const auto limit = params.optional_uint("limit", 1, History::kMaxEntries).value_or(100);
  if (const auto& error = params.finish()) return *error;
  json::array transitions;
  for (const HistoryEntry& entry : services.history.find(name, since, limit)) {
    transitions.push_back(history_json(entry));
  }
  return json::object{{"transitions", std::move(transitions)}};
}

}  // namespace masterd::daemon
