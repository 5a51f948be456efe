// Deaths and restarts of real processes.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class RestartTest : public DaemonTest {};

/// A port of the loopback that nobody uses, outside the range from which the kernel gives away.
int free_port() {
  for (int port = 20000 + ::getpid() % 10000;; ++port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
    if (bound == 0) return port;
  }
}

/// The next line of a FIFO; empty after the limit.
std::string line_from(const std::string& fifo) {
  const int fd = ::open(fifo.c_str(), O_RDWR | O_CLOEXEC);  // both ways: open() waits for nobody
  pollfd readable{fd, POLLIN, 0};
  std::string text(100, '\0');
  const bool ready = ::poll(&readable, 1, static_cast<int>(milliseconds{kLimit}.count())) == 1;
  const ssize_t size = ready ? ::read(fd, text.data(), text.size()) : 0;
  ::close(fd);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  return text;
}

TEST_F(RestartTest, C2_AMissingBinaryWithoutALimitNeitherSpinsNorHoldsUpAnybody) {
  start();
  set_config(session_file(coprocess("good1", kSleeper) + coprocess("good2", kSleeper) +
                          "[coprocess.missing]\ncommand = [\"/nowhere/missing\"]\n" + kAlways),
             false);
  await_state("good1", "running");
  await_state("good2", "running");

  const milliseconds cpu = cpu_time(daemon().pid());
  Events stream{events(), {"coprocess.missing."}};
  const auto end = std::chrono::steady_clock::now() + seconds{3};
  int changes = 0;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !stream.next(left)) break;
    ++changes;
  }
  // Three restarts at once, then after 100, 200, 400, ... ms, each with three changes. A spin makes
  // thousands, and takes half of a core even where it has to share it with others.
  EXPECT_LT(changes, 100);
  EXPECT_LT(cpu_time(daemon().pid()) - cpu, milliseconds{1000});
  const std::string text = log();
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 100);

  EXPECT_THAT(text_of(coprocess_status("missing"), "reason"), HasSubstr("ENOENT"));
  daemon().signal(SIGTERM);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(RestartTest, C6_ThePortOfAKilledProcessIsFreeWhenTheNextOneBegins) {
  const std::string port = std::to_string(free_port());
  start_session("[coprocess.server]\ncommand = [\"" TEST_CHILD "\", \"listen\", \"" + port +
                "\", \"64\"]\n"
                "restart = { policy = \"always\", max_delay = \"100ms\", limit = 0 }\n");
  await_line({"server"}, "listening");
  Events stream{events(), {"log.server."}};
  pid_t pid = pid_of("server");
  for (int round = 0; round < 30; ++round) {
    ::kill(pid, SIGKILL);
    const auto line = stream.next();
    ASSERT_TRUE(line);
    ASSERT_EQ(text_of(line->params, "text"), "listening") << "round " << round;
    const pid_t next = pid_of("server");
    ASSERT_NE(next, pid);
    pid = next;
  }
}

TEST_F(RestartTest, S2_RestartsByFourClientsOfWhatDiesAllTheTimeAreAllAnswered) {
  start_session(coprocess("dies", "sleep 0.02; exit 1",
                          "restart = { policy = \"always\", delay = \"1ms\", max_delay = \"5ms\", "
                          "limit = 0 }\n") +
                coprocess("good", kSleeper));
  const pid_t good = pid_of("good");
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&, i] {
      proto::Client client{control()};
      for (int n = 0; n < 50; ++n) {
        client.call("restart", {{"names", {"dies"}}, {"wait", (n + i) % 2 == 0}}, kLimit);
        ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 200);
  EXPECT_EQ(pid_of("good"), good);
  stop("dies");
  EXPECT_EQ(state("dies"), "stopped");
  EXPECT_EQ(processes(), std::vector{good});
}

TEST_F(RestartTest, S3_OrphansAreReapedAndDisturbNobody) {
  start_session(coprocess("maker",
                          "i=0; while [ $i -lt 200 ]; do (true &); i=$((i+1)); done; echo made; "
                          "exec sleep 1000") +
                coprocess("other", kSleeper));
  const auto before = pids();
  await_line({"maker"}, "made");
  EXPECT_TRUE(eventually([&] { return processes().size() == 2; })) << describe(processes());
  EXPECT_TRUE(eventually([&] { return zombies_of(daemon().pid()).empty(); }));
  EXPECT_EQ(pids(), before);
}

TEST_F(RestartTest, P16_AHundredDeathsWhileTheDaemonSleepsAreAllSeen) {
  std::string toml;
  for (int i = 0; i < 100; ++i) {
    toml += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"sleep\", \"1000\"]\n" + kAlways;
  }
  start_session(toml);
  const auto before = pids();
  daemon().signal(SIGSTOP);
  for (const auto& [name, pid] : before) ::kill(pid, SIGKILL);
  daemon().signal(SIGCONT);
  for (const auto& [name, pid] : before) await_new_pid(name, pid);
  EXPECT_EQ(zombies_of(daemon().pid()).size(), 0U);
  EXPECT_TRUE(eventually([&] { return processes().size() == 100; }));
}

TEST_F(RestartTest, M1_WithoutAnyClientExitsAreCollectedAndOutputIsDrained) {
  const std::string done = folder().path("done");
  ASSERT_EQ(::mkfifo(done.c_str(), 0600), 0);
  // Forty times what a pipe holds; nobody asks the daemon for anything meanwhile.
  start({"--session", session_file(coprocess("chatty",
                                             "yes 'a line of some length, to fill a pipe with' | "
                                             "head -n 60000; echo done > done") +
                                   coprocess("short", "exit 0"))});
  EXPECT_EQ(line_from(done), "done\n");
  EXPECT_TRUE(eventually([&] { return processes().empty(); }));
  EXPECT_TRUE(eventually([&] { return zombies_of(daemon().pid()).empty(); }));
  // Who is about to end is neither a process that can be found nor a zombie for a moment.
  await_state("chatty", "exited");
  await_state("short", "exited");
}

TEST_F(RestartTest, C8_DeathsAreToldAsTheyWereAndRestartedByPolicy) {
  start_session(coprocess("a", kSleeper, kAlways));
  pid_t pid = pid_of("a");
  for (const int signo : {SIGSEGV, SIGABRT, SIGKILL, SIGBUS}) {
    ::kill(pid, signo);
    pid = await_new_pid("a", pid);
    const auto exit = coprocess_status("a").at("last_exit").as_object();
    EXPECT_EQ(text_of(exit, "signal"), std::string{"SIG"} + ::sigabbrev_np(signo));
  }
}

}  // namespace
}  // namespace masterd::test
