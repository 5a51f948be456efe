// What a daemon costs that has nothing to do.
#include <thread>

#include "fsm/asan.h"
#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMaxRssKib = 12 * 1024;

class IdleTest : public DaemonTest {
 protected:
  /// Until the last request and its connection are past.
  void await_rest() {
    ASSERT_TRUE(eventually([this] {
      const auto before = voluntary_switches(daemon().pid());
      std::this_thread::sleep_for(milliseconds{300});
      return voluntary_switches(daemon().pid()) == before;
    }));
  }
};

TEST_F(IdleTest, WithFiftyIdleCoprocessesItDoesNotWakeUpAndIsSmall) {
  std::string toml;
  for (int i = 0; i < 50; ++i) {
    toml += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"sleep\", \"1000\"]\n" + kAlways;
  }
  start_session(toml);
  ASSERT_TRUE(eventually([&] { return processes().size() == 50; }));
  await_rest();
  const auto before = voluntary_switches(daemon().pid());
  ASSERT_GT(before, 0U);
  std::this_thread::sleep_for(seconds{5});
  EXPECT_EQ(voluntary_switches(daemon().pid()), before);
  if (!fsm::kUnderAsan) {
    EXPECT_LT(memory_kib(daemon().pid(), "VmRSS"), kMaxRssKib);
  }
}

TEST_F(IdleTest, WithWhatAOneshotLeftAndKeepsItDoesNotWakeUpEither) {
  start({"--cgroups", "off"});
  set_config(session_file(
      coprocess("load", "sleep 1000 & exit 0", "type = \"oneshot\"\nleftovers = \"keep\"\n")));
  ASSERT_TRUE(eventually([&] { return processes().size() == 1; }));
  await_rest();
  const auto before = voluntary_switches(daemon().pid());
  std::this_thread::sleep_for(seconds{2});
  EXPECT_EQ(voluntary_switches(daemon().pid()), before);
}

TEST_F(IdleTest, WithoutASessionItDoesNotWakeUpEither) {
  start();
  await_rest();
  const auto before = voluntary_switches(daemon().pid());
  std::this_thread::sleep_for(seconds{2});
  EXPECT_EQ(voluntary_switches(daemon().pid()), before);
}

}  // namespace
}  // namespace masterd::test
