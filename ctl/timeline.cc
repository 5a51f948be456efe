#include "ctl/timeline.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "ctl/exit_code.h"
#include "ctl/json_text.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

constexpr const char* kSession = "session.";  // its name in the history

struct Change {
  milliseconds time;
  std::string name;
  std::string from;
  std::string to;
};

/// Those of the session that began last, oldest first. The wall clock may have been set meanwhile:
/// no time is before the one that came before it.
std::vector<Change> changes_of_session(const json::value& history) {
  std::vector<Change> changes;
  milliseconds latest{0};
  for (const json::value& t : list(history, "transitions")) {
    const auto time = wire_time(text(t, "time"));
    if (!time) continue;
    Change change{*time, text(t, "name"), text(t, "from"), text(t, "to")};
    if (change.name == kSession && change.from == "waiting") {
      changes.clear();
      latest = *time;
    }
    latest = change.time = std::max(latest, change.time);
    changes.push_back(std::move(change));
  }
  return changes;
}

double seconds(milliseconds t) { return static_cast<double>(t.count()) / 1000.0; }

/// What makes a coprocess ready: running; of a oneshot that it ended well.
bool is_ready(const std::string& state, bool oneshot) {
  return state == "running" || (oneshot && state == "exited");
}

void add_change(Bar& bar, const Change& change, double at, bool oneshot) {
  if (!bar.phases.empty()) bar.phases.back().to_s = at;
  bar.phases.push_back({change.to, at, at});
  if (change.to == "starting" && !bar.started_s) bar.started_s = at;
  if (is_ready(change.to, oneshot) && bar.started_s && !bar.ready_s) bar.ready_s = at;
}

}  // namespace

std::optional<milliseconds> wire_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.dddZ";
  if (text.size() != kForm.size()) return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto at = [text](std::size_t from, std::size_t size) {
    int number = 0;
    for (const char c : text.substr(from, size)) number = number * 10 + (c - '0');
    return number;
  };
  namespace chrono = std::chrono;
  const chrono::year_month_day date{chrono::year{at(0, 4)},
                                    chrono::month{static_cast<unsigned>(at(5, 2))},
                                    chrono::day{static_cast<unsigned>(at(8, 2))}};
  if (!date.ok()) return std::nullopt;
  return chrono::sys_days{date}.time_since_epoch() + chrono::hours{at(11, 2)} +
         chrono::minutes{at(14, 2)} + chrono::seconds{at(17, 2)} + milliseconds{at(20, 3)};
}

Timeline make_timeline(const json::value& status, const json::value& history) {
  const json::value* session = member(status, "session");
  if (session == nullptr || session->is_null()) throw Failure{kFailed, "there is no session"};
  Timeline timeline;
  timeline.session = text(*session, "name");
  std::map<std::string, std::size_t> place;
  std::vector<bool> oneshot;
  for (const json::value& c : list(status, "coprocesses")) {
    place.emplace(text(c, "name"), timeline.bars.size());
    oneshot.push_back(text(c, "type") == "oneshot");
    timeline.bars.push_back({text(c, "name"), text(c, "state"), {}, {}, {}});
  }

  const std::vector<Change> changes = changes_of_session(history);
  if (changes.empty()) return timeline;
  const milliseconds began = changes.front().time;
  const milliseconds ended =
      std::max(changes.back().time, wire_time(text(status, "time")).value_or(milliseconds{0}));
  timeline.end_s = seconds(ended - began);
  for (const Change& change : changes) {
    const double at = seconds(change.time - began);
    if (change.name == kSession) {
      if (change.to == "running" && !timeline.ready_s) timeline.ready_s = at;
      continue;
    }
    const auto found = place.find(change.name);
    if (found == place.end()) continue;  // it has left since
    add_change(timeline.bars[found->second], change, at, oneshot[found->second]);
  }
  for (Bar& bar : timeline.bars) {
    if (!bar.phases.empty()) bar.phases.back().to_s = timeline.end_s;
  }
  return timeline;
}

std::size_t never_came_up(const Timeline& timeline) {
  const auto failed = [](const Bar& bar) { return bar.state == "failed" && !bar.ready_s; };
  return static_cast<std::size_t>(
      std::count_if(timeline.bars.begin(), timeline.bars.end(), failed));
}

json::object timeline_json(const Timeline& timeline) {
  json::array coprocesses;
  for (const Bar& bar : timeline.bars) {
    json::array phases;
    for (const Phase& phase : bar.phases) {
      phases.push_back(
          json::object{{"state", phase.state}, {"from_s", phase.from_s}, {"to_s", phase.to_s}});
    }
    json::object c{{"name", bar.name}, {"state", bar.state}};
    if (bar.started_s) c["started_s"] = *bar.started_s;
    if (bar.ready_s) c["ready_s"] = *bar.ready_s;
    c["phases"] = std::move(phases);
    coprocesses.push_back(std::move(c));
  }
  json::object out{{"session", timeline.session}};
  if (timeline.ready_s) out["ready_s"] = *timeline.ready_s;
  out["end_s"] = timeline.end_s;
  out["coprocesses"] = std::move(coprocesses);
  return out;
}

}  // namespace masterd::ctl
