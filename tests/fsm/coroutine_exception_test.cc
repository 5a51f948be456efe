// Exceptions on coroutine stacks: unwinding, failures, and whose exception is being handled.
#include <memory>
#include <stdexcept>

#include "tests/fsm/coroutine_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CoroutineExceptionTest : public CoroutineTest {};

TEST_F(CoroutineExceptionTest, ACatchOfStdExceptionDoesNotStopTheUnwinding) {
  make([this] {
    try {
      suspend();
    } catch (const std::exception&) {
      log.emplace_back("never");
    }
    log.emplace_back("never");
  });
  stack->resume();
  stack->unwind();
  EXPECT_THAT(log, IsEmpty());
}

TEST_F(CoroutineExceptionTest, ACatchAllThatRethrowsMayCleanUp) {
  make([this] {
    try {
      suspend();
    } catch (...) {
      log.emplace_back("clean up");
      throw;
    }
    log.emplace_back("never");
  });
  stack->resume();
  stack->unwind();
  EXPECT_THAT(log, ElementsAre("clean up"));
  EXPECT_EQ(stack->failure(), nullptr);
}

TEST_F(CoroutineExceptionTest, AnEscapingExceptionBecomesItsFailure) {
  make([this] {
    const Mark a{log, "a"};
    suspend();
    throw std::runtime_error{"broken"};
  });
  stack->resume();
  EXPECT_EQ(stack->failure(), nullptr);
  stack->resume();
  EXPECT_TRUE(stack->done());
  EXPECT_EQ(text_of(stack->failure()), "broken");
  EXPECT_THAT(log, ElementsAre("~a"));
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST_F(CoroutineExceptionTest, SomethingElseThrownBecomesItsFailureToo) {
  make([] { throw 42; });
  stack->resume();
  EXPECT_EQ(text_of(stack->failure()), "no std::exception");
}

TEST_F(CoroutineExceptionTest, AnExceptionThatReplacesTheUnwindingIsTheFailure) {
  make([this] {
    try {
      suspend();
    } catch (...) {
      throw std::runtime_error{"broken in the clean-up"};
    }
  });
  stack->resume();
  stack->unwind();
  EXPECT_TRUE(stack->done());
  EXPECT_EQ(text_of(stack->failure()), "broken in the clean-up");
}

TEST_F(CoroutineExceptionTest,
       RethrowWorksAfterSuspensionsInsideCatchBlocksOfTwoInterleavedStacks) {
  std::vector<std::unique_ptr<Coroutine>> stacks;
  for (const char* text : {"first", "second"}) {
    const std::size_t own = stacks.size();
    stacks.push_back(std::make_unique<Coroutine>([&stacks, own, text] {
      try {
        throw std::runtime_error{text};
      } catch (const std::exception&) {
        stacks[own]->suspend();
        EXPECT_EQ(text_of(std::current_exception()), text);
        stacks[own]->suspend();
        throw;
      }
    }));
  }
  // Ended in the order of their begin, so a stack of caught exceptions per thread would mix them.
  for (int round = 0; round < 3; ++round) {
    for (const auto& each : stacks) {
      each->resume();
      EXPECT_EQ(std::current_exception(), nullptr);
      EXPECT_EQ(std::uncaught_exceptions(), 0);
    }
  }
  EXPECT_EQ(text_of(stacks[0]->failure()), "first");
  EXPECT_EQ(text_of(stacks[1]->failure()), "second");
}

TEST_F(CoroutineExceptionTest, TheResumersCaughtExceptionIsNotSeenInsideAndIsThereAfterwards) {
  make([this] {
    EXPECT_EQ(std::current_exception(), nullptr);
    suspend();
    EXPECT_EQ(std::current_exception(), nullptr);
  });
  try {
    throw std::runtime_error{"of the resumer"};
  } catch (const std::exception&) {
    stack->resume();
    EXPECT_EQ(text_of(std::current_exception()), "of the resumer");
  }
  stack->resume();
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST_F(CoroutineExceptionTest, ASuspensionInADestructorThatAnExceptionRunsKeepsTheCountPerStack) {
  class Suspends {
   public:
    explicit Suspends(Coroutine& stack) : stack_{stack} {}
    Suspends(const Suspends&) = delete;
    ~Suspends() {
      stack_.suspend();
      EXPECT_EQ(std::uncaught_exceptions(), 1);
    }

   private:
    Coroutine& stack_;
  };
  make([this] {
    const Suspends waits{*stack};
    throw std::runtime_error{"in flight"};
  });
  stack->resume();
  EXPECT_EQ(std::uncaught_exceptions(), 0);
  stack->resume();
  EXPECT_EQ(text_of(stack->failure()), "in flight");
  EXPECT_EQ(std::uncaught_exceptions(), 0);
}

TEST_F(CoroutineExceptionTest, UnwindingOneThatSuspendedInsideACatchBlockLetsGoOfTheException) {
  const auto held = std::make_shared<int>();
  struct Error : std::runtime_error {
    explicit Error(std::shared_ptr<int> p) : runtime_error{"error"}, payload{std::move(p)} {}
    std::shared_ptr<int> payload;
  };
  make([this, held] {
    try {
      throw Error{held};
    } catch (const Error&) {
      suspend();
    }
  });
  stack->resume();
  EXPECT_EQ(held.use_count(), 3);  // here, in the body, in the exception
  stack->unwind();
  EXPECT_EQ(held.use_count(), 2);
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST_F(CoroutineExceptionTest, UnwindingWhileAnExceptionIsInFlightWorks) {
  const auto throws = [this] {
    make([this] {
      const Mark b{log, "b"};
      suspend();
    });
    stack->resume();
    const std::unique_ptr<Coroutine> dies_in_the_unwinding = std::move(stack);
    throw std::runtime_error{"outer"};
  };
  EXPECT_THROW(throws(), std::runtime_error);
  EXPECT_THAT(log, ElementsAre("~b"));
}

}  // namespace
}  // namespace masterd::fsm
