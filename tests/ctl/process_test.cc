// The program itself: what only a process has, signals and pipes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/exit_code.h"
#include "proto/event.h"
#include "tests/proto/fake_daemon.h"
#include "tests/support/temp_folder.h"

extern char** environ;

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using test::always;
using test::Answer;
using test::FakeDaemon;

/// A masterctl whose stdout is a pipe to the test, or `output`.
class Program {
 public:
  explicit Program(std::vector<std::string> args, const char* output = nullptr) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
    out_ = ends[0];
    args.insert(args.begin(), MASTERCTL);
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (output == nullptr) {
      posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY, 0);
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (posix_spawn(&pid_, MASTERCTL, &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }
  ~Program() {
    close_output();
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Blocks for the next line; empty at the end of the output.
  std::string line() {
    std::string text;
    char c = 0;
    while (read(out_, &c, 1) == 1) {
      text += c;
      if (c == '\n') break;
    }
    return text;
  }
  void close_output() {
    if (out_ >= 0) close(out_);
    out_ = -1;
  }
  void signal(int number) const { kill(pid_, number); }
  /// The exit status, or 1000 + the signal that ended it.
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
};

class ProcessTest : public testing::Test {
 protected:
  std::string control() const { return "ipc://" + folder_.path("control.sock"); }
  std::string events() const { return "ipc://" + folder_.path("events.sock"); }

  /// Answers a ping with the events endpoint and everything else by `handler`.
  FakeDaemon::Handler with_ping(FakeDaemon::Handler handler) const {
    return
        [events = events(), handler = std::move(handler)](FakeDaemon& d, const proto::Request& r) {
          return r.method == "ping" ? Answer{json::value{{"events", {events}}}} : handler(d, r);
        };
  }

  test::TempFolder folder_;
};

TEST_F(ProcessTest, EventsPrintEachLineAtOnceAndEndQuietlyOnSigint) {
  FakeDaemon daemon{control(), events(), with_ping(always(std::monostate{}))};
  for (const int number : {SIGINT, SIGTERM}) {
    Program program{{"--endpoint", control(), "events", "--json", proto::heartbeat_topic()}};
    EXPECT_NE(program.line().find("\"type\":\"heartbeat\""), std::string::npos);
    program.signal(number);
    EXPECT_EQ(program.wait(), kDone);
  }
}

TEST_F(ProcessTest, AReaderThatGoesAwayEndsTheEventsQuietly) {
  FakeDaemon daemon{control(), events(), with_ping(always(std::monostate{}))};
  Program program{{"events", "--endpoint", control(), proto::heartbeat_topic()}};
  EXPECT_NE(program.line(), "");
  program.close_output();
  daemon.publish(proto::heartbeat_topic(), proto::heartbeat_event(2));
  EXPECT_EQ(program.wait(), kDone);
}

TEST_F(ProcessTest, IntoAPipeThereAreNoColours) {
  FakeDaemon daemon{control(), events(), with_ping(always(std::monostate{}))};
  Program program{{"events", "--endpoint", control(), proto::heartbeat_topic(), "session."}};
  EXPECT_NE(program.line(), "");
  daemon.publish(proto::session_topic(), proto::session_event("s", "starting", "running", ""));
  const std::string line = program.line();
  EXPECT_NE(line.find("starting -> running"), std::string::npos) << line;
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), kDone);
}

TEST_F(ProcessTest, WithoutADaemonItEndsByItself) {
  Program program{{"--endpoint", "ipc://" + folder_.path("nobody.sock"), "wait", "a", "running"}};
  EXPECT_EQ(program.line(), "");
  EXPECT_EQ(program.wait(), kNoDaemon);
}

TEST_F(ProcessTest, LogsFollowShowsEachLineOnce) {
  const std::string topic = proto::log_topic("a");
  const auto line = [](int seq) {
    return json::value{{"seq", seq}, {"time", "T"}, {"stream", "stdout"}, {"text", "line"}};
  };
  FakeDaemon daemon{control(), events(),
                    with_ping([&](FakeDaemon& d, const proto::Request&) -> Answer {
                      // Line 2 is in the answer and in the events, line 3 in the events alone.
                      d.emit(topic, proto::log_event("a", "stdout", "line", 2));
                      d.emit(topic, proto::log_event("a", "stdout", "line", 3));
                      return json::object{{"lines", {line(1), line(2)}}};
                    })};
  Program program{{"--endpoint", control(), "logs", "a", "-f", "--json"}};
  for (const char* seq : {"1", "2", "3"}) {
    EXPECT_EQ(program.line().find(std::string{"{\"seq\":"} + seq + ","), 0u) << seq;
  }
  daemon.publish(topic, proto::log_event("a", "stdout", "line", 4));
  EXPECT_EQ(program.line().find("{\"seq\":4,"), 0u);
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), kDone);
  EXPECT_EQ(program.line(), "");
}

TEST_F(ProcessTest, LogsFollowGoesOnWhenANewSessionCountsItsLinesAnew) {
  const std::string topic = proto::log_topic("a");
  FakeDaemon daemon{control(), events(),
                    with_ping([&](FakeDaemon& d, const proto::Request&) -> Answer {
                      d.emit(topic, proto::log_event("a", "stdout", "line", 8));
                      d.emit(topic, proto::log_event("a", "stdout", "line", 1));
                      return json::object{{"lines", {json::value{{"seq", 7}}}}};
                    })};
  Program program{{"--endpoint", control(), "logs", "a", "-f", "--json"}};
  for (const char* seq : {"7", "8", "1"}) {
    EXPECT_EQ(program.line().find(std::string{"{\"seq\":"} + seq), 0u) << seq;
  }
  program.signal(SIGINT);
  EXPECT_EQ(program.wait(), kDone);
}

TEST_F(ProcessTest, ShutdownWaitsForTheDaemonToGo) {
  std::optional<FakeDaemon> daemon;
  daemon.emplace(control(), events(), always(json::value{{"accepted", true}}));
  Program program{{"--endpoint", control(), "shutdown", "--wait"}};
  EXPECT_EQ(program.line(), "accepted\n");
  daemon.reset();
  EXPECT_EQ(program.wait(), kDone);
}

TEST_F(ProcessTest, AResultThatCannotBeWrittenIsAFailure) {
  FakeDaemon daemon{control(), events(), with_ping(always(std::monostate{}))};
  Program program{{"--endpoint", control(), "ping"}, "/dev/full"};
  EXPECT_EQ(program.wait(), kFailed);
}

}  // namespace
}  // namespace masterd::ctl
