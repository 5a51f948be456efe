// The methods about coprocesses.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "config/load.h"
#include "daemon/coprocess_requests.h"
#include "daemon/handlers.h"
#include "proto/params.h"
#include "supervisor/stdin_writer.h"

namespace masterd::daemon {

namespace json = boost::json;
using proto::Params;
using supervisor::SupervisorFsm;

namespace {

constexpr std::size_t kMaxGlobs = 1000;
/// fnmatch(3) of glibc backtracks exponentially on many stars; no name is longer than 64.
constexpr std::size_t kMaxGlob = 64;

/// The name of a family of instances is none of a coprocess.
proto::Error nothing_matches(const std::string& glob, const std::vector<std::string>& all) {
  proto::Error error = unknown_coprocess(glob);
  const auto instance = [&](const std::string& name) { return name == glob + "-1"; };
  if (std::any_of(all.begin(), all.end(), instance)) {
    error.message += fmt::format("; its instances are '{}-*'", glob);
  }
  return error;
}

/// Every coprocess that some glob matches, once, in file order.
std::variant<std::vector<std::string>, proto::Error> matching(
    const SupervisorFsm& supervisor, const std::vector<std::string>& globs) {
  std::vector<std::string> all;
  for (const auto& view : supervisor.views()) all.push_back(view.name);
  std::vector<bool> chosen(all.size());
  for (const std::string& glob : globs) {
    bool matched = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (glob != all[i] && ::fnmatch(glob.c_str(), all[i].c_str(), 0) != 0) continue;
      matched = chosen[i] = true;
    }
    if (!matched) return nothing_matches(glob, all);
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (chosen[i]) names.push_back(all[i]);
  }
  return names;
}

void check_globs(Params& params, const std::vector<std::string>& globs) {
  if (globs.size() > kMaxGlobs) params.refuse("names", fmt::format("has more than {}", kMaxGlobs));
  for (const std::string& glob : globs) {
    const auto stars = std::count(glob.begin(), glob.end(), '*');
    if (glob.size() > kMaxGlob || stars > 4 || glob.find('\0') != std::string::npos) {
      params.refuse("names",
                    fmt::format("has a pattern of more than {} bytes or 4 stars", kMaxGlob));
    }
  }
}

/// What has no file is left out; one that could not be rotated is written on.
json::object rotate_json(SupervisorFsm& supervisor, const std::vector<std::string>& names) {
  json::array files;
  for (const std::string& name : names) {
    const std::string path = supervisor.output_file(name);
    if (path.empty()) continue;
    json::object file{{"name", name}, {"path", path}};
    if (const int error = supervisor.rotate_output(name); error != 0) {
      file["error"] = std::strerror(error);
    }
    files.push_back(std::move(file));
  }
  return {{"files", std::move(files)}};
}

void act(SupervisorFsm& supervisor, Verb verb, const std::string& name, bool now) {
  switch (verb) {
    case Verb::Start:
      return supervisor.start_coprocess(name);
    case Verb::Stop:
      return supervisor.stop_coprocess(name, now);
    case Verb::Restart:
      return supervisor.restart_coprocess(name, now);
  }
}

std::optional<proto::Error> refuse_start(const SupervisorFsm& supervisor,
                                         const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto spent = supervisor.cannot_start(name);
    if (!spent) continue;
    const std::string needs = *spent == name ? "" : fmt::format("it requires {}: ", *spent);
    return proto::application_error(
        "impossible",
        fmt::format("{}: {}it cannot be started again alone; restart the session "
                    "(masterctl restart {})",
                    name, needs, *spent),
        {{"name", *spent}, {"state", to_string(supervisor.state(*spent))}});
  }
  return std::nullopt;
}

Handled handle_verb(Services& services, Call& call, Verb verb) {
  Params params{call.params};
  const auto globs = params.required_strings("names");
  const bool wait = params.optional_bool("wait", false);
  const bool now = verb != Verb::Start && params.optional_bool("now", false);
  const auto timeout = params.optional_seconds("timeout_s");
  check_globs(params, globs);
  if (const auto& error = params.finish()) return *error;

  SupervisorFsm* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (verb != Verb::Stop && services.fsm.session()->state() == SessionState::Stopping) {
    return proto::application_error("busy", "the session is ending");
  }
  const auto matched = matching(*supervisor, globs);
  if (const auto* error = std::get_if<proto::Error>(&matched)) return *error;
  const auto& names = std::get<std::vector<std::string>>(matched);
  if (verb == Verb::Start) {
    if (const auto& error = refuse_start(*supervisor, names)) return *error;
  }
  for (const std::string& name : names) act(*supervisor, verb, name, now);
  if (!wait) return states_json(*supervisor, names);
  return later(services, call, std::make_unique<WaitForVerb>(services.fsm, verb, names), timeout);
}

}  // namespace

