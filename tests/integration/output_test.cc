// What coprocesses print, and with which descriptors they begin.
#include <gmock/gmock.h>

#include <filesystem>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

class OutputTest : public DaemonTest {};

TEST_F(OutputTest, C17_EachLineOfEachRunIsInTheLogOnce) {
  start_session(coprocess("a",
                          "n=$(cat runs 2>/dev/null || echo 0); n=$((n+1)); echo $n > runs; "
                          "trap \"echo end-$n; exit 0\" TERM; echo begin-$n; "
                          "while :; do sleep 1000 & wait; done"));
  for (int run = 1; run <= 50; ++run) {
    await_line({"a"}, "begin-" + std::to_string(run));
    stop("a");
    if (run < 50) start_coprocess("a");
  }
  const auto kept = lines("a");
  ASSERT_EQ(kept.size(), 100U);
  const std::string text = log();
  for (int run = 1; run <= 50; ++run) {
    const std::string n = std::to_string(run);
    EXPECT_EQ(kept[2U * static_cast<unsigned>(run) - 2], "begin-" + n);
    EXPECT_EQ(kept[2U * static_cast<unsigned>(run) - 1], "end-" + n);
    EXPECT_EQ(count_of(text, "begin-" + n + "\n"), 1U);
    EXPECT_EQ(count_of(text, "end-" + n + "\n"), 1U);
  }
}

TEST_F(OutputTest, C19_AChildHasItsThreeDescriptorsAndNoOther) {
  start_session("[coprocess.a]\ncommand = [\"" TEST_CHILD "\", \"descriptors\"]\n");
  await_line({"a"}, "0 1 2");
}

TEST_F(OutputTest, C19_AlsoWhenTheDaemonBeganWithoutThem) {
  Plan bare = plan({"--session", session_file("[coprocess.a]\ncommand = [\"" TEST_CHILD
                                              "\", \"descriptors\"]\n" +
                                              coprocess("b", "echo out; echo err >&2"))});
  bare.closed_descriptors = true;
  start(bare);
  for (const char* fd : {"0", "1", "2"}) {
    // Else it would be a socket's, and what is logged would go into that.
    EXPECT_EQ(
        std::filesystem::read_symlink("/proc/" + std::to_string(daemon().pid()) + "/fd/" + fd),
        "/dev/null");
  }
  await_line({"a"}, "0 1 2");
  await_line({"b"}, "out");
  await_line({"b"}, "err");
}

TEST_F(OutputTest, D13_AfterTenMegabytesTheNewestLinesAreHeldAndTheLastOneBeforeDeath) {
  const std::string thousand(999, 'x');
  start();
  set_config(session_file(coprocess("a", "yes " + thousand +
                                             " | head -n 10000; echo last words; "
                                             "kill -SEGV $$")),
             false);
  await_state("a", "failed");
  const auto kept = lines("a");
  ASSERT_GT(kept.size(), 10U);
  EXPECT_EQ(kept.back(), "last words");
  EXPECT_EQ(kept[kept.size() - 2], thousand);
  const json::object newest = call("logs", {{"name", "a"}, {"lines", 1}});
  EXPECT_EQ(newest.at("lines").at(0).at("seq").to_number<int>(), 10001);
}

TEST_F(OutputTest, InvalidUtf8IsReadableOnTheWire) {
  start_session(coprocess("a", "printf 'a\\377b\\n'; exec sleep 1000"));
  await_line({"a"},
             "a\xEF\xBF\xBD"
             "b");
}

TEST_F(OutputTest, TheDebugLogHasEveryControlTransferOfEveryMachine) {
  start({"--log-level", "debug", "--session", session_file(coprocess("a", kSleeper))});
  await_state("a", "running");
  stop("a");
  EXPECT_EQ(shut_down(), 0);
  for (const char* transfer :
       {"debug a: start", "debug a: await", "debug a: shutdown: stop requested", "debug a: unwind",
        "debug a: end", "debug supervisor: yield", "debug session: end", "debug daemon: end"}) {
    EXPECT_THAT(log(), testing::HasSubstr(transfer));
  }
}

}  // namespace
}  // namespace masterd::test
