// What is written to a child's stdin, and what is not captured of its streams.
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>

#include "supervisor/stdin_writer.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

class StdinTest : public ChildFixture {
 protected:
  static config::CoprocessSpec reader(const std::string& script) {
    auto spec = shell(script);
    spec.stdin_kind = config::StdinKind::Pipe;
    return spec;
  }
  /// Writes until it is told to stop; the error.
  static int fill(supervisor::Process& process) {
    const std::string piece(4096, 'x');
    for (int i = 0; i < 1000; ++i) {
      if (const int error = process.write_stdin(piece)) return error;
    }
    return 0;
  }
  TempFolder folder;
};

TEST_P(StdinTest, M6_TenBytesArriveAtOnce) {
  const auto run = launch(reader("head -c 10; exec sleep 1000"));
  EXPECT_EQ(run->process->write_stdin("0123456789"), 0);
  EXPECT_TRUE(until_says(*run, "0123456789"));
}

TEST_P(StdinTest, M6_AChildThatNeverReadsFillsABoundedQueueAndOthersAreServed) {
  const auto deaf = launch(reader("exec sleep 1000"));
  EXPECT_EQ(deaf->process->write_stdin(std::string(1U << 20U, 'x')), EMSGSIZE);
  EXPECT_EQ(fill(*deaf->process), EAGAIN);
  EXPECT_EQ(deaf->process->write_stdin(std::string(4096, 'x')), EAGAIN) << "nothing was taken";
  const auto other = launch(reader("read line; echo got $line"));
  EXPECT_EQ(other->process->write_stdin("word\n"), 0);
  EXPECT_TRUE(until_says(*other, "got word"));
  EXPECT_FALSE(deaf->process->exited().is_set());
}

TEST_P(StdinTest, AQueueDrainsWhenTheChildReadsAndNothingIsLost) {
  ASSERT_EQ(::mkfifo(folder.path("fifo").c_str(), 0600), 0);
  const auto run = launch(reader("read go <" + folder.path("fifo") + "; head -c 131072 | wc -c"));
  const std::string piece(65536, 'x');
  EXPECT_EQ(run->process->write_stdin(piece), 0) << "the pipe's own";
  EXPECT_EQ(run->process->write_stdin(piece), 0) << "the queue";
  EXPECT_EQ(run->process->write_stdin("x"), EAGAIN);
  std::ofstream{folder.path("fifo")} << "\n";
  EXPECT_TRUE(until_says(*run, "131072\n"));
}

TEST_P(StdinTest, AClosedStdinIsAnErrorAndNoSignal) {
  const auto run = launch(reader("exec <&-; echo closed; exec sleep 1000"));
  ASSERT_TRUE(until_says(*run, "closed"));
  struct sigaction action {};
  ::sigaction(SIGPIPE, nullptr, &action);
  ASSERT_EQ(action.sa_handler, SIG_DFL) << "it would end this process";
  EXPECT_EQ(run->process->write_stdin("x"), EPIPE);
  EXPECT_EQ(run->process->write_stdin("x"), EPIPE);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
}

TEST_P(StdinTest, AReaderThatEndsWithAFullQueueEndsTheQueueToo) {
  const auto run = launch(reader("exec sleep 1000"));
  EXPECT_EQ(fill(*run->process), EAGAIN);
  EXPECT_EQ(run->process->signal(SIGKILL), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_TRUE(run_until(loop, [&] { return run->process->write_stdin("x") == EPIPE; }));
}

TEST_P(StdinTest, WithoutAPipeItIsNotSupported) {
  const auto run = launch(shell("exec sleep 1000"));
  EXPECT_EQ(run->process->write_stdin("x"), ENOTSUP);
}

TEST_P(StdinTest, AStreamThatIsNotCapturedIsDevNull) {
  auto spec = shell("exec 3>&1; readlink /proc/$$/fd/3 >&2; echo lost");
  spec.output.capture_stdout = false;
  const auto run = launch(spec);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_EQ(run->out, "");
  EXPECT_EQ(run->err.substr(0, run->err.find('\n')), "/dev/null");
  spec = shell("readlink /proc/self/fd/2; exec sh -c 'ls /proc/$$/fd'");
  spec.output.capture_stderr = false;
  spec.stdin_kind = config::StdinKind::Pipe;
  EXPECT_EQ(output_of(spec), "/dev/null\n0\n1\n2\n");
}

INSTANTIATE_TEST_SUITE_P(Either, StdinTest, testing::Values(Source::Sigchld, Source::Pidfd),
                         source_name);

}  // namespace
}  // namespace masterd::test
