// Output in files of real coprocesses, and a flood that must not make the daemon grow.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "fsm/asan.h"
#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

/// Prints lines 1 to N of 100 bytes each, which begin with their numbers.
std::string numbered(int count) {
  return "seq -f '%08.0f " + std::string(90, '.') + "' 1 " + std::to_string(count);
}
constexpr std::size_t kLine = 100;

/// Then runs `script` at each SIGUSR1.
std::string at_usr1(const std::string& first, const std::string& script) {
  return "trap '" + script + "' USR1; " + first + "; while :; do sleep 1000 & wait; done";
}

class OutputFileTest : public DaemonTest {
 protected:
  std::string text(const std::string& name) const { return contents(folder().path(name)); }
  /// Waits until it has printed `line`, and that is in its file: the event of a line goes out
  /// before the chunk that it came with is written, an answer after it.
  void await_written(const std::string& name, const std::string& line) {
    await_line({name}, line);
    call("ping");
  }
  /// How many descriptors the daemon has on files whose name begins with it, gone ones too.
  int held(const std::string& name) {
    int found = 0;
    for (const auto& entry :
         fs::directory_iterator{"/proc/" + std::to_string(daemon().pid()) + "/fd"}) {
      std::error_code gone;
      if (fs::read_symlink(entry.path(), gone).filename().string().find(name) == 0) ++found;
    }
    return found;
  }
  /// The lines of every file whose name begins with `prefix`, unordered.
  std::vector<std::string> lines_of_all(const std::string& prefix) const {
    std::vector<std::string> lines;
    for (const auto& entry : fs::directory_iterator(folder().path())) {
      if (entry.path().filename().string().find(prefix) != 0) continue;
      std::ifstream file{entry.path()};
      for (std::string line; std::getline(file, line);) lines.push_back(line);
    }
    return lines;
  }
};

TEST_F(OutputFileTest, EveryLineIsThereOnceInOrderAlsoTheLastWithoutAnEnd) {
  start_session(coprocess("a", "echo out; printf 'caf\\351\\n'; printf last",
                          "output = { file = \"a.log\", log = false }\n"));
  await_state("a", "exited");
  EXPECT_EQ(text("a.log"), "out\ncaf\xEF\xBF\xBD\nlast\n");
  EXPECT_THAT(log(), testing::Not(HasSubstr("a: out"))) << "log = false";
  EXPECT_THAT(lines("a"), testing::Contains("out")) << "but kept";
}

TEST_F(OutputFileTest, EachStreamCanBeThrownAway) {
  start_session(coprocess("a", "echo out; echo err >&2",
                          "output = { file = \"a.log\", stdout = \"null\" }\n") +
                coprocess("b", "echo out; echo err >&2",
                          "output = { file = \"b.log\", stderr = \"null\" }\n"));
  await_state("a", "exited");
  await_state("b", "exited");
  EXPECT_EQ(text("a.log"), "err\n");
  EXPECT_EQ(text("b.log"), "out\n");
}

TEST_F(OutputFileTest, S11_NoLineIsLostOrCutWhileItIsRotatedByItselfAndByOthers) {
  constexpr int kLines = 300'000;  // 2 MB
  start_session(coprocess("a", "while ! [ -e go ]; do sleep 0.01; done; seq 1 300000",
                          "output = { file = \"a.log\", max_size = \"64K\", keep = 1000, log = "
                          "false }\n"));
  std::ofstream{folder().path("go")} << "x";
  // Others: logrotate by renaming, and the request. What is moved away is looked at, too.
  for (int i = 0; state("a") != "exited"; ++i) {
    std::error_code gone;
    fs::rename(folder().path("a.log"), folder().path("a.log-moved" + std::to_string(i)), gone);
    if (i % 3 == 0) call("rotate_logs", {{"names", {"a"}}});
    if (i % 5 == 0) daemon().signal(SIGUSR1);
  }
  auto all = lines_of_all("a.log");
  ASSERT_EQ(all.size(), static_cast<std::size_t>(kLines));
  std::vector<int> numbers;
  for (const std::string& line : all) numbers.push_back(std::stoi(line));
  std::sort(numbers.begin(), numbers.end());
  for (int i = 0; i < kLines; ++i) ASSERT_EQ(numbers[static_cast<std::size_t>(i)], i + 1);
  EXPECT_GT(std::distance(fs::directory_iterator{folder().path()}, fs::directory_iterator{}), 20);
}

TEST_F(OutputFileTest, RotateLogsTellsTheFilesAndWhatHasNoneIsLeftOut) {
  start_session(coprocess("a", "echo one; exec sleep 1000", "output = { file = \"a.log\" }\n") +
                coprocess("b", kSleeper));
  await_line({"a"}, "one");
  EXPECT_EQ(json::serialize(call("rotate_logs")),
            R"({"files":[{"name":"a","path":")" + folder().path("a.log") + "\"}]}");
  EXPECT_EQ(text("a.log.1"), "one\n");
  EXPECT_EQ(reason("rotate_logs", {{"names", {"x"}}}), "unknown_coprocess");
}

TEST_F(OutputFileTest, AFolderThatIsMissingIsToldOnceAndTheCoprocessRunsOn) {
  start_session(coprocess("a", "echo one; echo two; exec sleep 1000",
                          "output = { file = \"nowhere/a.log\" }\n"));
  await_line({"a"}, "two");
  EXPECT_EQ(count_of(log(), "lines for "), 1U) << log();
  EXPECT_THAT(log(), HasSubstr("No such file or directory (ENOENT)"));
  EXPECT_EQ(state("a"), "running");
}

