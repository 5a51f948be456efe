#include "ctl/options.h"

#include <algorithm>
#include <sstream>

#include "ctl/exit_code.h"
#include "ctl/grammar.h"
#include "ctl/table.h"
#include "proto/text.h"

namespace masterd::ctl {
namespace {

/// CLI11 would only say that a subcommand is required.
std::string unknown_verb(const CLI::App& app, const std::string& word) {
  std::vector<std::string> verbs;
  for (const CLI::App* sub : app.get_subcommands(nullptr)) verbs.push_back(sub->get_name());
  const std::string_view near = proto::nearest(word, verbs);
  return "unknown verb \"" + escape(word) + "\"" +
         (near.empty() ? ". Run with --help for the list."
                       : "; did you mean \"" + std::string{near} + "\"?");
}

/// What CLI11 can't say about combinations; empty when all is well.
std::string contradiction(const Invocation& in) {
  const bool takes_config = in.verb == "set-config" || in.verb == "check";
  if (takes_config && in.config.empty() && in.text_file.empty()) {
    return in.verb + ": give a config, or --text FILE";
  }
  const auto empty = [](const std::string& name) { return name.empty(); };
  if (in.verb != "events" && std::any_of(in.names.begin(), in.names.end(), empty)) {
    return in.verb + ": a name must not be empty";
  }
  return {};
}

}  // namespace

std::variant<Invocation, Answered> parse_command_line(std::vector<std::string> args) {
  Grammar grammar;
  CLI::App& app = grammar.app;
  Invocation& in = grammar.in;
  try {
    std::reverse(args.begin(), args.end());  // CLI11 takes a vector from its back
    app.parse(args);
  } catch (const CLI::Success& asked) {  // --help, --version
    std::ostringstream text;
    app.exit(asked, text, text);
    const std::string help = text.str();
    return Answered{kDone, help.ends_with('\n') ? help : help + "\n"};
  } catch (const CLI::ParseError& error) {
    const auto rest = app.remaining();
    if (app.get_subcommands().empty() && !rest.empty()) {
      return Answered{kUsage, unknown_verb(app, rest.front())};
    }
    return Answered{kUsage, std::string{error.what()} + "\nRun with --help for more information."};
  }
  in.verb = app.get_subcommands().front()->get_name();
  if (grammar.timeout->count() > 0) {
    in.timeout = std::chrono::milliseconds{static_cast<std::int64_t>(grammar.seconds * 1000)};
  }
  const std::string wrong = contradiction(in);
  if (!wrong.empty()) return Answered{kUsage, wrong};
  return std::move(in);
}

}  // namespace masterd::ctl
