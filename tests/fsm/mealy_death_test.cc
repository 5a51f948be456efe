// Broken rules of machines end the process; a lack of memory ends one machine.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "fsm/asan.h"
#include "tests/fsm/machine.h"

namespace masterd::fsm {
namespace {

// A class that forgets the rule: its members would be gone while its stack still refers to them.
class Forgetful final : public MealyCoroutine {
 public:
  explicit Forgetful(EventLoop& loop) : MealyCoroutine{loop, "forgetful"} {}

 private:
  void state_machine() override { yield(); }
};

TEST(MealyDeathTest, DestructionWithoutUnwindEndsTheProcessAndNamesTheMachine) {
  const auto destroy_suspended = [] {
    const test::ManualClock clock;
    EventLoop loop{clock};
    const auto machine = std::make_unique<Forgetful>(loop);
    machine->start();
    loop.run_once(Duration::zero());
  };
  EXPECT_DEATH(destroy_suspended(), "machine 'forgetful' was destroyed without unwind");
}

TEST(MealyDeathTest, UnwindFromTheOwnStackEndsTheProcess) {
  const auto unwind_itself = [] {
    const test::ManualClock clock;
    EventLoop loop{clock};
    Machine machine{loop, [](Machine& m) { m.unwind(); }};
    machine.start();
    loop.run_once(Duration::zero());
  };
  EXPECT_DEATH(unwind_itself(), "unwound from its own stack");
}

TEST(MealyDeathTest, AMachineThatGetsNoStackHasFailed) {
  if (kUnderAsan) GTEST_SKIP() << "ASan maps memory of its own while RLIMIT_AS forbids it";
  const auto start_without_memory = [] {
    const test::ManualClock clock;
    EventLoop loop{clock};
    bool told = false;
    Machine machine{loop, [](Machine&) {}};
    machine.on_end([&] { told = true; });
    machine.start();
    long pages = 0;
    std::ifstream{"/proc/self/statm"} >> pages;
    const rlim_t now = static_cast<rlim_t>(pages) * 4096;
    const rlimit limit{now, now};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(2);
    loop.run_once(Duration::zero());
    loop.run_once(Duration::zero());
    std::fprintf(stderr, "failure: %s\n", machine.failure().c_str());
    std::_Exit(machine.outcome() == Outcome::Failed && told ? 0 : 1);
  };
  EXPECT_EXIT(start_without_memory(), ::testing::ExitedWithCode(0), "no memory for its stack");
}

}  // namespace
}  // namespace masterd::fsm