TEST_F(OutputFileTest, S14_AnotherFileIsTakenOverWithoutARestart) {
  const auto session = [](const std::string& file) {
    return coprocess("a", "trap 'echo said' USR1; echo up; while :; do sleep 0.02; done",
                     "output = { file = \"" + file + "\" }\n" + kForkingShell);
  };
  start_session(session("one.log"));
  await_line({"a"}, "up");
  const pid_t pid = pid_of("a");
  set_config(session_file(session("two.log")));
  ::kill(pid, SIGUSR1);
  await_line({"a"}, "said");
  EXPECT_EQ(pid_of("a"), pid);
  EXPECT_EQ(text("one.log"), "up\n");
  EXPECT_EQ(text("two.log"), "said\n");
}

TEST_F(OutputFileTest, S11_LogrotatesOwnOldFilesAreLeftAloneBySIGUSR1) {
  // As logrotate does it: its old files move up, it renames, then tells by `postrotate`. What is
  // written in between must not make the daemon rotate once more, over logrotate's files.
  start_session(coprocess("a", "while read line; do echo $line; done",
                          "stdin = \"pipe\"\noutput = { file = \"a.log\", keep = 1 }\n"));
  const auto say = [this](const std::string& line) {
    call("write_stdin", {{"name", "a"}, {"data", line + "\n"}});
    await_written("a", line);
  };
  say("old");
  fs::rename(folder().path("a.log"), folder().path("a.log.1"));
  say("between");
  daemon().signal(SIGUSR1);
  ASSERT_TRUE(eventually([this] { return held("a.log") == 0; }));
  say("new");
  EXPECT_EQ(text("a.log.1"), "old\n");
  EXPECT_EQ(text("a.log"), "between\nnew\n");
}

TEST_F(OutputFileTest, S6_SIGUSR1LetsGoOfAFileThatOthersRemoved) {
  start_session(coprocess("a", "echo up; exec sleep 1000", "output = { file = \"a.log\" }\n"));
  await_written("a", "up");
  fs::remove(folder().path("a.log"));
  EXPECT_EQ(held("a.log"), 1) << "nothing was written since";
  daemon().signal(SIGUSR1);
  EXPECT_TRUE(eventually([this] { return held("a.log") == 0; }));
}

TEST_F(OutputFileTest, AFullDiskLosesLinesWithACountAndNothingElse) {
  const std::string disk = folder().path("disk");
  fs::create_directory(disk);
  Plan on_disk = plan();
  const std::vector<std::string> mount{"/usr/bin/unshare",
                                       ::geteuid() == 0 ? "-m" : "-rm",
                                       "/bin/sh",
                                       "-c",
                                       "mount -t tmpfs -o size=256k tmpfs \"$0\" && exec \"$@\"",
                                       disk};
  Plan possible;
  possible.argv = mount;
  possible.argv.emplace_back("/bin/true");
  if (run(possible).status != 0) GTEST_SKIP() << "needs a mount namespace";
  on_disk.argv.insert(on_disk.argv.begin(), mount.begin(), mount.end());
  start(on_disk);

  constexpr std::uint64_t kLines = 4000;  // 400 KB
  set_config(session_file(coprocess(
      "a",
      at_usr1("head -c 100000 /dev/zero > disk/filling; " + numbered(kLines) + "; echo full",
              "rm disk/filling; echo again"),
      kForkingShell + "output = { log = false, file = \"" + disk + "/log\" }\n")));
  await_line({"a"}, "full");
  EXPECT_TRUE(eventually([&] { return count_of(log(), "are lost: No space left on device") > 0; }));
  EXPECT_EQ(state("a"), "running");
  call("signal", {{"name", "a"}, {"signal", "USR1"}});
  await_line({"a"}, "again");

  const std::string seen = "/proc/" + std::to_string(daemon().pid()) + "/root" + disk + "/log";
  EXPECT_TRUE(eventually([&] { return contents(seen).ends_with("\nagain\n"); }));
  std::istringstream file{contents(seen)};
  std::uint64_t kept = 0;
  for (std::string line; std::getline(file, line); ++kept) {
    EXPECT_TRUE(line.size() + 1 == kLine || line == "full" || line == "again") << line;
  }
  EXPECT_GT(kept, 500U);
  EXPECT_LT(kept, kLines);
  const std::string text = log();
  const std::regex note{"is written again; ([0-9]+) lines were lost"};
  std::uint64_t lost = 0;
  for (std::sregex_iterator it{text.begin(), text.end(), note}, end; it != end; ++it) {
    lost += std::stoull((*it)[1]);
  }
  EXPECT_EQ(kept + lost, kLines + 2);
  EXPECT_LT(count_of(text, "are lost: "), 4U) << "it is not told for each line";
}

TEST_F(OutputFileTest, P11_M7_AFloodLeavesTheMemoryFlat) {
  start_session(coprocess("flood",
                          "line=$(head -c 1000 /dev/zero | tr '\\0' x)\n"
                          "while ! [ -e warm ]; do sleep 0.01; done; yes $line | head -c 20000000\n"
                          "echo; echo warm; while ! [ -e go ]; do sleep 0.01; done\n"
                          "yes $line | head -c 200000000; echo; echo done; exec sleep 1000",
                          "output = { log = false }\n"));
  std::ofstream{folder().path("warm")} << "x";
  await_line({"flood"}, "warm");
  const auto before = memory_kib(daemon().pid(), "VmRSS");
  std::ofstream{folder().path("go")} << "x";
  await_line({"flood"}, "done");
  if (!fsm::kUnderAsan) {
    EXPECT_LT(memory_kib(daemon().pid(), "VmRSS"), before + 4096);  // KiB, of 200 MB
  }
  EXPECT_EQ(lines("flood").back(), "done");
}

}  // namespace
}  // namespace masterd::test
