// supervisor_fixture -- a supervisor over processes and a clock that only the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fsm/event_loop.h"
#include "supervisor/supervisor_fsm.h"
#include "tests/supervisor/recording_sink.h"
#include "tests/supervisor/specs.h"
#include "tests/support/fake_process.h"
#include "tests/support/manual_clock.h"

namespace masterd::supervisor {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SupervisorFixture : public ::testing::Test {
 protected:
  void run(config::SessionSpec spec) {
    supervisor.emplace(loop, launcher, std::move(spec), sink);
    supervisor->on_end([this] { over = true; });
    supervisor->start();
    settle();
  }
  /// Turns until nothing happens any more at this time. A step takes at most three turns to show:
  /// an event wakes a machine, its end is told, the supervisor decides.
  void settle() {
    for (int quiet = 0; quiet < 6; ++quiet) {
      const auto before = happened();
      loop.run_once(fsm::Duration::zero());
      if (happened() != before) quiet = 0;
    }
  }
  void advance(fsm::Duration d) {
    clock.advance(d);
    settle();
  }
  /// The process of `name` ends by itself.
  void dies(const std::string& name, int code = 1) {
    process(name).end_with(code);
    settle();
  }

  test::FakeRecord& process(const std::string& name) const { return *launcher.of(name); }
  [[nodiscard]] State state(const std::string& name) const { return supervisor->state(name); }
  [[nodiscard]] std::string reason(const std::string& name) const {
    return supervisor->view(name).reason.value_or("");
  }
  /// "NAME=STATE ..." of all, in file order.
  [[nodiscard]] std::string states() const {
    std::string text;
    for (const CoprocessView& view : supervisor->views()) {
      if (!text.empty()) text += ' ';
      text += view.name + '=' + std::string{to_string(view.state)};
    }
    return text;
  }
  [[nodiscard]] bool anything_lives() const {
    for (const auto& record : launcher.processes) {
      if (!record->destroyed) return true;
    }
    return false;
  }

  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  test::FakeLauncher launcher;
  RecordingSink sink;
  std::optional<SupervisorFsm> supervisor;
  bool over = false;  // the supervisor's machine has ended

 private:
  [[nodiscard]] std::array<std::size_t, 4> happened() const {
    std::size_t signals = 0;
    std::size_t destroyed = 0;
    for (const auto& record : launcher.processes) {
      signals += record->signals.size() + record->leader_signals.size();
      destroyed += record->destroyed ? 1 : 0;
    }
    return {sink.transitions.size() + sink.ends.size(), static_cast<std::size_t>(launcher.launches),
            signals, destroyed};
  }
};

}  // namespace masterd::supervisor
