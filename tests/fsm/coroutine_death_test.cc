// What ends the process, on purpose: each is a programming error that cannot be answered otherwise.
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <stdexcept>

#include "fsm/asan.h"
#include "fsm/coroutine.h"

namespace masterd::fsm {
namespace {

class SuspendsAtTheEnd {
 public:
  explicit SuspendsAtTheEnd(Coroutine& stack) : stack_{stack} {}
  SuspendsAtTheEnd(const SuspendsAtTheEnd&) = delete;
  ~SuspendsAtTheEnd() { stack_.suspend(); }

 private:
  Coroutine& stack_;
};

void unwind_one_whose_destructor_suspends() {
  Coroutine stack{[&stack] {
    const SuspendsAtTheEnd waits{stack};
    stack.suspend();
  }};
  stack.resume();
  stack.unwind();
}

void unwind_one_that_swallows_and_suspends_again() {
  Coroutine stack{[&stack] {
    try {
      stack.suspend();
    } catch (...) {  // swallowed: what the rule forbids
    }
    stack.suspend();
  }};
  stack.resume();
  stack.unwind();
}

void unwind_from_the_own_stack() {
  Coroutine stack{[&stack] { stack.unwind(); }};
  stack.resume();
}

void destroy_from_the_own_stack() {
  Coroutine* stack = nullptr;
  stack = new Coroutine{[&stack] { delete stack; }};
  stack->resume();
}

void unwind_through_a_noexcept_frame() {
  Coroutine stack{[&stack] {
    const auto wait = [&stack]() noexcept { stack.suspend(); };
    wait();
  }};
  stack.resume();
  stack.unwind();
}

TEST(CoroutineDeathTest, ADestructorMayNotSuspendWhileTheStackIsUnwound) {
  EXPECT_DEATH(unwind_one_whose_destructor_suspends(), "suspended while being unwound");
}

TEST(CoroutineDeathTest, ACatchAllThatSwallowsTheUnwindingMayNotSuspendAgain) {
  EXPECT_DEATH(unwind_one_that_swallows_and_suspends_again(), "suspended while being unwound");
}

TEST(CoroutineDeathTest, ACoroutineMayNotUnwindItself) {
  EXPECT_DEATH(unwind_from_the_own_stack(), "unwound from its own stack");
}

TEST(CoroutineDeathTest, ACoroutineMayNotDestroyItself) {
  EXPECT_DEATH(destroy_from_the_own_stack(), "unwound from its own stack");
}

TEST(CoroutineDeathTest, ANoexceptFrameMayNotBeUnwound) {
  EXPECT_EXIT(unwind_through_a_noexcept_frame(), ::testing::KilledBySignal(SIGABRT), "");
}

// Uses stack at each level; the sum keeps the compiler from making a loop of it.
int deep(int levels) {
  volatile char frame[512];
  frame[0] = static_cast<char>(levels);
  return levels == 0 ? frame[0] : deep(levels - 1) + frame[0];
}

TEST(CoroutineDeathTest, ARunawayRecursionHitsTheGuardPage) {
  if (kUnderAsan) {
    GTEST_SKIP() << "ASan takes SIGSEGV and ends the process with a report of its own";
  }
  int result = 0;
  Coroutine modest{[&result] { result = deep(100); }};  // 100 frames fit
  modest.resume();
  EXPECT_TRUE(modest.done());
  Coroutine runaway{[&result] { result = deep(1'000'000); }};
  EXPECT_EXIT(runaway.resume(), ::testing::KilledBySignal(SIGSEGV), "");
}

}  // namespace
}  // namespace masterd::fsm
