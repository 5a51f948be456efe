#include "ctl/blame.h"

#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

Bar bar(const std::string& name, double started, double ready) {
  return {name, "running", {}, started, ready};
}

const Timeline kTimeline{"two-stage",
                         1.57,
                         60,
                         {bar("quick", 0, 0.0321),
                          bar("slow", 0.1, 1.35),
                          bar("ages", 0, 75),
                          {"late", "failed", {}, 0.5, {}},
                          bar("same", 1, 1.0321)}};

TEST(Blame, TheSlowestComesFirstAndTheUnreadyLast) {
  EXPECT_EQ(render_blame(kTimeline),
            "   1m15s ages\n"
            "  1.250s slow\n"
            "    32ms quick\n"
            "    32ms same\n"
            "       - late (failed)\n"
            "two-stage was ready 1.570s after it began, without 1 that failed\n");
}

TEST(Blame, OneThatFailedAfterItWasReadyWasThereWhenTheSessionCameUp) {
  EXPECT_EQ(render_blame({"s", 1.0, 9, {{"a", "failed", {}, 0.0, 0.5}}}),
            "   500ms a\ns was ready 1.000s after it began\n");
}

TEST(Blame, ASessionThatIsNotReadySaysSo) {
  EXPECT_EQ(render_blame({"s", {}, 4.2, {}}), "s is not ready yet, 4.200s after it began\n");
}

TEST(Blame, NamesCannotGarbleTheTerminal) {
  const std::string text = render_blame({"\x1b[2J", {}, 0, {{"a\nb", "\x07", {}, {}, {}}}});
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(Blame, AsJsonItHasTheSameOrder) {
  EXPECT_EQ(boost::json::value(blame_json(kTimeline)),
            boost::json::parse(R"({"session":"two-stage","ready_s":1.57,"coprocesses":[
              {"name":"ages","state":"running","time_s":75.0},
              {"name":"slow","state":"running","time_s":1.25},
              {"name":"quick","state":"running","time_s":0.032},
              {"name":"same","state":"running","time_s":0.032},
              {"name":"late","state":"failed"}]})"));
}

}  // namespace
}  // namespace masterd::ctl
