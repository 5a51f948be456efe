// Methods about the processes of a coprocess: what it waits for, its tree, its stdin.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "daemon/tree_walk.h"
#include "tests/daemon/methods_fixture.h"

namespace masterd::daemon {
namespace {

using std::chrono::seconds;
using test::kTwo;
using testing::StartsWith;
namespace json = boost::json;

class ProcessMethodsTest : public test::MethodsFixture {
 protected:
  json::object status_of(const std::string& name) {
    const auto answer = result("status", R"({"name":")" + name + R"("})");
    return answer.at("coprocesses").at(0).as_object();
  }
};

TEST_F(ProcessMethodsTest, StatusTellsTypeAndRequirementsWithThoseOfTheGroup) {
  pick(R"(
    [group.app]
    requires = ["a"]
    [coprocess.a]
    command = ["a"]
    type = "oneshot"
    [coprocess.c]
    command = ["c"]
    [coprocess.b]
    command = ["b"]
    group = "app"
    requires = ["c"]
  )");
  EXPECT_EQ(status_of("a").at("type"), "oneshot");
  EXPECT_FALSE(status_of("a").contains("requires"));
  EXPECT_EQ(status_of("b").at("type"), "simple");
  EXPECT_EQ(status_of("b").at("requires"), (json::array{"c", "a"}));
}

TEST_F(ProcessMethodsTest, P15_StatusOfAStopTellsTheRungTheTimeLeftAndThePids) {
  launcher_.deaf = true;
  pick(kTwo);
  launcher_.of("b")->tree = {launcher_.of("b")->pid, 4711};
  EXPECT_FALSE(status_of("b").contains("stage"));
  EXPECT_FALSE(status_of("b").contains("pids"));
  send("stop", R"({"names":["b"]})");
  settle();
  advance(seconds{2});
  const auto b = status_of("b");
  EXPECT_EQ(b.at("stage"), "SIGTERM");
  EXPECT_EQ(b.at("time_left_s"), 3.0);
  EXPECT_EQ(b.at("pids"), (json::array{launcher_.of("b")->pid, 4711}));
  // Not in the list of all: a look at a tree is not for free.
  EXPECT_FALSE(result("status").at("coprocesses").at(1).as_object().contains("pids"));
}

TEST_F(ProcessMethodsTest, StatusOfAStartTellsWhatIsMissingAndTheTimeLeft) {
  pick("[coprocess.a]\ncommand = [\"a\"]\nready = {notify = true, timeout = \"10s\"}\n");
  advance(seconds{4});
  const auto a = status_of("a");
  EXPECT_EQ(a.at("state"), "starting");
  EXPECT_EQ(a.at("stage"), "no READY=1 came");
  EXPECT_EQ(a.at("time_left_s"), 6.0);
  EXPECT_FALSE(a.contains("pids"));
}

TEST_F(ProcessMethodsTest, TreeHasEachCoprocessInFileOrder) {
  pick(kTwo);
  launcher_.of("a")->tree = {::getpid()};
  launcher_.of("b")->tree = {0x7ffffff0};  // no such process
  const auto all = result("tree").at("coprocesses").as_array();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("name"), "a");
  EXPECT_EQ(all[0].at("processes").at(0).at("pid"), ::getpid());
  EXPECT_EQ(all[0].at("processes").at(0).at("ppid"), ::getppid());
  EXPECT_EQ(all[1], (json::object{{"name", "b"}, {"processes", json::array{}}}));
  EXPECT_EQ(result("tree", R"({"name":"b"})").at("coprocesses").as_array().size(), 1U);
}

TEST_F(ProcessMethodsTest, TreeNeedsASessionAndAKnownName) {
  EXPECT_EQ(refusal("tree"), "no_session");
  pick(kTwo);
  EXPECT_EQ(refusal("tree", R"({"name":"nobody"})"), "unknown_coprocess");
}

TEST_F(ProcessMethodsTest, TreeOfASessionThatEndsMeanwhileIsStillAnswered) {
  pick(kTwo);
  TreeWalk walk{fsm_, loop_, {}};
  EXPECT_TRUE(walk.unfinished());
  result("end_session", R"({"wait":true})");
  const auto answer = walk.decide();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(std::get<json::value>(*answer), (json::object{{"coprocesses", json::array{}}}));
}

/// A clock on which every look costs time.
class SlowClock final : public fsm::Clock {
 public:
  [[nodiscard]] fsm::TimePoint now() const override { return now_ += std::chrono::milliseconds{2}; }

