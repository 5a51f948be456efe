// daemon_fixture -- a real masterd in a private folder, for one test.
//
//   start() --> requests, signals --> TearDown(): shutdown, exit status 0, no process left
//
// The daemon runs with a token of its own in its environment, which its children inherit: what is
// left of a test is found by it, and tests run side by side. When a test fails, the daemon's log is
// printed, and what is left is killed by its pids.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/client.h"
#include "proto/subscriber.h"
#include "tests/integration/proc_view.h"
#include "tests/integration/program.h"
#include "tests/integration/session_text.h"
#include "tests/support/temp_folder.h"

namespace masterd::test {

namespace json = boost::json;

struct Change {
  std::uint64_t seq = 0;
  std::string name;  // "session." for the session
  std::string from;
  std::string to;
  std::string cause;
};

class DaemonTest : public testing::Test {
 protected:
  ~DaemonTest() override;
  void TearDown() override;

  // ---- the daemon ----
  /// The command line of a daemon on this test's endpoints.
  [[nodiscard]] Plan plan(const std::vector<std::string>& args = {}) const;
  /// Starts it and waits until it answers. Ends the test's process with a message if it does not.
  void start(const std::vector<std::string>& args = {});
  void start(const Plan& plan);
  /// With this session, all ready.
  void start_session(const std::string& toml);
  [[nodiscard]] Program& daemon() { return *daemon_; }
  [[nodiscard]] bool daemon_runs() const;
  /// Waits for its end; the exit status, -1 when it still runs.
  int exit_status();
  /// Asks for a shutdown and waits for it.
  int shut_down();
  [[nodiscard]] std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  [[nodiscard]] std::string events() const { return "ipc://" + folder_.path("events.sock"); }
  [[nodiscard]] std::string log() const { return contents(folder_.path("log")); }
  /// SIGHUP, until it has been handled.
  void reload();

  // ---- requests ----
  /// The result; a refusal fails the test and gives {}.
  json::object call(std::string_view method, const json::object& params = {});
  /// The error; a result fails the test and gives {}.
  proto::Error refused(std::string_view method, const json::object& params = {});
  /// data.reason of it.
  std::string reason(std::string_view method, const json::object& params = {});
  json::object set_config(const std::string& path, bool ready = true);
  json::object stop(const std::string& name, bool now = false);
  json::object start_coprocess(const std::string& name);
  json::object restart(const std::string& name);
  void await_state(const std::string& name, const std::string& state);
  /// Waits until each has printed `text` as a line, in this life or an earlier one.
  void await_line(const std::vector<std::string>& names, const std::string& text);
  /// Waits until it has another pid than `old`.
  pid_t await_new_pid(const std::string& name, pid_t old);
  /// Waits for the session to be in this state; "" for none.
  void await_session(const std::string& state);

  /// The coprocess of `status`.
  json::object coprocess_status(const std::string& name);
  std::string state(const std::string& name);
  pid_t pid_of(const std::string& name);
  /// Name and pid of all.
  std::vector<std::pair<std::string, pid_t>> pids();
  std::vector<Change> history(const std::string& name = {});
  /// "NAME STATE" of each change, in order, of the given states only.
  std::vector<std::string> story(const std::vector<std::string>& states);
  std::vector<std::string> lines(const std::string& name);
  /// `status` without what only time changes.
  json::object still_status();

  // ---- files and processes ----
  const TempFolder& folder() const { return folder_; }
  std::string session_file(const std::string& toml) const {
    return folder_.file("stack.toml", toml);
  }
  /// Everything that this test's daemon has started and that lives.
  std::vector<pid_t> processes() const;

 private:
  void await_answer();
  json::object status_of_daemon();
  [[nodiscard]] std::string token() const { return "MASTERD_TEST=" + folder_.path().string(); }

  TempFolder folder_;
  std::unique_ptr<Program> daemon_;
  proto::Client client_{control()};
};

/// Stream of events whose subscription is in force.
class Events {
 public:
  Events(const std::string& endpoint, const std::vector<std::string>& topics);
  /// The next one within `limit`.
  std::optional<proto::Event> next(std::chrono::milliseconds limit = kLimit);
  /// The next one of a coprocess that came to a state; false after the limit.
  bool await(const std::string& name, const std::string& to);

 private:
  proto::Subscriber subscriber_;
};

/// How often `what` is in `text`.
std::size_t count_of(const std::string& text, const std::string& what);
std::string text_of(const json::object& object, std::string_view member);

}  // namespace masterd::test
