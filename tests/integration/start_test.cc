// How a masterd begins, or refuses to, and the exit statuses of both.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kFailedSession = 1;
constexpr int kUsage = 2;
constexpr int kSystem = 71;
constexpr int kConfig = 78;

class StartTest : public DaemonTest {
 protected:
  /// A masterd that is expected to end by itself.
  Finished masterd(const std::vector<std::string>& args) const { return run(plan(args)); }
  std::string marking_session() const {
    return session_file(coprocess("a", "touch " + folder().path("spawned") + "; exec sleep 1000"));
  }
  bool spawned() const {
    struct stat info {};
    return ::stat(folder().path("spawned").c_str(), &info) == 0;
  }
};

TEST_F(StartTest, AnUnknownOptionIsAUsageError) {
  const Finished end = masterd({"--sesion", "x"});
  EXPECT_EQ(end.status, kUsage);
  EXPECT_THAT(end.err, HasSubstr("--sesion"));
}

TEST_F(StartTest, ABrokenSessionFileIsToldWithPlaceAndNothingIsSpawned) {
  const std::string file = session_file("[coprocess.a]\ncommand = [\"true\"]\nvitel = true\n");
  const Finished end = masterd({"--session", file});
  EXPECT_EQ(end.status, kConfig);
  EXPECT_THAT(end.err, AllOf(HasSubstr(file + ":3"), HasSubstr("coprocess.a.vitel")));
}

TEST_F(StartTest, AnAbsentSessionFileIsAConfigurationError) {
  const Finished end = masterd({"--session", "./nowhere.toml"});
  EXPECT_EQ(end.status, kConfig);
  EXPECT_THAT(end.err, HasSubstr("nowhere.toml"));
}

TEST_F(StartTest, ABrokenDaemonFileIsAConfigurationError) {
  const std::string file = folder().file("masterd.toml", "endpoint = []\n");
  const Finished end = masterd({"--config", file});
  EXPECT_EQ(end.status, kConfig);
  EXPECT_THAT(end.err, AllOf(HasSubstr(file + ":1"), HasSubstr("did you mean 'endpoints'")));
}

TEST_F(StartTest, CheckSaysWhatIsWrongAndStartsNothing) {
  const Finished good = masterd({"--check", "--session", marking_session()});
  EXPECT_EQ(good.status, 0) << good.err;
  EXPECT_EQ(good.err, "");
  const Finished bad = masterd({"--check", "--session", session_file("[coprocess.a]\n")});
  EXPECT_EQ(bad.status, kConfig);
  EXPECT_THAT(bad.err, HasSubstr("'command' is missing"));
  EXPECT_FALSE(spawned());
}

TEST_F(StartTest, P12_AnEndpointThatCannotBeBoundMeansThatNothingIsSpawned) {
  folder().file("file", "");
  const std::string endpoint = "ipc://" + folder().path("file/control.sock");
  Plan blocked = plan({"--session", marking_session()});
  blocked.argv.at(2) = endpoint;
  const Finished end = run(blocked);
  EXPECT_EQ(end.status, kSystem);
  EXPECT_THAT(end.err, HasSubstr(endpoint));
  EXPECT_FALSE(spawned());
}

TEST_F(StartTest, P12_EventsThatCannotBeBoundMeanTheSame) {
  const std::string endpoint = "ipc://" + folder().path("file/events.sock");
  folder().file("file", "");
  const Finished end = masterd({"--session", marking_session(), "--events", endpoint});
  EXPECT_EQ(end.status, kSystem);
  EXPECT_THAT(end.err, HasSubstr(endpoint));
  EXPECT_FALSE(spawned());
}

