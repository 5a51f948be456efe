// masterctl with a real daemon: exit statuses, what goes where, and how it ends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kNoDaemon = 3;
constexpr int kTimedOut = 4;

class CtlTest : public DaemonTest {
 protected:
  Plan ctl_plan(const std::vector<std::string>& args) const {
    Plan plan;
    plan.argv = {MASTERCTL, "--endpoint", control()};
    plan.argv.insert(plan.argv.end(), args.begin(), args.end());
    plan.env = {"NO_COLOR="};
    return plan;
  }
  Finished ctl(const std::vector<std::string>& args) const { return run(ctl_plan(args)); }
};

/// What a program writes to a terminal.
std::string on_a_terminal(Plan plan) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ::grantpt(master);
  ::unlockpt(master);
  char name[64];
  ::ptsname_r(master, name, sizeof name);
  const int slave = ::open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
  plan.out_fd = slave;
  Program program{plan};
  ::close(slave);
  std::string text;
  char buffer[4096];
  // EIO once the last descriptor of the other side is closed: pty(7).
  for (ssize_t size; (size = ::read(master, buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(size));
  }
  ::close(master);
  EXPECT_EQ(program.wait(), kDone);
  return text;
}

/// A masterctl that goes on, read line by line.
class Follower {
 public:
  explicit Follower(Plan plan) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
    out_ = ends[0];
    plan.out_fd = ends[1];
    program_ = std::make_unique<Program>(plan);
    ::close(ends[1]);
  }
  ~Follower() { ::close(out_); }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  /// Reads until a line has `text`; false at the end of the output, or after the limit.
  bool await(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      pollfd readable{out_, POLLIN, 0};
      char buffer[4096];
      if (::poll(&readable, 1, static_cast<int>(milliseconds{kLimit}.count())) != 1) return false;
      const ssize_t size = ::read(out_, buffer, sizeof buffer);
      if (size <= 0) return false;
      seen_.append(buffer, static_cast<std::size_t>(size));
    }
    return true;
  }
  [[nodiscard]] Program& program() { return *program_; }

 private:
  int out_ = -1;
  std::string seen_;
  std::unique_ptr<Program> program_;
};

TEST_F(CtlTest, C12_EachKindOfFailureHasAnExitStatusOfItsOwn) {
  start();
  EXPECT_EQ(ctl({"stop", "a"}).status, kFailed);  // refused: no session
  EXPECT_EQ(ctl({"set-config", session_file("[coprocess.a]\n")}).status, kFailed);
  set_config(session_file(coprocess("a", kSleeper)));
  EXPECT_EQ(ctl({"status", "a"}).status, kDone);
  EXPECT_EQ(ctl({"status", "b"}).status, kUsage);  // a name that nobody knows
  EXPECT_EQ(ctl({"stop", "b*"}).status, kUsage);
  EXPECT_EQ(ctl({"set-config", "nobodys"}).status, kUsage);
  EXPECT_EQ(ctl({"call", "no_such_method"}).status, kUsage);
  EXPECT_EQ(ctl({"frobnicate"}).status, kUsage);
  EXPECT_EQ(ctl({"wait", "a", "failed", "--timeout", "0.2"}).status, kTimedOut);
  daemon().signal(SIGSTOP);  // there, but silent
  EXPECT_EQ(ctl({"status", "--timeout", "0.5"}).status, kTimedOut);
  daemon().signal(SIGCONT);
  EXPECT_EQ(shut_down(), 0);
  EXPECT_EQ(ctl({"status"}).status, kNoDaemon);
}

TEST_F(CtlTest, P8_WithoutADaemonItSaysSoAndEndsSoon) {
  const auto began = std::chrono::steady_clock::now();
  const Finished end = ctl({"stop", "--wait", "--timeout", "3600", "a"});
  EXPECT_EQ(end.status, kNoDaemon);
  EXPECT_THAT(end.err, HasSubstr(control()));
  EXPECT_EQ(end.out, "");
  // One second by design; the time-out is an hour.
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{20});
}

TEST_F(CtlTest, P8_ADaemonThatDiesWhileItIsWaitedForIsNoticed) {
  start_session(coprocess("a", kSleeper));
  Follower waiting{ctl_plan({"wait", "a", "failed", "--timeout", "3600"})};
  Events stream{events(), {"coprocess.a."}};
  // Its request is in when the daemon has a pending one; that shows nowhere, and any moment will
  // do.
  restart("a");
  EXPECT_EQ(shut_down(), 0);
  const auto status = waiting.program().wait();
  EXPECT_TRUE(status == kNoDaemon || status == kFailed) << status.value_or(-1);
}

