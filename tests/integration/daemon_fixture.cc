#include "tests/integration/daemon_fixture.h"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <set>
#include <stdexcept>

namespace masterd::test {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kShownLog = 10000;

json::object named(const std::string& name) { return {{"names", {name}}, {"wait", true}}; }

steady_clock::time_point deadline() { return steady_clock::now() + kLimit; }

}  // namespace

std::size_t count_of(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

std::string text_of(const json::object& object, std::string_view member) {
  const json::value* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

// ---- events ----

Events::Events(const std::string& endpoint, const std::vector<std::string>& topics)
    : subscriber_{endpoint, topics} {
  subscriber_.confirm(deadline());
}

std::optional<proto::Event> Events::next(std::chrono::milliseconds limit) {
  return subscriber_.next(steady_clock::now() + limit);
}

bool Events::await(const std::string& name, const std::string& to) {
  while (const auto event = next()) {
    if (text_of(event->params, "name") == name && text_of(event->params, "to") == to) return true;
  }
  return false;
}

// ---- the daemon ----

DaemonTest::~DaemonTest() = default;

void DaemonTest::TearDown() {
  if (daemon_runs()) {
    EXPECT_EQ(shut_down(), 0);
  }
  const auto left = processes();
  EXPECT_TRUE(left.empty()) << "left behind:\n" << describe(left);
  for (const pid_t pid : left) ::kill(pid, SIGKILL);
  if (HasFailure()) {
    const std::string text = log();
    std::cerr << "---- the daemon's log ----\n"
              << text.substr(text.size() - std::min(text.size(), kShownLog)) << "----\n";
  }
}

Plan DaemonTest::plan(const std::vector<std::string>& args) const {
  Plan plan;
  plan.argv = {MASTERD, "--endpoint", control()};
  plan.argv.insert(plan.argv.end(), args.begin(), args.end());
  // Nothing of whoever runs the tests may be found: no masterd.toml, no sessions.
  plan.env = {token(), "HOME=" + folder_.path().string(),
              "XDG_CONFIG_HOME=" + folder_.path().string()};
  plan.cwd = folder_.path().string();
  plan.err = folder_.path("log");
  return plan;
}

void DaemonTest::start(const std::vector<std::string>& args) { start(plan(args)); }

void DaemonTest::start(const Plan& plan) {
  daemon_.reset();
  daemon_ = std::make_unique<Program>(plan);
  await_answer();
}

void DaemonTest::await_answer() {
  const auto limit = deadline();
  for (;;) {
    try {
      client_.call("ping", {});
      return;
    } catch (const proto::NoDaemon&) {  // not yet: it was waited for a second
      if (daemon_->wait(std::chrono::milliseconds{0}) || steady_clock::now() > limit) {
        throw std::runtime_error{"masterd does not come up:\n" + log()};
      }
    }
  }
}

void DaemonTest::start_session(const std::string& toml) {
  start();
  set_config(session_file(toml));
}

bool DaemonTest::daemon_runs() const {
  return daemon_ && !daemon_->wait(std::chrono::milliseconds{0});
}

int DaemonTest::exit_status() { return daemon_->wait().value_or(-1); }

int DaemonTest::shut_down() {
  try {
    client_.call("shutdown", {});
  } catch (const std::exception& error) {
    ADD_FAILURE() << "shutdown: " << error.what();
  }
  return exit_status();
}

// The log tells, and no answer would: a turn takes many requests of a client that is quick enough,
// and looks for signals only before it begins.
void DaemonTest::reload() {
  const std::size_t before = count_of(log(), "signal SIGHUP");
  daemon().signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return count_of(log(), "signal SIGHUP") > before; }));
  call("ping");  // it has been handled to its end
}

// ---- requests ----

json::object DaemonTest::call(std::string_view method, const json::object& params) {
  try {
    return client_.call(method, params, kLimit).as_object();
  } catch (const std::exception& error) {
    ADD_FAILURE() << method << " " << json::serialize(params) << ": " << error.what();
    return {};
  }
}

proto::Error DaemonTest::refused(std::string_view method, const json::object& params) {
  try {
    const json::value result = client_.call(method, params, kLimit);
    ADD_FAILURE() << method << " " << json::serialize(params)
                  << " was not refused: " << json::serialize(result);
  } catch (const proto::Refused& refusal) {
    return refusal.error;
  } catch (const std::exception& error) {
    ADD_FAILURE() << method << " " << json::serialize(params) << ": " << error.what();
  }
  return {};
}

std::string DaemonTest::reason(std::string_view method, const json::object& params) {
  const proto::Error error = refused(method, params);
  return std::string{proto::reason_of(error)};
}

json::object DaemonTest::set_config(const std::string& path, bool ready) {
  return call("set_config", {{"config", path}, {"wait", ready ? "ready" : "accepted"}});
}