TEST_F(StartTest, S15_ASecondDaemonIsRefusedAndTheFirstIsUntouched) {
  start_session(coprocess("a", kSleeper));
  const pid_t a = pid_of("a");
  struct stat before {};
  ASSERT_EQ(::stat(folder().path("control.sock").c_str(), &before), 0);

  const Finished second = masterd({"--session", marking_session()});
  EXPECT_EQ(second.status, kSystem);
  EXPECT_THAT(second.err, AllOf(HasSubstr("another masterd"), HasSubstr(control()),
                                HasSubstr(std::to_string(daemon().pid()))));
  EXPECT_FALSE(spawned());

  struct stat after {};
  ASSERT_EQ(::stat(folder().path("control.sock").c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(pid_of("a"), a);
}

TEST_F(StartTest, S15_AfterAKilledDaemonTheNextOneTakesItsEndpoint) {
  start();
  daemon().signal(SIGKILL);
  EXPECT_EQ(exit_status(), 128 + SIGKILL);
  start();
  call("status");
}

TEST_F(StartTest, S16_ClientsThatHammerDoNotHinderARestart) {
  std::atomic<bool> over{false};
  std::atomic<int> answers{0};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      proto::Client client{control()};
      while (!over) {
        try {
          client.call("status", {}, milliseconds{500});
          ++answers;
        } catch (const std::runtime_error&) {  // between two daemons
        }
      }
    });
  }
  for (int round = 0; round < 15; ++round) {
    const int before = answers;
    start();
    EXPECT_TRUE(eventually([&] { return answers > before; }));
    EXPECT_EQ(shut_down(), 0);
  }
  over = true;
  for (std::thread& client : clients) client.join();
}

TEST_F(StartTest, S17_AVitalCoprocessThatGivesUpIsSeenAndEndsTheDaemonWith1) {
  start({"--session",
         session_file(coprocess("deaf", kDeaf, term_grace("1h")) +
                      coprocess("vital", "until test -e go; do sleep 0.02; done; exit 7",
                                "vital = true\nrestart = { policy = \"always\", delay = \"1ms\", "
                                "limit = 2, within = \"1h\" }\n"))});
  await_line({"deaf"}, "deaf");
  folder().file("go", "");
  await_state("vital", "failed");
  await_session("stopping");
  EXPECT_THAT(text_of(coprocess_status("vital"), "reason"),
              AllOf(HasSubstr("restart limit"), HasSubstr("exited with 7")));
  EXPECT_EQ(history("vital").back().to, "failed");
  call("stop", {{"names", {"deaf"}}, {"now", true}});
  EXPECT_EQ(exit_status(), kFailedSession);
  EXPECT_THAT(log(), HasSubstr("vital vital failed: restart limit"));
}

TEST_F(StartTest, S17_AFailureDuringAnOrderedShutdownIsNone) {
  start({"--session", session_file(coprocess("vital",
                                             "trap 'exit 3' TERM; echo up; "
                                             "while :; do sleep 1000 & wait; done",
                                             "vital = true\n" + kForkingShell))});
  await_line({"vital"}, "up");
  EXPECT_EQ(shut_down(), 0);
}

TEST_F(StartTest, S18_TcpBeyondLoopbackIsRefused) {
  for (const char* endpoint : {"tcp://0.0.0.0:*", "tcp://*:*", "tcp://192.0.2.1:5000"}) {
    const Finished end = masterd({"--endpoint", endpoint, "--session", marking_session()});
    EXPECT_EQ(end.status, kConfig) << endpoint;
    EXPECT_THAT(end.err, HasSubstr("loopback"));
  }
  EXPECT_FALSE(spawned());
}

TEST_F(StartTest, S18_TcpOnTheLoopbackMayOnlyLook) {
  start({"--endpoint", "tcp://127.0.0.1:*"});
  set_config(session_file(coprocess("a", kSleeper)));
  const std::string text = log();
  const std::size_t at = text.find("tcp://127.0.0.1:");
  ASSERT_NE(at, std::string::npos);
  proto::Client observer{text.substr(at, text.find('\n', at) - at)};
  EXPECT_EQ(observer.call("status", {}).at("coprocesses").as_array().size(), 1U);
  const std::vector<std::pair<std::string, json::object>> acts{
      {"stop", {{"names", {"a"}}}},
      {"signal", {{"name", "a"}, {"signal", "KILL"}}},
      {"set_config", {{"text", coprocess("b", "touch " + folder().path("spawned"))}}},
      {"check_config", {{"config", "/etc/shadow"}}},
      {"end_session", {}},
      {"shutdown", {}}};
  for (const auto& [method, params] : acts) {
    try {
      observer.call(method, params);
      ADD_FAILURE() << method << " was allowed";
    } catch (const proto::Refused& refusal) {
      EXPECT_EQ(proto::reason_of(refusal.error), "not_permitted") << method;
    }
  }
  EXPECT_EQ(state("a"), "running");
  EXPECT_FALSE(spawned());
}

TEST_F(StartTest, S18_TheFilesOfTheEndpointAreNobodyElses) {
  start();
  struct stat info {};
  for (const char* name : {"control.sock", "events.sock"}) {
    ASSERT_EQ(::stat(folder().path(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0660U) << name;
  }
}

}  // namespace
}  // namespace masterd::test
