// machine -- a machine made of two lambdas, with everything protected made public and its control
// transfers kept.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fsm/mealy_coroutine.h"
#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {

class Machine final : public MealyCoroutine {
 public:
  using Body = std::function<void(Machine&)>;

  /// Without a `cleanup` it has no shutdown_state_machine().
  Machine(EventLoop& loop, Body main, Body cleanup = nullptr)
      : MealyCoroutine{loop, "test"}, main_{std::move(main)}, cleanup_{std::move(cleanup)} {}
  ~Machine() override { unwind(); }

  using MealyCoroutine::await;
  using MealyCoroutine::await_any;
  using MealyCoroutine::clear_timeout;
  using MealyCoroutine::resume;
  using MealyCoroutine::resume_clearing_timeout;
  using MealyCoroutine::return_after_timeout;
  using MealyCoroutine::return_at;
  using MealyCoroutine::return_next_loop;
  using MealyCoroutine::wait_for;
  using MealyCoroutine::wait_until;
  using MealyCoroutine::yield;

  [[nodiscard]] const std::vector<std::string>& transfers() const { return transfers_; }

 private:
  void state_machine() override { main_(*this); }
  void shutdown_state_machine() override { cleanup_(*this); }
  [[nodiscard]] bool has_shutdown_state_machine() const override { return cleanup_ != nullptr; }
  void trace(std::string_view what) override { transfers_.emplace_back(what); }

  const Body main_;
  const Body cleanup_;
  std::vector<std::string> transfers_;
};

inline std::string text_of(Wake wake) { return wake == Wake::Event ? "event" : "timeout"; }

class MachineFixture : public LoopFixture {
 protected:
  Machine& make(Machine::Body main, Machine::Body cleanup = nullptr) {
    machine = std::make_unique<Machine>(loop, std::move(main), std::move(cleanup));
    return *machine;
  }
  /// Runs it to its first wait.
  Machine& begin(Machine::Body main, Machine::Body cleanup = nullptr) {
    make(std::move(main), std::move(cleanup));
    machine->start();
    turn();
    return *machine;
  }
  void note(Wake wake) { log.push_back(text_of(wake)); }
  void note(const std::string& what) { log.push_back(what); }

  std::unique_ptr<Machine> machine;
};

/// Calls a function when its scope ends, however it ends.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> fn) : fn_{std::move(fn)} {}
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;
  ~AtEnd() { fn_(); }

 private:
  std::function<void()> fn_;
};

}  // namespace masterd::fsm
