// machines_fixture -- the daemon's machines on fake processes and a clock that the test moves.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "config/load.h"
#include "daemon/daemon_fsm.h"
#include "tests/daemon/quiet_log.h"
#include "tests/support/fake_process.h"
#include "tests/support/manual_clock.h"

namespace masterd::test {

/// Notes every change as "NAME: to" in one list.
class NotedChanges final : public daemon::Observer {
 public:
  void session_changed(const daemon::SessionChange& change) override {
    session.push_back(std::string{to_string(change.to)});
    all.push_back("session: " + session.back());
    last_cause = change.cause;
  }
  void coprocess_changed(const supervisor::Transition& transition) override {
    all.push_back(transition.name + ": " + std::string{to_string(transition.to)});
  }
  void coprocess_wrote(const std::string& name, const supervisor::OutputLine& line, bool) override {
    lines.push_back(name + ": " + line.text);
  }

  std::vector<std::string> session;
  std::vector<std::string> all;
  std::vector<std::string> lines;
  std::string last_cause;
};

/// A session from TOML; fails the test when it is not valid.
inline config::SessionSpec session_spec(const std::string& text) {
  auto loaded = config::load_text(text, "test", "/");
  if (auto* spec = std::get_if<config::SessionSpec>(&loaded)) return std::move(*spec);
  ADD_FAILURE() << std::get<config::Diagnostics>(loaded).front().to_string();
  return {};
}

/// Two coprocesses, b requires a.
inline const char* const kTwo = R"(
  [coprocess.a]
  command = ["a"]
  [coprocess.b]
  command = ["b"]
  requires = ["a"]
)";

class MachinesFixture : public testing::Test {
 protected:
  /// Turns until nothing happens any more by itself.
  void settle() {
    for (int i = 0; i < 30; ++i) loop_.run_once(fsm::Duration::zero());
  }
  void advance(fsm::Duration d) {
    clock_.advance(d);
    settle();
  }

  QuietLog log_;
  ManualClock clock_;
  fsm::EventLoop loop_{clock_};
  FakeLauncher launcher_;
  NotedChanges noted_;
};

}  // namespace masterd::test