json::object DaemonTest::stop(const std::string& name, bool now) {
  json::object params = named(name);
  params["now"] = now;
  return call("stop", params);
}
json::object DaemonTest::start_coprocess(const std::string& name) {
  return call("start", named(name));
}
json::object DaemonTest::restart(const std::string& name) { return call("restart", named(name)); }

void DaemonTest::await_state(const std::string& name, const std::string& state) {
  call("wait", {{"name", name}, {"state", state}, {"timeout_s", kLimit.count()}});
}

void DaemonTest::await_line(const std::vector<std::string>& names, const std::string& text) {
  std::set<std::string> missing{names.begin(), names.end()};
  Events stream{events(), {"log."}};
  for (const std::string& name : names) {
    const auto printed = lines(name);
    if (std::find(printed.begin(), printed.end(), text) != printed.end()) missing.erase(name);
  }
  while (!missing.empty()) {
    const auto event = stream.next();
    if (!event) break;
    if (text_of(event->params, "text") == text) missing.erase(text_of(event->params, "name"));
  }
  EXPECT_TRUE(missing.empty()) << *missing.begin() << " has not printed " << text;
}

pid_t DaemonTest::await_new_pid(const std::string& name, pid_t old) {
  Events stream{events(), {"coprocess." + name + "."}};
  for (;;) {
    const json::object now = coprocess_status(name);
    if (const json::value* pid = now.if_contains("pid"); pid != nullptr && pid->as_int64() != old) {
      if (text_of(now, "state") == "running") return static_cast<pid_t>(pid->as_int64());
    }
    if (!stream.next()) {
      ADD_FAILURE() << name << " has no new process: " << json::serialize(now);
      return -1;
    }
  }
}

void DaemonTest::await_session(const std::string& state) {
  Events stream{events(), {"session."}};
  for (;;) {
    const json::value session = call("status").at("session");
    if (session.is_null() ? state.empty() : text_of(session.as_object(), "state") == state) return;
    if (!stream.next()) {
      ADD_FAILURE() << "the session is not '" << state << "': " << json::serialize(session);
      return;
    }
  }
}

json::object DaemonTest::coprocess_status(const std::string& name) {
  const json::object status = call("status", {{"name", name}});
  const json::value* list = status.if_contains("coprocesses");
  return list == nullptr ? json::object{} : list->as_array().at(0).as_object();
}

std::string DaemonTest::state(const std::string& name) {
  return text_of(coprocess_status(name), "state");
}

pid_t DaemonTest::pid_of(const std::string& name) {
  const json::object status = coprocess_status(name);
  const json::value* pid = status.if_contains("pid");
  EXPECT_NE(pid, nullptr) << json::serialize(status);
  return pid == nullptr ? -1 : static_cast<pid_t>(pid->as_int64());
}

std::vector<std::pair<std::string, pid_t>> DaemonTest::pids() {
  std::vector<std::pair<std::string, pid_t>> out;
  const json::object status = call("status");
  for (const json::value& item : status.at("coprocesses").as_array()) {
    const json::object& coprocess = item.as_object();
    const json::value* pid = coprocess.if_contains("pid");
    out.emplace_back(text_of(coprocess, "name"),
                     pid == nullptr ? -1 : static_cast<pid_t>(pid->as_int64()));
  }
  return out;
}

std::vector<Change> DaemonTest::history(const std::string& name) {
  json::object params{{"limit", 10000}};
  if (!name.empty()) params["name"] = name;
  std::vector<Change> out;
  const json::object result = call("history", params);
  for (const json::value& item : result.at("transitions").as_array()) {
    const json::object& change = item.as_object();
    out.push_back({change.at("seq").to_number<std::uint64_t>(), text_of(change, "name"),
                   text_of(change, "from"), text_of(change, "to"), text_of(change, "cause")});
  }
  return out;
}

std::vector<std::string> DaemonTest::story(const std::vector<std::string>& states) {
  std::vector<std::string> out;
  for (const Change& change : history()) {
    if (change.name == "session.") continue;
    if (std::find(states.begin(), states.end(), change.to) == states.end()) continue;
    out.push_back(change.name + " " + change.to);
  }
  return out;
}

std::vector<std::string> DaemonTest::lines(const std::string& name) {
  std::vector<std::string> out;
  const json::object result = call("logs", {{"name", name}, {"lines", 10000}});
  for (const json::value& line : result.at("lines").as_array()) {
    out.push_back(text_of(line.as_object(), "text"));
  }
  return out;
}

json::object DaemonTest::still_status() {
  json::object status = call("status");
  status.erase("time");
  status.at("daemon").as_object().erase("uptime_s");
  for (json::value& coprocess : status.at("coprocesses").as_array()) {
    coprocess.as_object().erase("uptime_s");
    coprocess.as_object().erase("next_try_s");
  }
  return status;
}

std::vector<pid_t> DaemonTest::processes() const {
  std::vector<pid_t> found = processes_with(token());
  if (daemon_) found.erase(std::remove(found.begin(), found.end(), daemon_->pid()), found.end());
  return found;
}

}  // namespace masterd::test
