// Another configuration for a running session: only what must change does, and a bad one nothing.
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "tests/integration/broken_files.h"
#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class ReloadTest : public DaemonTest {};

TEST_F(ReloadTest, C14_OfFiftyOnlyTheChangedOneAndItsDependentsRestart) {
  const auto file = [](const std::string& changed) {
    std::string toml;
    for (int i = 0; i < 48; ++i) toml += coprocess("c" + std::to_string(i), kSleeper);
    return toml + coprocess("base", changed) + coprocess("user", kSleeper, requires_("base"));
  };
  start_session(file(kSleeper));
  const auto before = pids();
  const json::object answer = set_config(session_file(file("exec sleep 2000")));
  EXPECT_EQ(answer.at("changes").at("changed"), json::value{"base"});
  EXPECT_EQ(answer.at("changes").at("dependents"), json::value{"user"});
  const auto after = pids();
  ASSERT_EQ(after.size(), 50U);
  for (std::size_t i = 0; i < 48; ++i) EXPECT_EQ(after[i], before[i]);
  EXPECT_NE(after[48].second, before[48].second);
  EXPECT_NE(after[49].second, before[49].second);
  // Down and up in order.
  const std::vector<std::string> all = story({"stopping", "running"});
  const std::vector<std::string> last{all.end() - 4, all.end()};
  EXPECT_THAT(
      last, testing::ElementsAre("user stopping", "base stopping", "base running", "user running"));
}

TEST_F(ReloadTest, C10_TwoHundredComeAndGoWhileFourClientsAskForTheStatus) {
  std::string many;
  for (int i = 0; i < 200; ++i) {
    many += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"sleep\", \"1000\"]\n";
  }
  start_session(coprocess("a", kSleeper));
  const pid_t a = pid_of("a");
  std::atomic<bool> over{false};
  std::atomic<int> answers{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      proto::Client client{control()};
      while (!over) {
        client.call("status", {}, kLimit);
        ++answers;
      }
    });
  }
  set_config(session_file(coprocess("a", kSleeper) + many));
  EXPECT_EQ(pids().size(), 201U);
  set_config(session_file(coprocess("a", kSleeper)));
  EXPECT_TRUE(eventually([&] { return pids().size() == 1; }));
  over = true;
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answers, 0);
  EXPECT_EQ(pid_of("a"), a);
  EXPECT_TRUE(eventually([&] { return processes() == std::vector{a}; }));
}

TEST_F(ReloadTest, P9_AHundredReloadsOfTheSameFileRestartNothing) {
  const std::string toml = coprocess("a", kSleeper) + coprocess("b", kSleeper, requires_("a")) +
                           coprocess("c", kSleeper);
  start_session(toml);
  const auto before = pids();
  const std::string path = session_file(toml);
  const auto changes_before = history().size();
  for (int i = 0; i < 100; ++i) {
    const json::object answer = set_config(path);
    EXPECT_EQ(answer.at("changes").at("unchanged").as_array().size(), 3U);
    EXPECT_EQ(answer.at("generation").as_int64(), 1);
    reload();
  }
  EXPECT_EQ(pids(), before);
  EXPECT_EQ(history().size(), changes_before);
}

TEST_F(ReloadTest, S14_AKeyThatNeedsNoRestartKeepsThePid) {
  start_session(coprocess("a", kSleeper));
  const pid_t pid = pid_of("a");
  const json::object answer = set_config(
      session_file(coprocess("a", kSleeper,
                             "description = \"new\"\nvital = true\non_exit = \"end-session\"\n"
                             "restart = { policy = \"always\", delay = \"7s\", limit = 3 }\n" +
                                 term_grace("7s"))));
  EXPECT_EQ(answer.at("changes").at("updated"), json::value{"a"});
  EXPECT_EQ(answer.at("generation").as_int64(), 2);
  EXPECT_EQ(pid_of("a"), pid);
}

TEST_F(ReloadTest, ADryRunShowsTheDifferenceAndChangesNothing) {
  const std::string user = coprocess("user", kSleeper, requires_("a"));
  start_session(coprocess("a", kSleeper) + coprocess("b", kSleeper) + user);
  const json::object before = still_status();
  const json::object answer =
      call("set_config", {{"config", session_file(coprocess("a", "exec sleep 2000") +
                                                  coprocess("c", kSleeper) + user)},
                          {"dry_run", true}});
  EXPECT_TRUE(answer.at("dry_run").as_bool());
  EXPECT_EQ(answer.at("changes"), (json::value{{"added", {"c"}},
                                               {"removed", {"b"}},
                                               {"changed", {"a"}},
                                               {"updated", json::array{}},
                                               {"unchanged", {"user"}},
                                               {"dependents", {"user"}}}));
  EXPECT_EQ(still_status(), before);
}

