#include "daemon/coprocess_requests.h"

#include <fmt/format.h>

#include <utility>

namespace masterd::daemon {

namespace json = boost::json;
using supervisor::CoprocessView;
using supervisor::Desired;
using supervisor::State;
using supervisor::SupervisorFsm;

namespace {

/// The supervisor that the request was made for, if it still is there.
const SupervisorFsm* supervisor_of(const DaemonFsm& fsm, unsigned session_number) {
  const SessionFsm* session = fsm.session();
  if (session == nullptr || fsm.sessions() != session_number) return nullptr;
  return &session->supervisor();
}

proto::Error about(std::string_view reason, const std::string& name, const std::string& what,
                   const CoprocessView* view = nullptr) {
  json::object extra{{"name", name}};
  if (view != nullptr) {
    extra["state"] = to_string(view->state);
    if (view->reason) extra["detail"] = *view->reason;
  }
  return proto::application_error(reason, fmt::format("{}: {}", name, what), std::move(extra));
}

std::string_view word(Verb verb) {
  switch (verb) {
    case Verb::Start:
      return "start";
    case Verb::Stop:
      return "stop";
    case Verb::Restart:
      return "restart";
  }
  return "?";
}

json::object with_states(const std::vector<std::string>& names,
                         const std::function<std::string_view(const std::string&)>& state_of) {
  json::array list;
  for (const std::string& name : names) {
    list.push_back(json::object{{"name", name}, {"state", state_of(name)}});
  }
  return {{"coprocesses", std::move(list)}};
}

}  // namespace

json::object states_json(const SupervisorFsm& supervisor, const std::vector<std::string>& names) {
  return with_states(names, [&supervisor](const std::string& name) {
    return to_string(supervisor.has(name) ? supervisor.state(name) : State::Stopped);
  });
}

WaitForVerb::WaitForVerb(const DaemonFsm& fsm, Verb verb, const std::vector<std::string>& names)
    : fsm_{fsm},
      session_number_{fsm.sessions() + (verb == Verb::Restart && fsm.begins_anew() ? 1 : 0)},
      verb_{verb},
      names_{names} {}

void WaitForVerb::saw(const std::string& name, std::string_view to) {
  if (to == to_string(State::Starting)) seen_[name].starting = true;
  if (to == to_string(State::Failed)) seen_[name].failed = true;
}

std::optional<Answer> WaitForVerb::decide() {
  if (fsm_.sessions() < session_number_ && fsm_.begins_anew()) return std::nullopt;
  const SupervisorFsm* supervisor = supervisor_of(fsm_, session_number_);
  if (supervisor == nullptr) return session_over();
  bool done = true;
  for (const std::string& name : names_) {
    const Judged judged = judge(*supervisor, name);
    if (const auto* error = std::get_if<proto::Error>(&judged)) return *error;
    done = done && std::get<Progress>(judged) == Progress::Done;
  }
  if (!done) return std::nullopt;
  return json::value(states_json(*supervisor, names_));
}

WaitForVerb::Judged WaitForVerb::judge(const SupervisorFsm& supervisor,
                                       const std::string& name) const {
  if (supervisor.has(name)) {
    return verb_ == Verb::Stop ? judge_down(supervisor, name) : judge_up(supervisor, name);
  }
  // Removed by another configuration, and gone.
  if (verb_ == Verb::Stop) return Progress::Done;
  return about("superseded", name, "it was removed from the session");
}

WaitForVerb::Judged WaitForVerb::judge_up(const SupervisorFsm& supervisor,
                                          const std::string& name) const {
  const CoprocessView view = supervisor.view(name);
  const auto seen = seen_.find(name);
  const bool new_life = verb_ == Verb::Start || (seen != seen_.end() && seen->second.starting);
  if (view.state == State::Exited && new_life) return Progress::Done;
  if (view.state == State::Running) {
    // A running one that waits for something waits for its dependents to end, and ends then.
    if (new_life && view.waiting_for.empty()) return Progress::Done;
    if (view.desired == Desired::Up) return Progress::Waiting;
  } else if (supervisor.possible(name, State::Running)) {
    return Progress::Waiting;
  }
  if (view.desired == Desired::Down) {
    return about("superseded", name, "it was stopped by another request", &view);
  }
  return about("failed", name, view.reason.value_or("it cannot start"), &view);
}

WaitForVerb::Judged WaitForVerb::judge_down(const SupervisorFsm& supervisor,
                                            const std::string& name) const {
  const State state = supervisor.state(name);
  if (state == State::Stopped) return Progress::Done;
  const CoprocessView view = supervisor.view(name);
  if (view.desired == Desired::Up) {
    return about("superseded", name, "it was started by another request", &view);
  }
  if (state != State::Failed) return Progress::Waiting;
  const auto seen = seen_.find(name);
  if (seen == seen_.end() || !seen->second.failed) return Progress::Done;  // it had failed before
  return about("failed", name, view.reason.value_or("it could not be stopped"), &view);
}

// Nothing of the session is left.
Answer WaitForVerb::session_over() const {
  if (verb_ == Verb::Stop) {
    return json::value(
        with_states(names_, [](const std::string&) { return to_string(State::Stopped); }));
  }
  return about("superseded", names_.front(), "the session has ended");
}

proto::Error WaitForVerb::timed_out() const {
  const SupervisorFsm* supervisor = supervisor_of(fsm_, session_number_);
  json::object extra;
  if (supervisor != nullptr) extra = states_json(*supervisor, names_);
  return proto::application_error(
      "timeout", fmt::format("the {} is not complete yet; it goes on", word(verb_)),
      std::move(extra));
}

WaitForState::WaitForState(const DaemonFsm& fsm, std::string name, State state)
    : fsm_{fsm}, session_number_{fsm.sessions()}, name_{std::move(name)}, state_{state} {}

void WaitForState::saw(const std::string&, std::string_view to) {
  seen_ = seen_ || to == to_string(state_);
}

std::optional<Answer> WaitForState::decide() {
  const SupervisorFsm* supervisor = supervisor_of(fsm_, session_number_);
  const bool there = supervisor != nullptr && supervisor->has(name_);
  if (seen_ || (there && supervisor->state(name_) == state_)) {
    return json::value(json::object{{"name", name_}, {"state", to_string(state_)}});
  }
  const std::string what = fmt::format("it cannot become {}", to_string(state_));
  if (!there) return about("impossible", name_, what + ": it is gone");
  if (supervisor->possible(name_, state_)) return std::nullopt;
  const CoprocessView view = supervisor->view(name_);
  return about("impossible", name_, fmt::format("{}: it is {}", what, to_string(view.state)),
               &view);
}

proto::Error WaitForState::timed_out() const {
  const SupervisorFsm* supervisor = supervisor_of(fsm_, session_number_);
  const bool there = supervisor != nullptr && supervisor->has(name_);
  const auto now = there ? to_string(supervisor->state(name_)) : "gone";
  return about("timeout", name_,
               fmt::format("it is {}, not {}, when the time is over", now, to_string(state_)));
}

}  // namespace masterd::daemon
