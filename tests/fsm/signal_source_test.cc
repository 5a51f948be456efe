#include "fsm/signal_source.h"

#include <pthread.h>

#include <csignal>
#include <memory>

#include "tests/fsm/loop_fixture.h"

namespace masterd::fsm {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

bool blocked(int signo) {
  sigset_t mask;
  EXPECT_EQ(pthread_sigmask(SIG_BLOCK, nullptr, &mask), 0);
  return sigismember(&mask, signo) == 1;
}

class SignalSourceTest : public LoopFixture {
 protected:
  std::vector<int> seen;
};

TEST_F(SignalSourceTest, HandsASignalToTheLoopInsteadOfEndingTheProcess) {
  const SignalSource source{loop, {SIGTERM}, [this](int signo) { seen.push_back(signo); }};
  ASSERT_EQ(::raise(SIGTERM), 0);
  EXPECT_TRUE(seen.empty());
  turn();
  EXPECT_THAT(seen, ElementsAre(SIGTERM));
  turn();
  EXPECT_EQ(seen.size(), 1U);
}

TEST_F(SignalSourceTest, TellsSignalsOfDifferentKindsApartAndCoalescesThoseOfOne) {
  const SignalSource source{loop, {SIGUSR1, SIGUSR2}, [this](int signo) { seen.push_back(signo); }};
  ASSERT_EQ(::raise(SIGUSR1), 0);
  ASSERT_EQ(::raise(SIGUSR2), 0);
  ASSERT_EQ(::raise(SIGUSR1), 0);
  turn(5);
  EXPECT_THAT(seen, UnorderedElementsAre(SIGUSR1, SIGUSR2));
}

TEST_F(SignalSourceTest, RestoresTheMaskAtItsEnd) {
  ASSERT_FALSE(blocked(SIGUSR1));
  {
    const SignalSource source{loop, {SIGUSR1}, [](int) {}};
    EXPECT_TRUE(blocked(SIGUSR1));
  }
  EXPECT_FALSE(blocked(SIGUSR1));
}

TEST_F(SignalSourceTest, ItsHandlerMayDestroyItAndStillUseItsCaptures) {
  std::unique_ptr<SignalSource> source;
  source = std::make_unique<SignalSource>(
      loop, std::initializer_list<int>{SIGUSR1},
      [&, text = std::make_shared<std::string>("a text of the capture")](int) {
        source.reset();
        log.push_back(*text);
      });
  ASSERT_EQ(::raise(SIGUSR1), 0);
  turn(2);
  EXPECT_THAT(log, ElementsAre("a text of the capture"));
}

}  // namespace
}  // namespace masterd::fsm
