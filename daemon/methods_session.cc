// The methods that change which session there is.
#include <fmt/format.h>

#include "daemon/handlers.h"
#include "daemon/session_requests.h"
#include "daemon/status_json.h"
#include "proto/params.h"

namespace masterd::daemon {

namespace json = boost::json;
using proto::Params;

namespace {

/// What set_config would do: without a session everything is new.
supervisor::Changes difference(const SessionFsm* session, const config::SessionSpec& wanted) {
  return supervisor::compare(
      session == nullptr ? config::SessionSpec{} : session->supervisor().spec(), wanted);
}

}  // namespace

Handled handle_set_config(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.optional_string("config");
  const auto text = params.optional_string("text");
  const bool dry_run = params.optional_bool("dry_run", false);
  const auto wait = params.optional_choice("wait", {"accepted", "ready"}).value_or("accepted");
  const auto timeout = params.optional_seconds("timeout_s");
  if (const auto& error = params.finish()) return *error;

  auto loaded = load_wanted(services, call.role, name, text);
  if (const auto* error = std::get_if<proto::Error>(&loaded)) return *error;
  auto spec = std::get<config::SessionSpec>(std::move(loaded));
  SessionFsm* session = services.fsm.session();
  if (session != nullptr && session->state() == SessionState::Stopping) {
    return proto::application_error("busy", "the session is ending; try again when it has ended");
  }
  const supervisor::Changes changes = difference(session, spec);
  json::object result{{"session", spec.name},
                      {"generation", session == nullptr ? 0 : session->generation()},
                      {"changes", changes_json(changes)}};
  if (changes.anew) result["anew"] = true;
  if (dry_run) {
    result["dry_run"] = true;
    return result;
  }

  if (session != nullptr) {
    services.fsm.reconfigure(std::move(spec));
    services.fsm.forget_vital();
    services.pending.look_at_all();  // an earlier set_config may be superseded
  } else {
    services.fsm.pick(std::move(spec));
    session = services.fsm.session();
  }
  result["generation"] = changes.anew ? 1 : session->generation();
  if (wait == "accepted") return result;
  return later(services, call, std::make_unique<WaitForReady>(services.fsm, std::move(result)),
               timeout);
}

Handled handle_end_session(Services& services, Call& call) {
  Params params{call.params};
  const bool wait = params.optional_bool("wait", false);
  const auto timeout = params.optional_seconds("timeout_s");
  if (const auto& error = params.finish()) return *error;
  SessionFsm* session = services.fsm.session();
  if (session == nullptr) {
    const auto cancelled = services.fsm.cancel_restart();
    if (!cancelled) return no_session();
    return json::object{{"session", *cancelled}};
  }
  services.fsm.end_session("end_session requested");
  services.pending.look_at_all();  // one that was to begin anew will not
  if (!wait) return json::object{{"session", session->session_name()}};
  return later(services, call, std::make_unique<WaitForEnd>(services.fsm), timeout);
}

Handled handle_shutdown(Services& services, Call& call) {
  Params params{call.params};
  const auto reason = params.optional_string("reason").value_or("shutdown requested");
  if (const auto& error = params.finish()) return *error;
  const bool already = services.fsm.shutdown_requested();
  services.fsm.shutdown(reason);
  return json::object{{"accepted", true}, {"already_in_progress", already}};
}

}  // namespace masterd::daemon
