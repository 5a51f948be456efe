// coprocess_fixture -- one life over a process and a clock that only the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
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
  [[nodiscard]] const std::vector<int>& signals() const { return process().signals; }

  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  test::FakeLauncher launcher;
  config::CoprocessSpec spec = coprocess("a");
  std::vector<std::string> announced;
  int ends_told = 0;
  std::optional<CoprocessFsm> life;
};

}  // namespace masterd::supervisor