TEST_F(ReloadTest, ANewerConfigSupersedesOneThatIsStillStarting) {
  start_session(coprocess("a", kSleeper));
  const std::string slow =
      folder().file("slow.toml", "[coprocess.dies]\ncommand = [\"/no/such/program\"]\n" +
                                     kLongBackoff + coprocess("a", kSleeper));
  proto::Client waiting{control()};
  Events stream{events(), {"coprocess.dies."}};
  std::thread waiter{[&] {
    try {
      waiting.call("set_config", {{"config", slow}, {"wait", "ready"}}, kLimit);
      ADD_FAILURE() << "it cannot be ready";
    } catch (const proto::Refused& refusal) {
      EXPECT_EQ(proto::reason_of(refusal.error), "superseded");
    }
  }};
  EXPECT_TRUE(stream.await("dies", "backoff"));
  set_config(session_file(coprocess("b", kSleeper)));
  waiter.join();
  EXPECT_EQ(state("b"), "running");
}

/// "FILE:LINE:", and the key where there is one.
std::string place_of(const json::object& diagnostic) {
  return text_of(diagnostic, "file") + ":" +
         std::to_string(diagnostic.at("line").to_number<int>()) + ": " + text_of(diagnostic, "key");
}

TEST_F(ReloadTest, S13_D9_ThirtyBrokenFilesChangeNothingAndAreToldWithTheirPlace) {
  static_assert(std::size(kBrokenFiles) >= 30);
  start();
  const std::string own =
      session_file(coprocess("a", kSleeper) + coprocess("b", "exit 1", kLongBackoff) +
                   coprocess("c", kSleeper, requires_("a")));
  set_config(own, false);
  await_state("b", "backoff");
  await_state("c", "running");
  const json::object before = still_status();
  for (const BrokenFile& broken : kBrokenFiles) {
    const std::string line = ":" + std::to_string(broken.line) + ": " + broken.key;
    const std::string file = folder().file("broken.toml", broken.text);
    const std::pair<std::string, json::object> ways[] = {{"inline", {{"text", broken.text}}},
                                                         {file, {{"config", file}}}};
    for (const auto& [origin, params] : ways) {
      const proto::Error error = refused("set_config", params);
      EXPECT_EQ(proto::reason_of(error), "bad_config");
      const auto& diagnostics = error.data.at("diagnostics").as_array();
      EXPECT_EQ(place_of(diagnostics.at(0).as_object()), origin + line) << broken.text;
      EXPECT_FALSE(text_of(diagnostics.at(0).as_object(), "message").empty());
    }
    // The file of the session itself, read again.
    const std::size_t logged = log().size();
    folder().file("stack.toml", broken.text);
    reload();
    EXPECT_THAT(log().substr(logged),
                AllOf(HasSubstr("changes nothing"),
                      HasSubstr(own + ":" + std::to_string(broken.line)), HasSubstr(broken.key)));
    EXPECT_EQ(still_status(), before) << broken.text;
  }
}

TEST_F(ReloadTest, S12_SighupInEveryPhaseEndsNothingAndCancelsNothing) {
  const auto hang_up = [this] {
    for (int i = 0; i < 50; ++i) reload();
  };
  start();
  hang_up();  // waiting: there is nothing to read
  EXPECT_EQ(text_of(call("status").at("daemon").as_object(), "state"), "waiting");

  const std::string file =
      session_file(coprocess("dies", "exit 1", kLongBackoff) +
                   coprocess("deaf", kDeaf, term_grace("1h")) + coprocess("up", kSleeper));
  set_config(file, false);
  await_line({"deaf"}, "deaf");
  await_state("dies", "backoff");
  const auto before = pids();
  hang_up();  // starting: one is in backoff
  EXPECT_EQ(pids(), before);
  EXPECT_EQ(state("dies"), "backoff");

  call("stop", {{"names", {"dies"}}});
  await_session("running");
  hang_up();
  EXPECT_EQ(pids(), before);

  call("end_session");
  hang_up();  // stopping, which goes on
  EXPECT_EQ(text_of(call("status").at("session").as_object(), "state"), "stopping");
  await_state("up", "stopped");
  stop("deaf", true);
  await_session("");

  set_config(session_file(coprocess("deaf", kDeaf, term_grace("300ms"))));
  await_line({"deaf"}, "deaf");
  call("shutdown");
  for (int i = 0; i < 50; ++i) daemon().signal(SIGHUP);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(ReloadTest, S12_ASessionOfARelativePathIsReadAgainFromThere) {
  session_file(coprocess("a", kSleeper));
  std::filesystem::create_directory(folder().path() / "other");
  Plan relative = plan({"--session", "../stack.toml"});
  relative.cwd = folder().path("other");
  start(relative);
  await_session("running");
  EXPECT_EQ(text_of(call("status").at("session").as_object(), "config"),
            folder().path("stack.toml"));
  std::filesystem::remove(folder().path() / "other");  // the daemon's working directory has gone
  session_file(coprocess("a", kSleeper) + coprocess("b", kSleeper));
  reload();
  await_state("b", "running");
}

TEST_F(ReloadTest, SighupReadsWhatTheFileSaysNow) {
  start_session(coprocess("a", kSleeper) + coprocess("gone", kSleeper));
  const pid_t a = pid_of("a");
  session_file(coprocess("a", kSleeper) + coprocess("b", kSleeper));
  reload();
  await_state("b", "running");
  EXPECT_EQ(pid_of("a"), a);
  EXPECT_TRUE(eventually([&] { return pids().size() == 2; }));
}

}  // namespace
}  // namespace masterd::test
