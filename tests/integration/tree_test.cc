// The whole tree: what a coprocess left behind by setsid, by a double fork or by a death goes with
// it, by way of cgroups and without them.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

/// Leaves a sleeper in a session of its own whose parent is gone: nothing but a cgroup, a mark or
/// the subreaper leads to it.
constexpr const char* kDaemonize = "(setsid sh -c 'sleep 1000 & echo left' &)\n";

class TreeTest : public DaemonTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    start({"--cgroups", GetParam()});
    if (std::string{GetParam()} == "auto" && count_of(log(), "no cgroups") > 0) {
      GTEST_SKIP() << "no cgroup v2 hierarchy is writable here";
    }
  }
  void bring_up(const std::string& toml) { set_config(session_file(toml)); }
};

INSTANTIATE_TEST_SUITE_P(Cgroups, TreeTest, testing::Values("auto", "off"),
                         [](const auto& info) { return std::string{info.param}; });

TEST_P(TreeTest, S4_D14_WhoLeftTheSessionAndTheGroupIsStoppedToo) {
  bring_up(coprocess("a", std::string{kDaemonize} + "exec sleep 1000"));
  await_line({"a"}, "left");
  ASSERT_TRUE(eventually([&] { return processes().size() >= 2; })) << describe(processes());
  stop("a");
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

// A script that loads two servers: one stays in its group, one leaves it.
const std::string kLoader = "sleep 1001 & setsid sleep 1002 & echo loaded >> steps\n";
const std::string kKeeps = "type = \"oneshot\"\nleftovers = \"keep\"\n";

TEST_P(TreeTest, WhatAOneshotLeavesAndKeepsLivesUntilItIsTakenBack) {
  bring_up(coprocess("load", kLoader,
                     kKeeps + "undo = [\"/bin/sh\", \"-c\", \"echo undone >> steps\"]\n") +
           coprocess("app", kSleeper, requires_("load")));
  EXPECT_EQ(state("load"), "exited");
  EXPECT_FALSE(coprocess_status("load").contains("pid"));
  ASSERT_TRUE(eventually([&] { return processes().size() == 3; })) << describe(processes());
  EXPECT_TRUE(zombies_of(daemon().pid()).empty());
  const auto tree = call("tree", {{"name", "load"}});
  EXPECT_EQ(tree.at("coprocesses").at(0).at("processes").as_array().size(), 2U) << tree;
  restart("load");  // the old ones go first, with their undo
  await_state("app", "running");
  EXPECT_EQ(contents(folder().path("steps")), "loaded\nundone\nloaded\n");
  EXPECT_TRUE(eventually([&] { return processes().size() == 3; })) << describe(processes());
  stop("load");
  EXPECT_EQ(state("load"), "stopped");
  EXPECT_TRUE(processes().empty()) << describe(processes());
  start_coprocess("load");
  await_state("app", "running");
  call("end_session", {{"wait", true}});
  EXPECT_TRUE(processes().empty()) << describe(processes());
  EXPECT_EQ(contents(folder().path("steps")), "loaded\nundone\nloaded\nundone\nloaded\nundone\n");
}

TEST_P(TreeTest, WhatAFailedOneshotLeavesIsKilled) {
  set_config(session_file(coprocess("load", kLoader + "exit 3", kKeeps)), false);
  await_state("load", "failed");
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

TEST_P(TreeTest, S4_WhoLeftAndClearedItsEnvironmentIsGoneWithTheSession) {
  bring_up(coprocess("a",
                     "echo $$ > main\n"
                     "(setsid env -i /bin/sh -c 'echo $$ > left; exec sleep 1000' &)\n"
                     "while ! [ -s left ]; do sleep 0.01; done; echo left; exec sleep 1000",
                     kForkingShell));
  await_line({"a"}, "left");
  pid_t left = 0;
  std::ifstream{folder().path("left")} >> left;
  ASSERT_GT(left, 0);
  // A cgroup knows it at once. Without one it is nobody's, until nobody is left.
  if (std::string{GetParam()} == "auto") {
    stop("a");
  } else {
    call("end_session", {{"wait", true}});
  }
  EXPECT_TRUE(await_gone(left));
}

TEST_P(TreeTest, C3_P1_ADeafGrandchildIsKilledWhenTheGraceIsOver) {
  bring_up(coprocess("a",
                     "(setsid sh -c \"trap '' TERM; echo deaf; while :; do sleep 1000; done\" &)\n"
                     "exec sleep 1000",
                     term_grace("300ms")));
  await_line({"a"}, "deaf");
  stop("a");
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

TEST_P(TreeTest, M10_WhatADeadLeaderLeftBehindIsGoneBeforeTheNextLife) {
  bring_up(coprocess("a", std::string{kDaemonize} + "echo up; exec sleep 1000", kAlways));
  await_line({"a"}, "left");
  const pid_t first = pid_of("a");
  ::kill(first, SIGKILL);
  await_new_pid("a", first);
  await_state("a", "running");
  // The second life's own, and nothing of the first.
  EXPECT_TRUE(eventually([&] { return processes().size() == 2; })) << describe(processes());
}

TEST_P(TreeTest, M10_AtTheEndOfTheSessionNothingOfItIsLeft) {
  bring_up(coprocess("a", std::string{kDaemonize} + "exec sleep 1000") +
           coprocess("b", std::string{kDaemonize} + "exec sleep 1000", requires_("a")));
  await_line({"a", "b"}, "left");
  call("end_session", {{"wait", true}});
  EXPECT_TRUE(processes().empty()) << describe(processes());
  EXPECT_THAT(zombies_of(daemon().pid()), testing::IsEmpty());
}

TEST_P(TreeTest, S3_OrphansOfACoprocessAreReaped) {
  bring_up(coprocess("a",
                     "for i in 1 2 3 4 5; do (setsid sh -c 'exit 3' &); done; echo done; "
                     "exec sleep 1000"));
  await_line({"a"}, "done");
  EXPECT_TRUE(eventually([&] { return zombies_of(daemon().pid()).empty(); }));
  EXPECT_EQ(state("a"), "running");
}

TEST_P(TreeTest, AStoppedDescendantIsContinuedSoThatItCanEnd) {
  bring_up(coprocess("a",
                     "(setsid sh -c 'echo $$ > left; kill -STOP $$; sleep 1000' &)\n"
                     "while ! [ -s left ]; do sleep 0.01; done; echo left; exec sleep 1000",
                     term_grace("30s")));
  await_line({"a"}, "left");
  pid_t left = 0;
  std::ifstream{folder().path("left")} >> left;
  ASSERT_TRUE(eventually([&] {
    return contents("/proc/" + std::to_string(left) + "/stat").find(") T ") != std::string::npos;
  }));
  stop("a");  // within the grace, or the test's own limit is over
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

/// A process in state D that not even SIGKILL ends: frozen by the version 1 freezer.
class Frozen {
 public:
  explicit Frozen(pid_t pid) {
    std::filesystem::create_directory(folder_);
    std::ofstream{folder_ + "/cgroup.procs"} << pid << std::flush;
    std::ofstream{folder_ + "/freezer.state"} << "FROZEN" << std::flush;
  }
  ~Frozen() { thaw(); }
  Frozen(const Frozen&) = delete;
  Frozen& operator=(const Frozen&) = delete;
  [[nodiscard]] bool is_frozen() const {
    return contents(folder_ + "/freezer.state").find("FROZEN") == 0;
  }
  void thaw() {
    std::ofstream{folder_ + "/freezer.state"} << "THAWED" << std::flush;
    eventually([&] { return ::rmdir(folder_.c_str()) == 0 || errno == ENOENT; });
  }
  static bool possible() { return ::access("/sys/fs/cgroup/freezer/cgroup.procs", W_OK) == 0; }

 private:
  const std::string folder_ = "/sys/fs/cgroup/freezer/masterd-test-" + std::to_string(::getpid());
};

TEST_P(TreeTest, AnUnkillableOneIsToldWithItsPidAndHoldsUpNobody) {
  if (!Frozen::possible()) GTEST_SKIP() << "no version 1 freezer to make a process unkillable";
  bring_up(coprocess("stuck", kSleeper, "stop = { ladder = [] }\n") + coprocess("b", kSleeper) +
           coprocess("base", kSleeper));
  const pid_t stuck = pid_of("stuck");
  Frozen frozen{stuck};
  ASSERT_TRUE(eventually([&] { return frozen.is_frozen(); }));
  call("stop", {{"names", {"stuck"}}});
  stop("b");
  start_coprocess("b");  // meanwhile everything else goes on
  await_state("stuck", "failed");
  EXPECT_THAT(
      text_of(coprocess_status("stuck"), "reason"),
      testing::AllOf(testing::HasSubstr("unkillable"), testing::HasSubstr(std::to_string(stuck))));
  call("end_session", {{"wait", true}});  // not held up either
  frozen.thaw();
  EXPECT_TRUE(eventually([&] { return processes().empty(); }));
  EXPECT_TRUE(eventually([&] { return zombies_of(daemon().pid()).empty(); }));
}

TEST_P(TreeTest, AShutdownRemovesTheCgroups) {
  bring_up(coprocess("a", kSleeper));
  const std::string cgroup = contents("/proc/" + std::to_string(pid_of("a")) + "/cgroup");
  const bool own = cgroup.find("/masterd-" + std::to_string(daemon().pid())) != std::string::npos;
  EXPECT_EQ(own, std::string{GetParam()} == "auto") << cgroup;
  EXPECT_EQ(shut_down(), 0);
  const std::string name = "masterd-" + std::to_string(daemon().pid());
  for (const char* mount : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    EXPECT_FALSE(std::filesystem::exists(std::string{mount} + "/" + name));
  }
}

}  // namespace
}  // namespace masterd::test
