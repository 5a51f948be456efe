// readiness_fixture -- one readiness over processes and a clock that only the test moves.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "fsm/event_loop.h"
#include "supervisor/readiness.h"
#include "tests/supervisor/specs.h"
#include "tests/support/fake_process.h"
#include "tests/support/manual_clock.h"

namespace masterd::supervisor {

class ReadinessFixture : public ::testing::Test {
 protected:
  void make(config::ReadyHow how, std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
    spec.ready.how = std::move(how);
    spec.ready.timeout = timeout;
    readiness = make_readiness(loop, launcher, spec, tree);
  }
  void begin(config::ReadyHow how, std::chrono::milliseconds timeout = std::chrono::seconds{30}) {
    make(std::move(how), timeout);
    readiness->begin(kPid);
    turn();
  }
  void turn() {
    for (int i = 0; i < 6; ++i) loop.run_once(fsm::Duration::zero());
  }
  void advance(fsm::Duration d) {
    clock.advance(d);
    turn();
  }
  void say(std::string_view message) {
    readiness->notified(parse_notify(message));
    turn();
  }
  [[nodiscard]] bool ready() const { return readiness->ready().is_set(); }
  [[nodiscard]] bool failed() const { return readiness->failed().is_set(); }

  static constexpr pid_t kPid = 4711;
  test::ManualClock clock;
  fsm::EventLoop loop{clock};
  test::FakeLauncher launcher;
  config::CoprocessSpec spec = coprocess("a");
  ProcessTree tree;
  std::unique_ptr<Readiness> readiness;
};

}  // namespace masterd::supervisor
