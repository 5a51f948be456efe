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
      session_number_{fsm.sessions() + (fsm.begins_anew() ? 1 : 0)},
      generation_{fsm.begins_anew() ? 1 : fsm.session()->generation()},
      result_{std::move(result)} {}

std::vector<std::string> WaitForReady::names() const { return {std::string{kSessionName}}; }

std::optional<Answer> WaitForReady::decide() {
  if (fsm_.sessions() < session_number_ && fsm_.begins_anew()) return std::nullopt;
  const auto superseded = proto::application_error("superseded", "another configuration was set");
  if (fsm_.sessions() == session_number_ && fsm_.superseded()) return superseded;
  const SessionFsm* session = fsm_.session();
  if (session == nullptr || fsm_.sessions() != session_number_ ||
      session->state() == SessionState::Stopping) {
    return ended(fsm_.sessions() == session_number_ ? session : nullptr);
  }
  if (session->generation() != generation_) return superseded;
  if (session->state() != SessionState::Running) return std::nullopt;
  if (!session->supervisor().all_ready()) return failed(*session);
  return json::value(std::move(result_));
}

// Who failed for a requirement is not told: it is not why.
proto::Error WaitForReady::ended(const SessionFsm* session) {
  constexpr std::string_view kEnded = "the session ended before it was ready";
  if (session == nullptr || !session->shutdown_reason()) {
    return proto::application_error("ended", std::string{kEnded});
  }
  json::array coprocesses;
  std::string why;
  for (const auto& view : session->supervisor().views()) {
    if (view.state != supervisor::State::Failed || !view.reason) continue;
    if (view.reason->rfind("dependency: ", 0) == 0) continue;
    json::object one{
        {"name", view.name}, {"state", to_string(view.state)}, {"reason", *view.reason}};
    why += fmt::format("{}{}: {}", why.empty() ? "" : "; ", view.name, *view.reason);
    for (const auto& line : session->supervisor().ring(view.name).last(1)) {
      one["output"] = line.text;
      why += ": " + line.text;
    }
    coprocesses.push_back(std::move(one));
  }
  if (why.empty()) why = *session->shutdown_reason();
  return proto::application_error(
      "ended", fmt::format("{}: {}", kEnded, why),
      {{"detail", *session->shutdown_reason()}, {"coprocesses", std::move(coprocesses)}});
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
