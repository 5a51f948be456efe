// What is written into the stdin of a coprocess, by the wire and by masterctl.
#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

constexpr const char* kPipe = "stdin = \"pipe\"\n";

class StdinTest : public DaemonTest {
 protected:
  Plan ctl(const std::vector<std::string>& args) const {
    Plan plan;
    plan.argv = {MASTERCTL, "--endpoint", control()};
    plan.argv.insert(plan.argv.end(), args.begin(), args.end());
    return plan;
  }
  /// masterctl with a standard input that a shell makes.
  Plan piped(const std::string& producer, const std::vector<std::string>& args) const {
    Plan plan;
    plan.argv = {"/bin/sh", "-c", "{ " + producer + R"(; } | "$0" "$@")"};
    const Plan rest = ctl(args);
    plan.argv.insert(plan.argv.end(), rest.argv.begin(), rest.argv.end());
    return plan;
  }
};

TEST_F(StdinTest, M6_TenBytesArriveAtOnce) {
  start_session(coprocess("a", "head -c 10; echo; exec sleep 1000", kPipe));
  EXPECT_EQ(call("write_stdin", {{"name", "a"}, {"data", "0123456789"}}).at("bytes"), 10);
  await_line({"a"}, "0123456789");  // no newline, no end of the file came: nothing is held back
}

TEST_F(StdinTest, M6_AMegabyteToOneThatNeverReadsIsAnErrorAndOthersAreServed) {
  start_session(coprocess("deaf", kSleeper, kPipe) + coprocess("cat", "exec cat", kPipe));
  EXPECT_EQ(reason("write_stdin", {{"name", "deaf"}, {"data", std::string(1'000'000, 'x')}}),
            "too_large");
  std::size_t taken = 0;
  std::string why;
  const std::string piece(50'000, 'x');
  while (why.empty() && taken < 1'000'000) {
    try {
      proto::Client{control()}.call("write_stdin", {{"name", "deaf"}, {"data", piece}}, kLimit);
      taken += piece.size();
    } catch (const proto::Refused& refused) {
      why = proto::reason_of(refused.error);
    }
  }
  EXPECT_EQ(why, "queue_full");
  EXPECT_LE(taken, 128U * 1024);  // the pipe and the queue
  EXPECT_EQ(call("write_stdin", {{"name", "cat"}, {"data", "still here\n"}}).at("bytes"), 11);
  await_line({"cat"}, "still here");
}

TEST_F(StdinTest, EachThingThatCannotBeWrittenToHasItsReason) {
  start_session(coprocess("null", kSleeper) +
                coprocess("closed", "exec <&-; echo closed; exec sleep 1000", kPipe) +
                coprocess("gone", "exit 0", kPipe));
  await_line({"closed"}, "closed");
  await_state("gone", "exited");
  const auto why = [this](const std::string& name) {
    return reason("write_stdin", {{"name", name}, {"data", "x"}});
  };
  EXPECT_EQ(why("null"), "no_stdin");
  EXPECT_EQ(why("closed"), "stdin_closed");
  EXPECT_EQ(why("gone"), "not_running");
  EXPECT_EQ(why("nobody"), "unknown_coprocess");
}

TEST_F(StdinTest, MasterctlWritesWordsAndALine) {
  start_session(coprocess("a", "exec cat", kPipe));
  const Finished end = run(ctl({"write", "a", "home", "all"}));
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.out, "");
  await_line({"a"}, "home all");
}

TEST_F(StdinTest, MasterctlWritesAMegabyteAsFastAsItIsRead) {
  start_session(coprocess("a", "head -c 1000000 | md5sum; exec sleep 1000", kPipe));
  const std::string bytes = "yes 0123456789 | head -c 1000000";
  const Finished end = run(piped(bytes, {"--json", "write", "a", "--timeout", "40"}));
  EXPECT_EQ(end.status, 0) << end.err;
  EXPECT_EQ(end.out, "{\"bytes\":1000000}\n");
  Plan sum;
  sum.argv = {"/bin/sh", "-c", bytes + " | md5sum"};
  std::string expected = run(sum).out;
  expected.pop_back();
  await_line({"a"}, expected);
}

TEST_F(StdinTest, MasterctlTimesOutOnOneThatNeverReads) {
  start_session(coprocess("a", kSleeper, kPipe));
  const Finished end = run(piped("head -c 1000000 /dev/zero", {"write", "a", "--timeout", "0.2"}));
  EXPECT_EQ(end.status, 4);
  EXPECT_THAT(end.err, HasSubstr("a does not read its stdin"));
}

TEST_F(StdinTest, ALineThatIsTypedIsNotHeldBackUntilTheEnd) {
  start_session(coprocess("a", "exec cat", kPipe));
  // The second line is typed only after the first has arrived.
  const std::string typing = "echo one; cat '" + folder().path("go") + "'; echo two";
  ASSERT_EQ(::system(("mkfifo '" + folder().path("go") + "'").c_str()), 0);
  Program typist{piped(typing, {"write", "a"})};
  await_line({"a"}, "one");
  ASSERT_EQ(::system((": > '" + folder().path("go") + "'").c_str()), 0);
  await_line({"a"}, "two");
  EXPECT_EQ(typist.wait(), 0);
}

}  // namespace
}  // namespace masterd::test
