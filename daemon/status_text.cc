#include "daemon/status_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace masterd::daemon {
namespace {

using supervisor::CoprocessView;
using supervisor::State;

constexpr std::size_t kNamed = 3;  // one line has no room for a hundred

std::string enumerate(const std::vector<std::string>& all) {
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(all.size(), kNamed));
  std::string text = fmt::format("{}", fmt::join(all.begin(), end, ", "));
  if (all.size() > kNamed) text += fmt::format(" and {} more", all.size() - kNamed);
  return text;
}

bool is_well(const CoprocessView& view) { return view.ready || view.state == State::Exited; }

std::vector<std::string> names_in(const std::vector<CoprocessView>& views, State state) {
  std::vector<std::string> names;
  for (const CoprocessView& view : views) {
    if (view.state == state) names.push_back(view.name);
  }
  return names;
}

std::string count_ready(const std::vector<CoprocessView>& views) {
  return fmt::format("{} of {} ready", std::count_if(views.begin(), views.end(), is_well),
                     views.size());
}

std::string starting(const std::vector<CoprocessView>& views) {
  std::string text = count_ready(views);
  const auto names = names_in(views, State::Starting);
  if (!names.empty()) text += ", waiting for " + enumerate(names);
  return text;
}

std::string running(const std::vector<CoprocessView>& views) {
  std::vector<std::string> unwell;
  for (const CoprocessView& view : views) {
    if (!is_well(view)) unwell.push_back(fmt::format("{}: {}", view.name, to_string(view.state)));
  }
  std::string text = count_ready(views);
  if (!unwell.empty()) text += ", " + enumerate(unwell);
  return text;
}

/// Those whose turn it is; who still runs waits for them.
std::string stopping(const std::vector<CoprocessView>& views) {
  const auto names = names_in(views, State::Stopping);
  return names.empty() ? "" : "waiting for " + enumerate(names);
}

std::string detail(const SessionFsm& session) {
  if (!session.stage().empty()) return session.stage();
  const auto views = session.supervisor().views();
  switch (session.state()) {
    case SessionState::Starting:
      return starting(views);
    case SessionState::Stopping:
      return stopping(views);
    case SessionState::Running:
    case SessionState::Waiting:
      break;
  }
  return running(views);
}

}  // namespace

std::string status_text(const DaemonFsm& fsm) {
  if (const SessionFsm* session = fsm.session()) {
    // Before its first turn it has announced nothing.
    const SessionState state =
        session->state() == SessionState::Waiting ? SessionState::Starting : session->state();
    std::string text = fmt::format("{} {}", to_string(state), session->session_name());
    if (const std::string more = detail(*session); !more.empty()) text += ": " + more;
    return text;
  }
  if (fsm.shutdown_requested()) return "ending";
  if (const auto next = fsm.next_session()) return "waiting to begin " + next->name + " anew";
  return "waiting for a configuration";
}

std::optional<fsm::Deadline> waits_until(const DaemonFsm& fsm) {
  const SessionFsm* session = fsm.session();
  if (session == nullptr) return std::nullopt;
  std::optional<fsm::Deadline> latest = session->waits_until();
  for (const CoprocessView& view : session->supervisor().views()) {
    if (view.until && (!latest || *view.until > *latest)) latest = view.until;
  }
  return latest;
}

}  // namespace masterd::daemon
