#include "ctl/render.h"

#include <fmt/format.h>

#include "ctl/json_text.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/tree.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

std::string render_ping(const json::value& r) {
  return escape(fmt::format("masterd {}, protocol {}, pid {}", text(r, "version"),
                            text(r, "protocol"), text(r, "pid"))) +
         "\n";
}

std::string render_configs(const json::value& r) {
  if (list(r, "configs").empty()) return "no configs\n";
  Table table{{"NAME", "DESCRIPTION", "PATH", "ERROR"}};
  for (const json::value& c : list(r, "configs")) {
    table.add({text(c, "name"), text(c, "description"), text(c, "path"), text(c, "error")});
  }
  std::string out = table.str(false);
  if (text(r, "truncated") == "yes") out += "there are more files than are looked at\n";
  return out;
}

std::string render_set_config(const json::value& r) {
  std::string out = fmt::format("session {}, generation {}\n", escape(text(r, "session")),
                                escape(text(r, "generation")));
  const json::value* changes = member(r, "changes");
  for (const char* kind : {"added", "removed", "changed", "dependents", "updated", "unchanged"}) {
    if (changes == nullptr || list(*changes, kind).empty()) continue;
    out += fmt::format("  {}: {}\n", kind, joined(list(*changes, kind)));
  }
  if (text(r, "anew") == "yes") out += "  the session is begun anew\n";
  return out;
}

/// What set-config would do, in words.
std::string render_plan(const json::value& r) {
  constexpr std::pair<const char*, const char*> kWords[] = {
      {"removed", "stop"},
      {"changed", "restart"},
      {"dependents", "restart with what they require"},
      {"added", "start"},
      {"updated", "take over new settings, without a restart"}};
  std::string out;
  const json::value* changes = member(r, "changes");
  for (const auto& [kind, words] : kWords) {
    if (changes == nullptr || list(*changes, kind).empty()) continue;
    out += fmt::format("  {}: {}\n", words, joined(list(*changes, kind)));
  }
  const std::string name = escape(text(r, "session"));
  if (out.empty()) return fmt::format("session {}: nothing would change\n", name);
  if (text(r, "anew") == "yes") out += "  end in order, and be begun anew, all of it\n";
  return fmt::format("session {}: it would\n{}", name, out);
}

std::string render_states(const json::value& r, bool colours) {
  Table table{{"NAME", "STATE"}};
  for (const json::value& c : list(r, "coprocesses"))
    table.add({text(c, "name"), state_cell(c, "state")});
  return table.str(colours);
}

std::string render_rotated(const json::value& r) {
  if (list(r, "files").empty()) return "no output files\n";
  Table table{{"NAME", "FILE", "ERROR"}};
  for (const json::value& file : list(r, "files")) {
    table.add({text(file, "name"), text(file, "path"), text(file, "error")});
  }
  return table.str(false);
}

std::string render_history(const json::value& r, bool colours) {
  Table table{{"SEQ", "TIME", "NAME", "FROM", "TO", "CAUSE"}};
  for (const json::value& t : list(r, "transitions")) {
    table.add({text(t, "seq"), text(t, "time"), text(t, "name"), state_cell(t, "from"),
               state_cell(t, "to"), text(t, "cause")});
  }
  return table.str(colours);
}

std::string render_log(const json::value& r) {
  std::string out;
  for (const json::value& line : list(r, "lines")) {
    if (line.is_object()) out += render_log_line(line.get_object());
  }
  return out;
}

}  // namespace

std::string render_log_line(const json::object& line) {
  const json::value value(line);
  return fmt::format("{} {:6} {}\n", escape(text(value, "time")), escape(text(value, "stream")),
                     escape(text(value, "text")));
}

std::string render_event(const json::object& params, bool colours) {
  const json::value event(params);
  const std::string type = text(event, "type");
  const std::string time = escape(text(event, "time"));
  if (type == "log") {
    return fmt::format("{} {} {}: {}\n", time, escape(text(event, "name")),
                       escape(text(event, "stream")), escape(text(event, "text")));
  }
  if (type == "session" || type == "coprocess") {
    const std::string to = text(event, "to");
    std::string out = fmt::format("{} {} {}: {} -> {}", time, type,
                                  escape(text(event, type == "session" ? "session" : "name")),
                                  escape(text(event, "from")),
                                  colours ? paint(escape(to), colour_of(to)) : escape(to));
    if (const std::string pid = text(event, "pid"); !pid.empty()) out += ", pid " + escape(pid);
    if (const std::string exit = last_exit(event); !exit.empty()) out += ", " + escape(exit);
    if (const std::string cause = text(event, "cause"); !cause.empty())
      out += " (" + escape(cause) + ")";
    return out + "\n";
  }
  if (type == "heartbeat")
    return fmt::format("{} heartbeat, up {}\n", time, duration(event, "uptime_s"));
  return proto::encode(event) + "\n";
}

std::string render_diagnostics(const json::value& diagnostics) {
  std::string out;
  if (!diagnostics.is_array()) return out;
  for (const json::value& d : diagnostics.get_array()) {
    // The same form as config's own Diagnostic: an unknown position is left out.
    out += escape(text(d, "file"));
    for (const char* number : {"line", "column"}) {
      const std::string n = text(d, number);
      if (!n.empty() && n != "0") out += ":" + escape(n);
    }
    out += ": ";
    if (const std::string key = text(d, "key"); !key.empty()) out += escape(key) + ": ";
    out += escape(text(d, "message")) + "\n";
  }
  return out;
}

std::string render_error(const proto::Error& error) {
  std::string out = escape(error.message);
  std::string lines;
  if (const json::value* diagnostics = member(error.data, "diagnostics")) {
    lines = render_diagnostics(*diagnostics);
    // The message stands for the diagnostics where they are not shown; here it would only repeat
    // the first.
    if (lines.substr(0, lines.find('\n')) == out) out = "the config is not valid";
  }
  if (const std::string_view reason = proto::reason_of(error); !reason.empty()) {
    out += fmt::format(" ({})", escape(reason));
  }
  if (lines.empty()) return out;
  lines.pop_back();
  return out + "\n" + lines;
}

std::string render_result(std::string_view verb, const json::value& r, bool colours) {
  if (verb == "ping") return render_ping(r);
  if (verb == "status") return render_status(r, colours);
  if (verb == "list") return render_configs(r);
  if (verb == "set-config") {
    return text(r, "dry_run") == "yes" ? render_plan(r) : render_set_config(r);
  }
  if (verb == "check") return text(r, "ok") == "yes" ? "ok\n" : "";
  if (verb == "end-session") return fmt::format("session {}\n", escape(text(r, "session")));
  if (verb == "shutdown") {
    return text(r, "already_in_progress") == "yes" ? "already in progress\n" : "accepted\n";
  }
  if (verb == "start" || verb == "stop" || verb == "restart") return render_states(r, colours);
  if (verb == "signal") return {};
  if (verb == "tree") return render_tree(r);
  if (verb == "wait") return escape(fmt::format("{} {}", text(r, "name"), text(r, "state"))) + "\n";
  if (verb == "rotate") return render_rotated(r);
  if (verb == "logs") return render_log(r);
  if (verb == "history") return render_history(r, colours);
  return proto::encode(r) + "\n";
}

}  // namespace masterd::ctl
