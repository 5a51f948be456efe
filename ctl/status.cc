#include "ctl/status.h"

#include <fmt/format.h>

#include <vector>

#include "ctl/json_text.h"
#include "ctl/table.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

std::string painted(const std::string& state, bool colours) {
  return colours ? paint(escape(state), colour_of(state)) : escape(state);
}

/// Appends "; MORE".
void append(std::string& line, const std::string& more) {
  if (more.empty()) return;
  if (!line.empty()) line += "; ";
  line += more;
}

/// "SIGTERM, 3.0s left"
std::string stage_of(const json::value& c) {
  std::string stage = text(c, "stage");
  if (const std::string left = duration(c, "time_left_s"); !left.empty()) {
    stage += (stage.empty() ? "" : ", ") + left + " left";
  }
  return stage;
}

std::string waits_of(const json::value& c) {
  const json::array& waits = list(c, "waiting_for");
  return waits.empty() ? "" : "waits for " + joined(waits);
}

std::string again_of(const json::value& c) {
  const std::string again = duration(c, "next_try_s");
  return again.empty() ? "" : "again in " + again;
}

/// What it is about just now, the most pressing first.
std::string now_of(const json::value& c) {
  std::string now = stage_of(c);
  append(now, waits_of(c));
  append(now, text(c, "reason"));
  append(now, again_of(c));
  // Without a reason the last exit says how it came to rest.
  if (const std::string exit = last_exit(c);
      now.empty() && text(c, "pid").empty() && !exit.empty()) {
    now = "ended with " + exit;
  }
  if (const std::string words = text(c, "status_text"); !words.empty()) {
    append(now, "\"" + words + "\"");
  }
  return now;
}

std::string render_head(const json::value& r, bool colours) {
  std::string out;
  if (const json::value* daemon = member(r, "daemon")) {
    out += fmt::format("masterd {}: {}, pid {}, up {}\n", escape(text(*daemon, "version")),
                       painted(text(*daemon, "state"), colours), escape(text(*daemon, "pid")),
                       duration(*daemon, "uptime_s"));
  }
  const json::value* session = member(r, "session");
  if (session == nullptr || session->is_null()) {
    const json::value* daemon = member(r, "daemon");
    const json::value* next = daemon == nullptr ? nullptr : member(*daemon, "next_session");
    if (next == nullptr) return out + "no session\n";
    return out + fmt::format("session {}: begins anew in {}\n", escape(text(*next, "name")),
                             duration(*next, "in_s"));
  }
  out += fmt::format("session {}: {}{}, generation {}", escape(text(*session, "name")),
                     painted(text(*session, "state"), colours),
                     text(*session, "degraded") == "yes" ? " (degraded)" : "",
                     escape(text(*session, "generation")));
  const std::string config = text(*session, "config");
  if (!config.empty()) out += ", " + escape(config);
  const std::string stage = stage_of(*session);
  return out + (stage.empty() ? "\n" : "\n  " + escape(stage) + "\n");
}

/// "    FACT: what"; nothing for what is empty.
void add_fact(std::string& out, std::string_view fact, const std::string& what) {
  if (!what.empty()) out += fmt::format("{:>12}: {}\n", fact, what);
}

std::string render_one(const json::value& c, bool colours) {
  std::string out =
      fmt::format("{}: {}", escape(text(c, "name")), painted(text(c, "state"), colours));
  const std::string desired = text(c, "desired");
  out += desired.empty() ? "\n" : ", wanted " + escape(desired) + "\n";
  add_fact(out, "group", escape(text(c, "group")));
  add_fact(out, "type", escape(text(c, "type")));
  add_fact(out, "requires", joined(list(c, "requires")));
  add_fact(out, "stage", escape(stage_of(c)));
  add_fact(out, "waits for", joined(list(c, "waiting_for")));
  add_fact(out, "reason", escape(text(c, "reason")));
  add_fact(out, "next try", again_of(c));
  add_fact(out, "says", escape(text(c, "status_text")));
  std::string pid = escape(text(c, "pid"));
  if (const std::string up = duration(c, "uptime_s"); !pid.empty() && !up.empty()) {
    pid += ", up " + up;
  }
  add_fact(out, "pid", pid);
  add_fact(out, "still alive", joined(list(c, "pids")));
  add_fact(out, "ready", escape(text(c, "ready")));
  add_fact(out, "restarts", escape(text(c, "restarts")));
  add_fact(out, "last exit", escape(last_exit(c)));
  return out;
}

}  // namespace

std::string render_status(const json::value& r, bool colours) {
  const std::string head = render_head(r, colours);
  const json::array& coprocesses = list(r, "coprocesses");
  if (coprocesses.empty()) return head;
  Table table{{"NAME", "STATE", "DESIRED", "PID", "UPTIME", "RESTARTS", "NOW"}};
  for (const json::value& c : coprocesses) {
    // Only what is out of the ordinary catches the eye in 500 rows.
    const std::string desired = text(c, "desired");
    const std::string restarts = text(c, "restarts");
    table.add({text(c, "name"), state_cell(c, "state"), desired == "up" ? "" : desired,
               text(c, "pid"), duration(c, "uptime_s"), restarts == "0" ? "" : restarts,
               now_of(c)});
  }
  return head + "\n" + table.str(colours);
}

std::string render_details(const json::value& r, bool colours) {
  std::string out;
  for (const json::value& c : list(r, "coprocesses")) out += render_one(c, colours);
  return out;
}

}  // namespace masterd::ctl
