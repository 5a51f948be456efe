#include "daemon/session_requests.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/history.h"
#include "daemon/status_json.h"

namespace masterd::daemon {

namespace json = boost::json;
using supervisor::Desired;

WaitForReady::WaitForReady(const DaemonFsm& fsm, json::object result)
    : fsm_{fsm},
      session_number_{fsm.sessions()},
      generation_{fsm.session()->generation()},
      result_{std::move(result)} {}

std::vector<std::string> WaitForReady::names() const { return {std::string{kSessionName}}; }

std::optional<Answer> WaitForReady::decide() {
  const SessionFsm* session = fsm_.session();
  if (session == nullptr || fsm_.sessions() != session_number_ ||
      session->state() == SessionState::Stopping) {
    return proto::application_error("ended", "the session ended before it was ready");
  }
  if (session->generation() != generation_) {
    return proto::application_error("superseded", "another configuration was set");
  }
  if (session->state() != SessionState::Running) return std::nullopt;
  if (!session->supervisor().all_ready()) return failed(*session);
  return json::value(std::move(result_));
}

proto::Error WaitForReady::failed(const SessionFsm& session) const {
  json::array coprocesses;
  std::string names;
  for (const auto& view : session.supervisor().views()) {
    const bool settled_well = view.ready || view.state == supervisor::State::Exited;
    if (view.desired == Desired::Down || settled_well) continue;
    json::object one{{"name", view.name}, {"state", to_string(view.state)}};
    if (view.reason) one["reason"] = *view.reason;
    coprocesses.push_back(std::move(one));
    names += names.empty() ? view.name : ", " + view.name;
  }
  return proto::application_error("failed", "not ready: " + names,
                                  {{"coprocesses", std::move(coprocesses)}});
}

proto::Error WaitForReady::timed_out() const {
  return proto::application_error("timeout", "the session is not ready yet; it goes on starting");
}

WaitForEnd::WaitForEnd(const DaemonFsm& fsm)
    : fsm_{fsm}, session_number_{fsm.sessions()}, session_name_{fsm.session()->session_name()} {}

std::vector<std::string> WaitForEnd::names() const { return {std::string{kSessionName}}; }

std::optional<Answer> WaitForEnd::decide() {
  if (fsm_.session() != nullptr && fsm_.sessions() == session_number_) return std::nullopt;
  return json::value(json::object{{"session", session_name_}});
}

proto::Error WaitForEnd::timed_out() const {
  return proto::application_error("timeout", "the session has not ended yet; it goes on ending");
}

}  // namespace masterd::daemon