TEST_F(CtlTest, P14_TheClientWritesNothing) {
  start_session(coprocess("a", kSleeper));
  const std::filesystem::path place = folder().path() / "client";
  std::filesystem::create_directory(place);
  for (const auto& args : std::vector<std::vector<std::string>>{{"status"},
                                                                {"logs", "a"},
                                                                {"history"},
                                                                {"stop", "--wait", "a"},
                                                                {"check", "../stack.toml"}}) {
    Plan plan = ctl_plan(args);
    plan.cwd = place.string();
    plan.env = {"HOME=" + place.string(), "XDG_CONFIG_HOME=" + place.string(),
                "XDG_RUNTIME_DIR=" + place.string(), "TMPDIR=" + place.string()};
    EXPECT_EQ(run(plan).status, kDone) << args.front();
  }
  EXPECT_TRUE(std::filesystem::is_empty(place));
}

TEST_F(CtlTest, ARelativePathIsTakenFromWhereTheClientIs) {
  start();
  std::filesystem::create_directory(folder().path() / "there");
  folder().file("there/mine.toml", coprocess("a", kSleeper));
  Plan plan = ctl_plan({"set-config", "--wait", "./mine.toml"});
  plan.cwd = folder().path("there");
  const Finished end = run(plan);
  EXPECT_EQ(end.status, kDone) << end.err;
  EXPECT_THAT(end.out, HasSubstr("added: a"));
  EXPECT_EQ(state("a"), "running");
}

TEST_F(CtlTest, ABrokenConfigIsToldWithAllItsFaults) {
  start();
  const std::string file =
      session_file("[coprocess.a]\ncommands = [\"x\"]\n[coprocess.b]\ncommand = 5\n");
  const Finished end = ctl({"set-config", file});
  EXPECT_EQ(end.status, kFailed);
  EXPECT_THAT(end.err, AllOf(HasSubstr(file + ":2:1: coprocess.a.commands: "),
                             HasSubstr(file + ":4:11: coprocess.b.command: ")));
}

TEST_F(CtlTest, LogsFollowEndsWithZeroWhenInterrupted) {
  start_session(coprocess("a", "echo before; read line < gate; echo after; exec sleep 1000") +
                coprocess("gate", "mkfifo gate 2>/dev/null; exec sleep 1000"));
  Follower logs{ctl_plan({"logs", "-f", "a"})};
  EXPECT_TRUE(logs.await("stdout before"));
  restart("a");
  folder().file("go", "");
  logs.program().signal(SIGINT);
  EXPECT_EQ(logs.program().wait(), kDone);
}

TEST_F(CtlTest, EventsEndWithZeroWhenTerminated) {
  start();
  Follower stream{ctl_plan({"events", "session.", "heartbeat."})};
  EXPECT_TRUE(stream.await("heartbeat"));
  set_config(session_file(coprocess("a", kSleeper)));
  EXPECT_TRUE(stream.await("session stack: starting -> running"));
  stream.program().signal(SIGTERM);
  EXPECT_EQ(stream.program().wait(), kDone);
}

TEST_F(CtlTest, EventsOfADaemonThatEndsEndWithNoDaemon) {
  start();
  Follower stream{ctl_plan({"events", "heartbeat."})};
  EXPECT_TRUE(stream.await("heartbeat"));
  EXPECT_EQ(shut_down(), 0);
  EXPECT_EQ(stream.program().wait(), kNoDaemon);
}

TEST_F(CtlTest, ShutdownCanBeWaitedFor) {
  start_session(coprocess("deaf", kDeaf, term_grace("300ms")));
  await_line({"deaf"}, "deaf");
  EXPECT_EQ(ctl({"shutdown", "--wait"}).status, kDone);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(CtlTest, StatusOfAStoppedCoprocessHasNoPid) {
  start_session(coprocess("a", kSleeper));
  stop("a");
  const Finished end = ctl({"status"});
  EXPECT_EQ(end.status, kDone);
  EXPECT_THAT(end.out, AllOf(HasSubstr("session stack: running"), HasSubstr("stopped"),
                             Not(HasSubstr("PID")), Not(HasSubstr("\x1b["))));
}

TEST_F(CtlTest, ColoursAreForTerminalsOnly) {
  start_session(coprocess("a", kSleeper));
  EXPECT_THAT(ctl({"status"}).out, Not(HasSubstr("\x1b[")));
  EXPECT_THAT(on_a_terminal(ctl_plan({"status"})), HasSubstr("\x1b[32mrunning\x1b[0m"));
  EXPECT_THAT(on_a_terminal(ctl_plan({"--json", "status"})), Not(HasSubstr("\x1b[")));
  Plan without = ctl_plan({"status"});
  without.env = {"NO_COLOR=1"};
  EXPECT_THAT(on_a_terminal(without), Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace masterd::test
