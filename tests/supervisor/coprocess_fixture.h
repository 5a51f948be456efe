// coprocess_fixture -- one life over a process and a clock that only the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "fsm/event_loop.h"
#include "supervisor/coprocess_fsm.h"
#include "tests/supervisor/specs.h"
#include "tests/support/fake_process.h"
#include "tests/support/manual_clock.h"

namespace masterd::supervisor {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using How = LifeEnd::How;

inline config::CommandSpec does(std::string program, config::milliseconds timeout = 30s) {
  return {{std::move(program)}, timeout};
}

class CoprocessFixture : public ::testing::Test {
 protected:
  /// A life that has not had its first turn.
  void begin() {
    life.emplace(
        loop, launcher, spec,
        [this](State state, const std::string& cause) {
          announced.push_back(std::string{to_string(state)} + ": " + cause);
        },
        [](Stream, std::string_view) {});
    life->on_end([this] { ++ends_told; });
    life->on_death([this](const std::string& cause) {
      deaths.push_back(cause);
      if (at_death) at_death();
    });
    life->start();
  }
  void run() {
    begin();
    turn();
  }
  /// More turns than any step takes.
  void turn() {
    for (int i = 0; i < 6; ++i) loop.run_once(fsm::Duration::zero());
  }
  void advance(fsm::Duration d) {
    clock.advance(d);
    turn();
  }
  test::FakeRecord& process() const { return *launcher.of("a"); }
  /// The newest command of that role beside it.
  test::FakeRecord& command(const std::string& role) const {
    test::FakeRecord* record = launcher.of("a." + role);
    if (record == nullptr) throw std::logic_error{"no " + role + " was launched"};
    return *record;
  }
  [[nodiscard]] int launched(const std::string& name) const {
    int count = 0;
    for (const auto& record : launcher.processes) count += record->name == name ? 1 : 0;
    return count;
  }
  void ends(test::FakeRecord& record, int code = 0) {
    record.end_with(code);
    turn();
  }
  void stop(bool now = false) {
    life->shutdown("stop");
    if (now) life->stop_now();
    turn();
  }
  [[nodiscard]] const std::vector<int>& signals() const { return process().signals; }

  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  test::FakeLauncher launcher;
  config::CoprocessSpec spec = coprocess("a");
  std::vector<std::string> announced;
  int ends_told = 0;
  std::vector<std::string> deaths;
  std::function<void()> at_death;
  std::optional<CoprocessFsm> life;
};

}  // namespace masterd::supervisor
