// A session whose parts have no life of their own: it is begun anew as a whole.
#include <gmock/gmock.h>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::HasSubstr;

constexpr const char* kBound = "restart = { scope = \"session\" }\n";

class AnewTest : public DaemonTest {
 protected:
  static std::string file(const std::string& a) {
    return coprocess("a", a, kBound) + coprocess("b", kSleeper, requires_("a"));
  }
  void expect_begun_anew_in_order(const std::vector<std::pair<std::string, pid_t>>& before) {
    const auto after = pids();
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < after.size(); ++i) EXPECT_NE(after[i].second, before[i].second);
    const std::vector<std::string> all = story({"stopping", "running"});
    std::vector<std::string> parts;
    for (const std::string& step : all) {
      if (step.rfind("session", 0) != 0) parts.push_back(step);
    }
    ASSERT_GE(parts.size(), 4U);
    EXPECT_THAT((std::vector<std::string>{parts.end() - 4, parts.end()}),
                testing::ElementsAre("b stopping", "a stopping", "a running", "b running"));
  }
};

TEST_F(AnewTest, ARestartByHandIsThatOfTheSession) {
  start_session(file(kSleeper));
  const auto before = pids();
  restart("a");
  await_state("b", "running");
  expect_begun_anew_in_order(before);
}

TEST_F(AnewTest, AChangedFileBeginsItAnewByRequest) {
  start_session(file(kSleeper));
  const auto before = pids();
  const json::object answer = set_config(session_file(file("exec sleep 2000")));
  EXPECT_TRUE(answer.at("anew").as_bool());
  expect_begun_anew_in_order(before);
}

TEST_F(AnewTest, AndBySighup) {
  start_session(file(kSleeper));
  const auto before = pids();
  session_file(file("exec sleep 2000"));
  Events stream{events(), {"coprocess."}};
  reload();
  EXPECT_THAT(log(), HasSubstr("2 changed; the session begins anew"));
  ASSERT_TRUE(stream.await("b", "stopped"));
  ASSERT_TRUE(stream.await("b", "running"));
  expect_begun_anew_in_order(before);
}

TEST_F(AnewTest, AStartAfterAStopIsRefused) {
  start_session(file(kSleeper));
  stop("a");
  const proto::Error error = refused("start", {{"names", {"a"}}});
  EXPECT_THAT(error.message, HasSubstr("a: it cannot be started again alone"));
  EXPECT_EQ(state("a"), "stopped");
}

}  // namespace
}  // namespace masterd::test
