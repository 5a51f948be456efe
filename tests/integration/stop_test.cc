// Stops: side by side, whole groups, nothing postponed, nobody held up.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class StopTest : public DaemonTest {
 protected:
  /// deaf1, deaf2, ...: all of them deaf by now.
  std::vector<std::string> start_deaf(int count, const std::string& grace) {
    std::string toml;
    std::vector<std::string> names;
    for (int i = 1; i <= count; ++i) {
      names.push_back("deaf" + std::to_string(i));
      toml += coprocess(names.back(), kDeaf, term_grace(grace));
    }
    start_session(toml);
    await_line(names, "deaf");
    return names;
  }
};

class Stopwatch {
 public:
  [[nodiscard]] milliseconds elapsed() const {
    return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began_);
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

TEST_F(StopTest, C1_TenClientsThatStopTenDeafOnesWaitForOneGraceNotTen) {
  const auto names = start_deaf(10, "2s");
  const Stopwatch watch;
  std::vector<std::thread> clients;
  std::vector<std::string> answers(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    clients.emplace_back([&, i] {
      proto::Client client{control()};
      answers[i] =
          json::serialize(client.call("stop", {{"names", {names[i]}}, {"wait", true}}, kLimit));
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GE(watch.elapsed(), seconds{2});
  EXPECT_LT(watch.elapsed(), seconds{10});  // one by one: 20 s
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(answers[i], R"({"coprocesses":[{"name":")" + names[i] + R"(","state":"stopped"}]})");
  }
}

TEST_F(StopTest, C3_P1_AStopIsOverWhenTheWholeGroupIsNotOnlyTheLeader) {
  start_session(
      coprocess("pair", "(trap '' TERM; echo deaf; exec sleep 1000) & wait", term_grace("500ms")));
  await_line({"pair"}, "deaf");
  ASSERT_TRUE(eventually([&] { return processes().size() == 2; })) << describe(processes());
  const auto both = processes();
  const pid_t leader = pid_of("pair");
  stop("pair");
  EXPECT_TRUE(processes().empty()) << describe(processes());
  for (const pid_t pid : both) EXPECT_FALSE(is_alive(pid)) << (pid == leader ? "leader" : "member");
}

TEST_F(StopTest, C3_P1_WhatALeaderLeavesBehindWhenItEndsByItselfIsKilled) {
  start_session(coprocess("pair", "(trap '' TERM; echo deaf; exec sleep 1000) & exec sleep 1000"));
  await_line({"pair"}, "deaf");
  ASSERT_TRUE(eventually([&] { return processes().size() == 2; })) << describe(processes());
  ::kill(pid_of("pair"), SIGKILL);
  await_state("pair", "failed");
  EXPECT_TRUE(processes().empty()) << describe(processes());
}

TEST_F(StopTest, C23_AGraceOfAnHourHoldsUpNobody) {
  start_session(coprocess("deaf", kDeaf, term_grace("1h")) + coprocess("other", kSleeper) +
                coprocess("third", kSleeper));
  await_line({"deaf"}, "deaf");
  proto::Client waiting{control()};
  std::thread waiter{[&] {
    const json::value answer = waiting.call("stop", {{"names", {"deaf"}}, {"wait", true}}, kLimit);
    EXPECT_THAT(json::serialize(answer), HasSubstr("\"stopped\""));
  }};
  await_state("deaf", "stopping");
  stop("other");
  start_coprocess("other");
  restart("third");
  EXPECT_EQ(state("other"), "running");
  call("stop", {{"names", {"deaf"}}});  // a second one is accepted, and hurries nothing
  EXPECT_EQ(state("deaf"), "stopping");
  stop("deaf", true);
  waiter.join();
  EXPECT_EQ(state("deaf"), "stopped");
}

TEST_F(StopTest, S8_AShutdownOfAHundredDeafOnesTakesOneGrace) {
  start_deaf(100, "2s");
  const Stopwatch watch;
  EXPECT_EQ(shut_down(), 0);
  EXPECT_LT(watch.elapsed(), seconds{20});  // one by one: 200 s. bench/bounds.py measures it
}

TEST_F(StopTest, S8_AChainOfDeafOnesGoesDownInOrderEachWithItsGrace) {
  start_session(coprocess("a", kDeaf, term_grace("500ms")) +
                coprocess("b", kDeaf, term_grace("500ms") + requires_("a")) +
                coprocess("c", kDeaf, term_grace("500ms") + requires_("b")));
  await_line({"a", "b", "c"}, "deaf");
  call("end_session", {{"wait", true}});
  const auto down = story({"stopping", "stopped"});
  EXPECT_THAT(down, testing::ElementsAre("c stopping", "c stopped", "b stopping", "b stopped",
                                         "a stopping", "a stopped"));
}

TEST_F(StopTest, C13_WhatIsStoppedByHandStaysStoppedAlsoInsideABackoff) {
  // "clock" dies and comes back like the other one: time is counted by its deaths.
  const std::string crashes =
      "restart = { policy = \"always\", delay = \"50ms\", max_delay = \"50ms\", limit = 0 }\n";
  start();
  set_config(
      session_file(coprocess("loop", "exit 1", crashes) + coprocess("clock", "exit 1", crashes)),
      false);
  await_state("loop", "backoff");
  stop("loop");
  const std::size_t so_far = history("loop").size();
  Events stream{events(), {"coprocess.clock."}};
  for (int deaths = 0; deaths < 10; ++deaths) EXPECT_TRUE(stream.await("clock", "backoff"));
  EXPECT_EQ(state("loop"), "stopped");
  EXPECT_EQ(history("loop").size(), so_far);
}

TEST_F(StopTest, P2_WhoHoldsThePipeDoesNotDelayTheStop) {
  // Held by a process that is not of its tree, so that it outlives the tree: this one.
  start_session(coprocess("a", "echo out; exec sleep 1000"));
  await_line({"a"}, "out");
  const std::string path = "/proc/" + std::to_string(pid_of("a")) + "/fd/1";
  const int held = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(held, 0);
  stop("a");
  EXPECT_TRUE(processes().empty());
  ::close(held);
}

TEST_F(StopTest, P13_AnEndByUsIsNoFailureAndOneBySomebodyElseIs) {
  start();
  set_config(session_file(coprocess("ours",
                                    "trap 'exit 143' TERM; echo up; "
                                    "while :; do sleep 1000 & wait; done",
                                    kForkingShell) +
                          coprocess("told", kSleeper) + coprocess("theirs", kSleeper)));
  await_line({"ours"}, "up");
  stop("ours");
  EXPECT_EQ(state("ours"), "stopped");
  EXPECT_FALSE(coprocess_status("ours").contains("reason"));

  call("signal", {{"name", "told"}, {"signal", "HUP"}});
  await_state("told", "exited");

  ::kill(pid_of("theirs"), SIGTERM);
  await_state("theirs", "failed");
  EXPECT_THAT(text_of(coprocess_status("theirs"), "reason"), HasSubstr("SIGTERM"));
  EXPECT_TRUE(call("status").at("session").at("degraded").as_bool());
}

TEST_F(StopTest, M12_ALadderIsClimbedRungByRung) {
  start_session(coprocess("a",
                          "trap 'echo int' INT; trap 'echo term' TERM; echo up; "
                          "while :; do sleep 1000 & wait; done",
                          "stop = { ladder = [{ signal = \"SIGINT\", grace = \"300ms\" }, "
                          "{ signal = \"SIGTERM\", grace = \"300ms\" }] }\n"));
  await_line({"a"}, "up");
  stop("a");
  EXPECT_THAT(lines("a"), testing::ElementsAre("up", "int", "term"));
  EXPECT_EQ(text_of(coprocess_status("a").at("last_exit").as_object(), "signal"), "SIGKILL");
}

TEST_F(StopTest, AStoppedProcessCanStillBeEnded) {
  start_session(coprocess("a", kSleeper, term_grace("1h")));
  ::kill(pid_of("a"), SIGSTOP);
  stop("a");  // SIGCONT goes with it, else this would take the grace
  EXPECT_EQ(text_of(coprocess_status("a").at("last_exit").as_object(), "signal"), "SIGTERM");
}

}  // namespace
}  // namespace masterd::test
