#include "daemon/recorder.h"

#include <fmt/format.h>

#include "daemon/status_json.h"
#include "proto/event.h"

namespace masterd::daemon {

using supervisor::State;

void Recorder::keep(const Stamp& stamp, std::string_view name, std::string_view from,
                    std::string_view to, const std::string& cause) {
  history_.add(
      {stamp.seq, stamp.time, std::string{name}, std::string{from}, std::string{to}, cause});
  pending_.changed(std::string{name}, to);
  if (on_change_) on_change_();
}

void Recorder::session_changed(const SessionChange& change) {
  const auto from = to_string(change.from);
  const auto to = to_string(change.to);
  const Stamp stamp = publisher_.publish(proto::session_topic(), [&] {
    return proto::session_event(change.session, from, to, change.cause);
  });
  log_.set_session(change.session);
  log_.info("session", fmt::format("{}: {} ({})", change.session, to, change.cause),
            {.from = from, .to = to, .cause = change.cause});
  if (change.to == SessionState::Waiting) log_.set_session({});
  keep(stamp, kSessionName, from, to, change.cause);
  if (change.to == SessionState::Waiting) pending_.look_at_all();
}

void Recorder::coprocess_changed(const supervisor::Transition& transition) {
  const auto from = to_string(transition.from);
  const auto to = to_string(transition.to);
  const Stamp stamp = publisher_.publish(proto::coprocess_topic(transition.name), [&] {
    std::optional<boost::json::object> exit;
    if (transition.exit) exit = exit_json(*transition.exit);
    return proto::coprocess_event(transition.name, from, to, transition.cause, transition.pid,
                                  std::move(exit));
  });
  // A crash loop goes waiting, starting, backoff: one line of it is enough.
  const bool passing = transition.to == State::Waiting || transition.to == State::Starting;
  const std::string line = fmt::format("{} ({})", to, transition.cause);
  const About about{
      .coprocess = transition.name, .from = from, .to = to, .cause = transition.cause};
  if (transition.to == State::Failed) {
    log_.warning(transition.name, line, about);
  } else if (passing) {
    log_.debug(transition.name, line, about);
  } else {
    log_.info(transition.name, line, about);
  }
  keep(stamp, transition.name, from, to, transition.cause);
}

void Recorder::coprocess_wrote(const std::string& name, const supervisor::OutputLine& line,
                               bool logged) {
  publisher_.publish(proto::log_topic(name), [&] {
    return proto::log_event(name, to_string(line.stream), line.text, line.seq);
  });
  if (!logged) return;
  log_.info(name, line.text, {.coprocess = name, .stream = to_string(line.stream)});
}

}  // namespace masterd::daemon
