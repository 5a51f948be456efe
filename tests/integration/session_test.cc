// Sessions as a user meets them: up in order, looked at, down again.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class SessionTest : public DaemonTest {};

/// Where in the story something is; its end: nowhere.
std::size_t place(const std::vector<std::string>& story, const std::string& what) {
  return static_cast<std::size_t>(std::find(story.begin(), story.end(), what) - story.begin());
}

TEST_F(SessionTest, TheWorkshopExampleComesUpAndStopsItsMotorsWhenTheSpindleDies) {
  start_session(contents(EXAMPLES "/workshop.toml"));
  EXPECT_EQ(text_of(coprocess_status("spindle"), "status_text"), "at 3000 rpm");
  call("write_stdin", {{"name", "feeder-1"}, {"data", "load\n"}});
  await_line({"feeder-1"}, "got load");
  ::kill(pid_of("spindle"), SIGKILL);
  await_session("");
  const std::string text = log();
  EXPECT_THAT(text, HasSubstr("motors off"));
  std::size_t at = 0;
  for (const char* step :
       {"preflight", "fail-safe, pid", "panel: stopped", "unloading", "clean-up"}) {
    const std::size_t next = text.find(step, at);
    EXPECT_NE(next, std::string::npos) << step << " is not next in\n" << text;
    at = next;
  }
}

TEST_F(SessionTest, TheTwoStageExampleDoesWhatTheReadmeSays) {
  // A copy: root uses no file that others may write, and who owns a checkout is unknown.
  const std::string file = folder().file("two-stage.toml", contents(EXAMPLES "/two-stage.toml"));
  start({"--session", file});
  await_session("running");
  auto up = story({"running"});
  ASSERT_EQ(up.size(), 3U);
  EXPECT_EQ(up.front(), "rt-host running");
  // stubborn is a shell with a sleep.
  EXPECT_TRUE(eventually([&] { return processes().size() == 4; })) << describe(processes());

  const pid_t old = pid_of("ui-server");
  ::kill(old, SIGKILL);
  EXPECT_NE(await_new_pid("ui-server", old), old);
  EXPECT_EQ(coprocess_status("ui-server").at("restarts").as_int64(), 1);
  EXPECT_EQ(text_of(coprocess_status("ui-server").at("last_exit").as_object(), "signal"),
            "SIGKILL");

  await_line({"stubborn"}, "stubborn: up");
  stop("stubborn");
  EXPECT_EQ(state("stubborn"), "stopped");
  EXPECT_THAT(lines("stubborn"), Contains("stubborn: no"));
  EXPECT_EQ(text_of(coprocess_status("stubborn").at("last_exit").as_object(), "signal"), "SIGKILL");
  start_coprocess("stubborn");

  Events stream{events(), {}};
  EXPECT_EQ(shut_down(), 0);
  std::vector<std::string> down;
  try {
    while (const auto event = stream.next()) {
      if (text_of(event->params, "to") == "stopped") {
        down.push_back(text_of(event->params, "name"));
      }
    }
  } catch (const proto::NoDaemon&) {  // it has ended, as asked
  }
  ASSERT_EQ(down.size(), 3U);
  EXPECT_EQ(down.back(), "rt-host");
  EXPECT_THAT(processes(), testing::IsEmpty());
}

TEST_F(SessionTest, M11_StagesComeUpInOrderAndGoDownInReverseEachOnce) {
  start_session("[group.two]\nrequires = [\"one\"]\n[group.three]\nrequires = [\"two\"]\n" +
                coprocess("c1", kSleeper, "group = \"three\"") +
                coprocess("b1", kSleeper, "group = \"two\"") +
                coprocess("b2", kSleeper, "group = \"two\"") +
                coprocess("a1", kSleeper, "group = \"one\""));
  const auto up = story({"running"});
  ASSERT_EQ(up.size(), 4U);
  EXPECT_EQ(up.front(), "a1 running");
  EXPECT_EQ(up.back(), "c1 running");
  call("end_session", {{"wait", true}});
  const auto down = story({"stopped"});
  ASSERT_EQ(down.size(), 4U);
  EXPECT_EQ(down.front(), "c1 stopped");
  EXPECT_EQ(down.back(), "a1 stopped");
  // Nobody was told to end before those that require it had gone.
  const auto both = story({"stopping", "stopped"});
  EXPECT_LT(place(both, "c1 stopped"), place(both, "b1 stopping"));
  EXPECT_LT(place(both, "b2 stopped"), place(both, "a1 stopping"));
}