 private:
  mutable fsm::TimePoint now_{};
};

TEST_F(ProcessMethodsTest, AWalkThroughManyTreesGivesTheLoopItsTurns) {
  std::string text;
  for (int i = 0; i < 9; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"c\"]\n";
  }
  pick(text);
  const SlowClock clock;
  const fsm::EventLoop slow{clock};
  TreeWalk walk{fsm_, slow, {}};
  int turns = 0;
  std::optional<Answer> answer;
  while (!(answer = walk.decide())) {
    ASSERT_TRUE(walk.unfinished());
    ASSERT_LT(++turns, 9);
  }
  EXPECT_GT(turns, 2);
  EXPECT_EQ(std::get<json::value>(*answer).at("coprocesses").as_array().size(), 9U);
}

// ---- what /proc tells ----

/// A shell whose arguments are `args`, the script of which stops itself; ends when `this` does.
class Sleeper {
 public:
  explicit Sleeper(std::vector<std::string> args) {
    std::vector<char*> argv;
    for (std::string& arg : args) argv.push_back(arg.data());
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::execv("/bin/sh", argv.data());
      ::_exit(127);
    }
    // Not the close of an O_CLOEXEC descriptor: an exec closes those before it sets the new
    // arguments (fs/exec.c: begin_new_exec), and until then the command line is empty.
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, WUNTRACED), pid_);
    EXPECT_TRUE(WIFSTOPPED(status));
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST(ProcessesJson, ACommandIsOnePrintableLineOfValidUtf8) {
  const Sleeper child{{"sh", "-c", "kill -STOP $$", "bad \xff byte", "two\nlines\x1b[2J", "ä"}};
  const auto shown = processes_json({child.pid()}).at(0).as_object();
  EXPECT_EQ(shown.at("command"), "sh -c kill -STOP $$ bad \xEF\xBF\xBD byte two?lines?[2J ä");
  EXPECT_EQ(shown.at("ppid"), ::getpid());
}

TEST(ProcessesJson, ACommandIsBounded) {
  const Sleeper child{{"sh", "-c", "kill -STOP $$", std::string(100'000, 'x')}};
  const auto shown = processes_json({child.pid()}).at(0).as_object();
  EXPECT_EQ(shown.at("command").as_string().size(), 4096U);
}

TEST(ProcessesJson, AZombieHasItsShortNameAndAReapedOneIsLeftOut) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  siginfo_t info;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
  const auto shown = processes_json({pid}).at(0).as_object();
  EXPECT_EQ(shown.at("state"), "Z");
  EXPECT_THAT(std::string{shown.at("command").as_string()}, StartsWith("["));
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(processes_json({pid}).empty());
}

// ---- stdin ----

TEST_F(ProcessMethodsTest, WriteStdinTellsHowManyBytesItTook) {
  pick(kTwo);
  EXPECT_EQ(result("write_stdin", R"({"name":"a","data":"ä\n"})").at("bytes"), 3);
  EXPECT_EQ(launcher_.of("a")->stdin_bytes, "ä\n");
  EXPECT_EQ(result("write_stdin", R"({"name":"a","data":""})").at("bytes"), 0) << "it could be";
  EXPECT_EQ(refusal("write_stdin", R"({"name":"a"})"), "bad_params");
  EXPECT_EQ(refusal("write_stdin", R"({"name":"x","data":"y"})"), "unknown_coprocess");
}

TEST_F(ProcessMethodsTest, EachReasonForWhichNothingIsWrittenHasItsWord) {
  pick(kTwo);
  const std::string request = R"({"name":"a","data":"x"})";
  const std::pair<int, const char*> cases[] = {
      {ENOTSUP, "no_stdin"},   {EPIPE, "stdin_closed"}, {EAGAIN, "queue_full"},
      {EMSGSIZE, "too_large"}, {ESRCH, "not_running"},  {EIO, "failed"},
  };
  for (const auto& [error, word] : cases) {
    launcher_.of("a")->stdin_error = error;
    EXPECT_EQ(refusal("write_stdin", request), word);
    EXPECT_EQ(answer().at("error").at("data").at("name"), "a");
  }
}

TEST_F(ProcessMethodsTest, WriteStdinOfAStoppedOneIsNotRunning) {
  pick(kTwo);
  result("stop", R"({"names":["b"],"wait":true})");
  EXPECT_EQ(refusal("write_stdin", R"({"name":"b","data":"x"})"), "not_running");
}

}  // namespace
}  // namespace masterd::daemon
