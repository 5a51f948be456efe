// turnstile -- the smallest machine: a coin unlocks it, a push locks it again, and so does time.
//
//     locked --coin--> unlocked          locked --push--> locked
//     unlocked --push, timeout--> locked         unlocked --coin--> unlocked
//
// The state is the program counter. A second machine, the visitor, is the world around it. Prints
// each transition, counts its coins when it is shut down, and ends with 0.
#include <cstdio>
#include <deque>
#include <optional>

#include "fsm/clock.h"
#include "fsm/event.h"
#include "fsm/event_loop.h"
#include "fsm/mealy_coroutine.h"

namespace {

using namespace std::chrono_literals;
using masterd::fsm::Deadline;
using masterd::fsm::Event;
using masterd::fsm::EventLoop;
using masterd::fsm::MealyCoroutine;
using masterd::fsm::SteadyClock;
using masterd::fsm::Wake;

constexpr auto kPatience = 100ms;

class Turnstile final : public MealyCoroutine {
 public:
  explicit Turnstile(EventLoop& loop) : MealyCoroutine{loop, "turnstile"} {}
  // First: the stack refers to the members.
  ~Turnstile() override { unwind(); }

  // Event methods: keep what came, then resume.  Resumes of one turn coalesce, hence a queue.
  void coin() {
    ++coins_;
    take(Input::Coin);
  }
  void push() { take(Input::Push); }

  /// Set when it has locked itself because nobody came through.
  Event lost_patience;

 private:
  enum class Input { Coin, Push };

  void state_machine() override {
    for (;;) {
      locked();
      unlocked();
    }
  }

  void locked() {
    while (next() != Input::Coin) say("locked --push--> locked");
    say("locked --coin--> unlocked");
  }

  void unlocked() {
    const Deadline limit = loop().now() + kPatience;  // one deadline: another coin buys no time
    for (;;) {
      const std::optional<Input> input = next(limit);
      if (!input) {
        say("unlocked --timeout--> locked");
        lost_patience.set();
        return;
      }
      if (*input == Input::Push) {
        say("unlocked --push--> locked");
        return;
      }
      say("unlocked --coin--> unlocked");
    }
  }

  // Takes the place of the above, in whichever state that was, when shutdown() is called.
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void shutdown_state_machine() override {
    std::printf("%s: %d coins\n", shutdown_reason()->c_str(), coins_);
    stop();  // the loop
  }

  void take(Input input) {
    inputs_.push_back(input);
    resume();
  }

  std::optional<Input> next(Deadline limit = Deadline::max()) {
    while (inputs_.empty()) {
      if (wait_until(limit) == Wake::Timeout) return std::nullopt;
    }
    const Input input = inputs_.front();
    inputs_.pop_front();
    return input;
  }

  static void say(const char* transition) { std::puts(transition); }

  std::deque<Input> inputs_;
  int coins_ = 0;  // survives the swap, as a member does
};

class Visitor final : public MealyCoroutine {
 public:
  Visitor(EventLoop& loop, Turnstile& turnstile)
      : MealyCoroutine{loop, "visitor"}, turnstile_{turnstile} {}
  ~Visitor() override { unwind(); }

 private:
  void state_machine() override {
    turnstile_.push();
    wait_for(10ms);
    turnstile_.coin();
    turnstile_.coin();
    wait_for(10ms);
    turnstile_.push();
    wait_for(10ms);
    turnstile_.coin();
    await(turnstile_.lost_patience);
    turnstile_.shutdown("closing time");
  }

  Turnstile& turnstile_;  // outlives the visitor
};

}  // namespace

int main() {
  const SteadyClock clock;
  EventLoop loop{clock};
  Turnstile turnstile{loop};
  Visitor visitor{loop, turnstile};
  turnstile.start();
  visitor.start();
  loop.run();
  return 0;
}