TEST_F(SessionTest, ASessionThatWasPickedLaterMayFailWithoutEndingTheDaemon) {
  start();
  set_config(session_file(coprocess("vital", "exit 3", "vital = true\n")), false);
  await_session("");
  EXPECT_THAT(history("vital").back().cause, HasSubstr("exited with 3"));
  EXPECT_EQ(text_of(call("status").at("daemon").as_object(), "state"), "waiting");
}

TEST_F(SessionTest, ANormalEndMayEndTheSessionOrTheDaemon) {
  start();
  set_config(session_file(coprocess("a", kSleeper) +
                          coprocess("display", "exit 0", "on_exit = \"end-session\"\n")),
             false);
  await_session("");
  set_config(session_file(coprocess("a", kSleeper) +
                          coprocess("display", "exit 0", "on_exit = \"shutdown\"\n")),
             false);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(SessionTest, TheHookRunsWhileTheDaemonWaitsAndEndsWhenAConfigIsPicked) {
  const std::string file = folder().file(
      "masterd.toml",
      "[hook]\ncommand = [\"/bin/sh\", \"-c\", 'echo hooked >> ${config.dir}/hooked; exec sleep "
      "1000']\ninterval = \"50ms\"\n");
  Plan waiting = plan({"--config", file});
  start(waiting);
  EXPECT_TRUE(eventually([&] { return !contents(folder().path("hooked")).empty(); }));
  set_config(session_file(coprocess("a", kSleeper)));
  EXPECT_TRUE(eventually([&] { return processes() == std::vector{pid_of("a")}; }));
}

TEST_F(SessionTest, D15_StatusShowsOnlyWhatHasAMeaning) {
  start();
  set_config(session_file(coprocess("up", kSleeper) + coprocess("done", "exit 0") +
                          coprocess("bad", "exit 4") + coprocess("dead", "kill -SEGV $$") +
                          coprocess("next", kSleeper, requires_("bad")) +
                          "[coprocess.missing]\ncommand = [\"/nowhere/x\"]\n"),
             false);
  await_session("running");
  await_state("bad", "failed");
  await_state("dead", "failed");
  await_state("next", "failed");
  await_state("done", "exited");

  const auto up = coprocess_status("up");
  EXPECT_FALSE(up.contains("last_exit") || up.contains("reason") || up.contains("waiting_for"));
  for (const char* name : {"done", "bad", "dead", "next", "missing"}) {
    const auto down = coprocess_status(name);
    EXPECT_FALSE(down.contains("pid") || down.contains("uptime_s") || down.contains("next_try_s"))
        << json::serialize(down);
  }
  EXPECT_EQ(coprocess_status("done").at("last_exit"), (json::value{{"code", 0}}));
  EXPECT_EQ(coprocess_status("bad").at("last_exit"), (json::value{{"code", 4}}));
  EXPECT_EQ(text_of(coprocess_status("dead").at("last_exit").as_object(), "signal"), "SIGSEGV");
  EXPECT_THAT(text_of(coprocess_status("dead"), "reason"), HasSubstr("SIGSEGV"));
  EXPECT_EQ(text_of(coprocess_status("next"), "reason"), "dependency: bad");
  const auto missing = coprocess_status("missing");
  EXPECT_FALSE(missing.contains("last_exit"));
  EXPECT_EQ(text_of(missing, "reason"), "exec /nowhere/x: No such file or directory (ENOENT)");
}

TEST_F(SessionTest, D16_ARestartOfWhatIsStoppedStartsItAndTheReplySaysSo) {
  start_session(coprocess("a", kSleeper));
  stop("a");
  const json::object reply = restart("a");
  EXPECT_EQ(reply.at("coprocesses"), (json::value{{{"name", "a"}, {"state", "running"}}}));
  EXPECT_EQ(state("a"), "running");
}

TEST_F(SessionTest, D17_WithEverythingStoppedTheDaemonStaysAndStartsAgain) {
  start_session(coprocess("a", kSleeper) + coprocess("b", kSleeper, requires_("a")));
  stop("*");
  EXPECT_EQ(state("a"), "stopped");
  EXPECT_EQ(state("b"), "stopped");
  const json::object all = call("start", {{"names", {"b"}}, {"wait", true}});
  EXPECT_EQ(state("a"), "running");  // pulled in
  EXPECT_EQ(state("b"), "running");
}

TEST_F(SessionTest, P7_DependentsComeBackWhenTheirRequirementDoes) {
  start_session(coprocess("base", kSleeper, kAlways) +
                coprocess("user", kSleeper, requires_("base")));
  const pid_t user = pid_of("user");
  for (int round = 0; round < 5; ++round) {
    const pid_t base = pid_of("base");
    ::kill(base, SIGKILL);
    await_new_pid("base", base);
    await_state("user", "running");
  }
  EXPECT_NE(await_new_pid("user", user), user);
}

TEST_F(SessionTest, P7_DependentsFollowARequirementThatIsReplacedByAReload) {
  start_session(coprocess("base", kSleeper) + coprocess("user", kSleeper, requires_("base")));
  const pid_t user = pid_of("user");
  set_config(session_file(coprocess("base", "exec sleep 2000") +
                          coprocess("user", kSleeper, requires_("base"))));
  EXPECT_NE(await_new_pid("user", user), user);
  // Without its requirement, and back again.
  set_config(session_file(coprocess("user", kSleeper)));
  EXPECT_EQ(state("user"), "running");
  set_config(
      session_file(coprocess("base", kSleeper) + coprocess("user", kSleeper, requires_("base"))));
  EXPECT_EQ(state("user"), "running");
}

TEST_F(SessionTest, P7_DependentsOfWhatFailedForGoodAreFailedAndHealWithIt) {
  start();
  set_config(session_file(coprocess("base", "test -e good && exec sleep 1000; exit 1") +
                          coprocess("user", kSleeper, requires_("base"))),
             false);
  await_state("user", "failed");
  EXPECT_EQ(text_of(coprocess_status("user"), "reason"), "dependency: base");
  folder().file("good", "");
  start_coprocess("base");
  await_state("user", "running");
}

TEST_F(SessionTest, D3_ACrashLoopStopsAtItsLimitAlsoForDependentsThatRestart) {
  start();
  set_config(session_file(coprocess("base", "exit 1",
                                    "restart = { policy = \"always\", delay = \"1ms\", limit = 3, "
                                    "within = \"1h\" }\n") +
                          coprocess("user", kSleeper, requires_("base") + kAlways)),
             false);
  await_state("user", "failed");
  EXPECT_EQ(text_of(coprocess_status("user"), "reason"), "dependency: base");
  EXPECT_THAT(text_of(coprocess_status("base"), "reason"), HasSubstr("restart limit"));
  const auto runs = story({"running"});
  EXPECT_EQ(std::count(runs.begin(), runs.end(), "base running"), 4);
}

TEST_F(SessionTest, M9_TheEndOfASessionTouchesNothingThatIsNotOfIt) {
  Plan same;
  same.argv = {"/bin/sleep", "1000"};  // to a look at `ps` one of the session
  Program stranger{same};
  start_session("[coprocess.a]\ncommand = [\"/bin/sleep\", \"1000\"]\n");
  call("end_session", {{"wait", true}});
  EXPECT_TRUE(processes().empty());
  EXPECT_TRUE(is_alive(stranger.pid()));
}

TEST_F(SessionTest, M2_ASecondStartIsHarmlessAndStartsNothing) {
  start_session(coprocess("a", kSleeper));
  const pid_t pid = pid_of("a");
  for (int i = 0; i < 10; ++i) start_coprocess("a");
  EXPECT_EQ(pid_of("a"), pid);
  EXPECT_TRUE(eventually([&] { return processes() == std::vector{pid}; }));
}

TEST_F(SessionTest, M8_CoprocessesHaveNamesNotPlaces) {
  start_session(coprocess("a", kSleeper) + coprocess("b", kSleeper));
  const pid_t b = pid_of("b");
  set_config(session_file(coprocess("b", kSleeper)));
  EXPECT_TRUE(eventually([&] { return pids().size() == 1; }));  // "a" may still be on its way out
  EXPECT_EQ(reason("stop", {{"names", {"a"}}}), "unknown_coprocess");
  EXPECT_EQ(reason("status", {{"name", "a"}}), "unknown_coprocess");
  EXPECT_EQ(refused("stop", {{"names", {0}}}).code, proto::kInvalidParams);
  EXPECT_EQ(refused("status", {{"name", 0}}).code, proto::kInvalidParams);
  EXPECT_EQ(pid_of("b"), b);
}

}  // namespace
}  // namespace masterd::test
