#include "ctl/grammar.h"

#include <charconv>
#include <functional>
#include <limits>

#include "ctl/table.h"

namespace masterd::ctl {
namespace {

constexpr const char* kFooter =
    "A NAME in start, stop, restart and rotate may be a glob. CONFIG is the name of a config that "
    "`list` "
    "shows, or a file\n"
    "(anything with a slash or a dot).\n"
    "Exit status: 0 done, 1 refused or failed, 2 usage or an unknown name, 3 no daemon, 4 timed "
    "out.";

/// CLI::Range lets a NaN through (2.1), since it compares with "less than".
const CLI::Validator kTimeoutRange{
    [](const std::string& text) -> std::string {
      double seconds = 0;
      const bool good =
          CLI::detail::lexical_cast(text, seconds) && seconds >= 0.001 && seconds <= 3600;
      return good ? "" : "\"" + escape(text) + "\" is not a number of seconds from 0.001 to 3600";
    },
    "SECONDS"};

/// CLI11 2.1 takes -1 and 2^64 for an unsigned option: strtoull wraps and saturates.
CLI::Validator integer(std::int64_t min, std::int64_t max) {
  const auto check = [min, max](const std::string& text) -> std::string {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && rest == end && number >= min && number <= max) return "";
    return "\"" + escape(text) + "\" is not an integer from " + std::to_string(min) + " to " +
           std::to_string(max);
  };
  return {check, "N"};
}

void add_control(CLI::App& app, Invocation& in) {
  app.add_subcommand("ping", "Say whether the daemon is there, and its version");

  auto* status = app.add_subcommand("status", "Show the daemon, its session and the coprocesses");
  status->add_option("NAME", in.name, "only this coprocess");

  app.add_subcommand("list", "List the configs that can be picked by name");

  auto* set = app.add_subcommand("set-config", "Pick a config: begin its session or change to it");
  auto* set_config = set->add_option("CONFIG", in.config, "a config's name or file");
  auto* set_text =
      set->add_option("--text", in.text_file, "send the text of this file (- is stdin)");
  set_text->excludes(set_config);
  set->add_flag("--wait", in.wait, "until everything is ready");
  set->add_flag("--dry-run", in.dry_run, "only show what would change");

  auto* check = app.add_subcommand("check", "Check a config and change nothing");
  auto* check_file = check->add_option("FILE", in.config, "a config's name or file");
  check->add_option("--text", in.text_file, "send the text of this file (- is stdin)")
      ->excludes(check_file);

  auto* end = app.add_subcommand("end-session", "Stop the session; the daemon waits for the next");
  end->add_flag("--wait", in.wait, "until all of it is gone");

  auto* shutdown = app.add_subcommand("shutdown", "Stop the session and the daemon");
  shutdown->add_option("--reason", in.reason, "for the log");
  shutdown->add_flag("--wait", in.wait, "until the daemon is gone");
}

void add_coprocess_verbs(CLI::App& app, Invocation& in) {
  for (const char* verb : {"start", "stop", "restart"}) {
    auto* sub = app.add_subcommand(verb, std::string{"Ask coprocesses to "} + verb);
    sub->add_option("NAMES", in.names, "names or globs")->required();
    sub->add_flag("--wait", in.wait, "until it is done");
    if (std::string_view{verb} != "start")
      sub->add_flag("--now", in.now, "SIGKILL at once, no grace");
  }

  auto* signal = app.add_subcommand("signal", "Send a signal to a coprocess");
  signal->add_option("NAME", in.name, "the coprocess")->required();
  signal->add_option("SIGNAL", in.signal, "HUP, SIGHUP or 1")->required();

  auto* write = app.add_subcommand("write", "Write to the stdin of a coprocess");
  write->add_option("NAME", in.name, "the coprocess")->required();
  write->add_option("TEXT", in.text,
                    "what to write, a newline is added (default: the standard input as it is)");

  auto* wait = app.add_subcommand("wait", "Wait until a coprocess is in a state");
  wait->add_option("NAME", in.name, "the coprocess")->required();
  wait->add_option("STATE", in.state, "running, stopped, exited, failed, ...")->required();

  auto* tree = app.add_subcommand("tree", "Show the processes of each coprocess");
  tree->add_option("NAME", in.name, "only of this coprocess");

  auto* logs = app.add_subcommand("logs", "Show what a coprocess has printed");
  logs->add_option("NAME", in.name, "the coprocess")->required();
  logs->add_option("-n,--lines", in.lines, "the newest N lines")->check(integer(1, 10000));
  logs->add_flag("-f,--follow", in.follow, "go on until interrupted");

  auto* rotate = app.add_subcommand("rotate", "Begin new output files: FILE becomes FILE.1");
  rotate->add_option("NAMES", in.names, "names or globs (default: all)");

  auto* events = app.add_subcommand("events", "Print events until interrupted");
  events->add_option("TOPIC", in.names, "prefixes like coprocess.NAME. or log. (default: all)");

  auto* history = app.add_subcommand("history", "List past transitions, oldest first");
  history->add_option("NAME", in.name, "only of this coprocess");
  history->add_option("--since-seq", in.since_seq, "only those after this number")
      ->check(integer(0, std::numeric_limits<std::int64_t>::max()));
  history->add_option("--limit", in.limit, "at most this many")->check(integer(1, 10000));

  auto* call = app.add_subcommand("call", "Call any method and print its result as JSON");
  call->add_option("METHOD", in.method, "the method's name")->required();
  call->add_option("PARAMS", in.params, "an object in JSON");
}

void add_pictures(CLI::App& app, Invocation& in) {
  app.add_subcommand("blame", "Show how long each coprocess took to be ready, the slowest first");

  auto* plot = app.add_subcommand("plot", "Draw how the session came up, as SVG");
  plot->add_flag("--all", in.all, "go on until now, not only until everything was ready");

  app.add_subcommand("graph", "Draw who requires whom, in the DOT language of Graphviz");
}

}  // namespace

Grammar::Grammar() : app{"Talks to masterd, the session master.", "masterctl"} {
  app.footer(kFooter);
  app.set_version_flag("--version", std::string{"masterctl " MASTERD_VERSION});
  app.add_option("--endpoint", in.endpoint, "where the daemon listens (default: $MASTERD_ENDPOINT)")
      ->take_last();
  timeout =
      app.add_option("--timeout", seconds, "seconds to wait (10; 60 where --wait or wait is given)")
          ->check(kTimeoutRange)
          ->take_last();
  app.add_flag("--json", in.json, "print the result as JSON");
  add_control(app, in);
  add_coprocess_verbs(app, in);
  add_pictures(app, in);
  // One verb, then no argument is taken for a second: a coprocess may be named "status".
  app.get_formatter()->label("SUBCOMMAND", "VERB");
  app.require_subcommand(1, 1);
  // Global options may follow the verb.
  for (CLI::App* sub : app.get_subcommands(std::function<bool(CLI::App*)>{}))
    sub->fallthrough()->group("Verbs");
}

}  // namespace masterd::ctl
