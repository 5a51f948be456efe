#include "fsm/coroutine.h"

#include <array>
#include <cmath>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "tests/fsm/coroutine_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(CoroutineTest, RunsNothingBeforeTheFirstResume) {
  make([this] { log.emplace_back("ran"); });
  EXPECT_THAT(log, IsEmpty());
  EXPECT_FALSE(stack->done());
  EXPECT_FALSE(stack->running());
}

TEST_F(CoroutineTest, GivesControlBackAtEachSuspension) {
  make([this] {
    log.emplace_back("one");
    suspend();
    log.emplace_back("two");
    suspend();
    log.emplace_back("three");
  });
  stack->resume();
  log.emplace_back("back");
  stack->resume();
  log.emplace_back("back");
  EXPECT_FALSE(stack->done());
  stack->resume();
  EXPECT_TRUE(stack->done());
  EXPECT_THAT(log, ElementsAre("one", "back", "two", "back", "three"));
}

TEST_F(CoroutineTest, KnowsWhetherControlIsOnIt) {
  make([this] {
    EXPECT_TRUE(stack->running());
    suspend();
  });
  stack->resume();
  EXPECT_FALSE(stack->running());
}

TEST_F(CoroutineTest, KeepsLocalsAndFloatingPointAcrossSuspensions) {
  double result = 0;
  make([&] {
    std::array<int, 1000> numbers{};
    std::iota(numbers.begin(), numbers.end(), 1);
    double third = 1.0 / 3.0;
    for (int i = 0; i < 10; ++i) {
      suspend();
      third *= 2;
    }
    result = third + std::accumulate(numbers.begin(), numbers.end(), 0);
  });
  volatile double of_main = 1;  // uses the same registers in between
  while (!stack->done()) {
    stack->resume();
    of_main = of_main * 1.5;
  }
  EXPECT_DOUBLE_EQ(result, 1024.0 / 3.0 + 500500);
  EXPECT_DOUBLE_EQ(of_main, std::pow(1.5, 11));
}

TEST_F(CoroutineTest, UnwindRunsTheDestructorsOnItsStackInReverseOrder) {
  make([this] {
    const Mark a{log, "a"};
    const Mark b{log, "b"};
    suspend();
    log.emplace_back("never");
  });
  stack->resume();
  stack->unwind();
  EXPECT_TRUE(stack->done());
  EXPECT_THAT(log, ElementsAre("~b", "~a"));
  EXPECT_EQ(stack->failure(), nullptr);
}

TEST_F(CoroutineTest, UnwindingAFreshOneRunsNothing) {
  make([this] { log.emplace_back("never"); });
  stack->unwind();
  EXPECT_TRUE(stack->done());
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(CoroutineTest, UnwindingTwiceOrWhenDoneChangesNothing) {
  make([this] {
    const Mark a{log, "a"};
    suspend();
  });
  stack->resume();
  stack->unwind();
  stack->unwind();
  EXPECT_THAT(log, ElementsAre("~a"));
  make([] {});
  stack->resume();
  stack->unwind();
  EXPECT_TRUE(stack->done());
}

TEST_F(CoroutineTest, DestroyingItUnwindsItInWhateverStateItIs) {
  const auto held = std::make_shared<int>();
  make([this, held] {
    const Mark a{log, "a"};
    suspend();
  });
  stack.reset();  // fresh
  EXPECT_THAT(log, IsEmpty());
  EXPECT_EQ(held.use_count(), 1);

  make([this, held] {
    const Mark a{log, "a"};
    suspend();
  });
  stack->resume();
  stack.reset();  // suspended
  EXPECT_THAT(log, ElementsAre("~a"));
  EXPECT_EQ(held.use_count(), 1);

  make([held] {});
  stack->resume();
  stack.reset();  // done
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(CoroutineTest, OneMayResumeAnother) {
  Coroutine inner{[this, &inner] {
    log.emplace_back("inner 1");
    inner.suspend();
    log.emplace_back("inner 2");
    throw std::runtime_error{"inner"};
  }};
  make([this, &inner] {
    inner.resume();
    log.emplace_back("outer 1");
    suspend();
    inner.resume();
    log.emplace_back("outer 2");
  });
  stack->resume();
  log.emplace_back("main");
  stack->resume();
  EXPECT_THAT(log, ElementsAre("inner 1", "outer 1", "main", "inner 2", "outer 2"));
  EXPECT_EQ(text_of(inner.failure()), "inner");
  EXPECT_EQ(stack->failure(), nullptr);
}

TEST_F(CoroutineTest, OneMayUnwindAnother) {
  Coroutine inner{[this, &inner] {
    const Mark a{log, "inner"};
    inner.suspend();
  }};
  inner.resume();
  make([this, &inner] {
    inner.unwind();
    log.emplace_back("outer");
  });
  stack->resume();
  EXPECT_THAT(log, ElementsAre("~inner", "outer"));
}

TEST_F(CoroutineTest, OneMayBeResumedFromDifferentStacks) {
  make([this] {
    log.emplace_back("from another stack");
    suspend();
    log.emplace_back("from main");
  });
  Coroutine other{[this] { stack->resume(); }};
  other.resume();
  stack->resume();
  EXPECT_TRUE(stack->done());
  EXPECT_THAT(log, ElementsAre("from another stack", "from main"));
}

TEST_F(CoroutineTest, TenThousandLiveSideBySide) {
  constexpr std::size_t kCount = 10'000;
  std::vector<std::unique_ptr<Coroutine>> stacks;
  std::size_t sum = 0;
  std::size_t unwound = 0;
  class Count {
   public:
    explicit Count(std::size_t& n) : n_{n} {}
    Count(const Count&) = delete;
    ~Count() { ++n_; }

   private:
    std::size_t& n_;
  };
  for (std::size_t i = 0; i < kCount; ++i) {
    stacks.push_back(std::make_unique<Coroutine>([&, i] {
      const Count count{unwound};
      const std::size_t local = i;
      stacks[i]->suspend();
      sum += local;
      stacks[i]->suspend();
    }));
    stacks.back()->resume();
  }
  for (const auto& each : stacks) each->resume();
  EXPECT_EQ(sum, kCount * (kCount - 1) / 2);
  stacks.clear();
  EXPECT_EQ(unwound, kCount);
}

}  // namespace
}  // namespace masterd::fsm