Handled handle_start(Services& services, Call& call) {
  return handle_verb(services, call, Verb::Start);
}
Handled handle_stop(Services& services, Call& call) {
  return handle_verb(services, call, Verb::Stop);
}
Handled handle_restart(Services& services, Call& call) {
  return handle_verb(services, call, Verb::Restart);
}

Handled handle_rotate_logs(Services& services, Call& call) {
  Params params{call.params};
  const auto globs = params.optional_strings("names").value_or(std::vector<std::string>{"*"});
  check_globs(params, globs);
  if (const auto& error = params.finish()) return *error;
  SupervisorFsm* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  const auto matched = matching(*supervisor, globs);
  if (const auto* error = std::get_if<proto::Error>(&matched)) return *error;
  return rotate_json(*supervisor, std::get<std::vector<std::string>>(matched));
}

Handled handle_signal(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.required_string("name");
  const auto signal = params.required_string("signal");
  const auto signo = config::parse_signal(signal);
  if (!signo) params.refuse("signal", "is no signal: use a name like SIGHUP, or a number 1 to 64");
  if (const auto& error = params.finish()) return *error;
  SupervisorFsm* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (!supervisor->has(name)) return unknown_coprocess(name);
  const int error = supervisor->signal_coprocess(name, *signo);
  if (error == ESRCH) {
    return proto::application_error("not_running", name + " has no process", {{"name", name}});
  }
  if (error != 0) {
    return proto::application_error("failed", fmt::format("{}: {}", name, std::strerror(error)),
                                    {{"name", name}});
  }
  return json::object{};
}

namespace {

proto::Error not_written(const std::string& name, int error) {
  const auto refuse = [&name](std::string_view reason, std::string_view why) {
    return proto::application_error(reason, fmt::format("{}: {}", name, why), {{"name", name}});
  };
  switch (error) {
    case ESRCH:
      return refuse("not_running", "it has no process");
    case ENOTSUP:
      return refuse("no_stdin", "its stdin is not a pipe; see the key 'stdin' of its file");
    case EPIPE:
      return refuse("stdin_closed", "it does not read its stdin any more");
    case EAGAIN:
      return refuse("queue_full", "it has not read yet what was written before; try again");
    case EMSGSIZE:
      return refuse("too_large", fmt::format("at most {} bytes can be written at once",
                                             supervisor::StdinWriter::kCapacity));
    default:
      return refuse("failed", std::strerror(error));
  }
}

}  // namespace

Handled handle_write_stdin(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.required_string("name");
  const auto given = params.optional_string("data");  // empty: only asks whether it could
  if (!call.params.contains("data")) params.refuse("data", "is missing");
  if (const auto& error = params.finish()) return *error;
  SupervisorFsm* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (!supervisor->has(name)) return unknown_coprocess(name);
  const std::string data = given.value_or("");
  const int error = supervisor->write_stdin(name, data);
  if (error != 0) return not_written(name, error);
  return json::object{{"bytes", data.size()}};
}

Handled handle_wait(Services& services, Call& call) {
  Params params{call.params};
  const auto name = params.required_string("name");
  const auto word = params.required_choice("state", {"waiting", "starting", "running", "stopping",
                                                     "backoff", "exited", "stopped", "failed"});
  const auto timeout = params.optional_seconds("timeout_s");
  if (const auto& error = params.finish()) return *error;
  SupervisorFsm* supervisor = supervisor_of(services);
  if (supervisor == nullptr) return no_session();
  if (!supervisor->has(name)) return unknown_coprocess(name);
  const auto state = supervisor::state_from_string(word).value();
  return later(services, call, std::make_unique<WaitForState>(services.fsm, name, state), timeout);
}

}  // namespace masterd::daemon
