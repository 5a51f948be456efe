// Ready by a listener of a real child, in real time.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <cstdint>
#include <sstream>
#include <vector>

#include "supervisor/readiness.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ListenReadinessTest : public test::ChildFixture {
 protected:
  config::CoprocessSpec listening(const std::string& script, config::ReadyListen how) {
    auto spec = spec_of({"/usr/bin/python3", "-c", script});
    spec.cwd = folder.path().string();
    spec.ready.how = std::move(how);
    return spec;
  }
  config::ReadyListen socket_file() const {
    return {config::ReadyListen::Family::Unix, folder.path("s"), 0};
  }
  void begin(const config::CoprocessSpec& spec, ProcessTree tree = {}) {
    readiness = make_readiness(loop, launcher, spec, std::move(tree));
    run = launch(spec);
    readiness->begin(run->process->pid());
  }
  bool until_decided() {
    return test::run_until(
        loop, [this] { return readiness->ready().is_set() || readiness->failed().is_set(); });
  }

  test::TempFolder folder;
  std::unique_ptr<Readiness> readiness;
  std::unique_ptr<test::Launched> run;
};

TEST_P(ListenReadinessTest, ItIsReadyWhenItListensAndNotBefore) {
  const auto spec = listening(
      "import socket, os\n"
      "s = socket.socket(socket.AF_UNIX); s.bind('s'); print('bound', flush=True)\n"
      "os.open('go', os.O_RDONLY)\n"  // a fifo: until the test opens it
      "s.listen(); s.settimeout(60)\n"
      "s.accept(); print('connected to', flush=True)\n",
      socket_file());
  ASSERT_EQ(::mkfifo(folder.path("go").c_str(), 0600), 0);
  begin(spec);
  ASSERT_TRUE(until_says(*run, "bound")) << run->err;
  for (int i = 0; i < 3; ++i) loop.run_once(20ms);
  EXPECT_FALSE(readiness->ready().is_set()) << "bound, but not listening";
  const OwnedFd go{::open(folder.path("go").c_str(), O_WRONLY | O_CLOEXEC)};
  ASSERT_TRUE(go);
  ASSERT_TRUE(until_decided());
  EXPECT_TRUE(readiness->ready().is_set()) << readiness->failure();
  EXPECT_EQ(run->out, "bound\n") << "it is looked up, not connected to";
}

TEST_P(ListenReadinessTest, ATcpListenerOfADescendantIsTheTrees) {
  auto spec = listening(
      "import socket, os\n"
      "s = socket.socket(); s.bind(('127.0.0.1', 0))\n"
      "if os.fork(): s.close(); os.wait()\n"
      "s.listen(); print(s.getsockname()[1], os.getpid(), flush=True); s.accept()\n",
      {});
  run = launch(spec);
  ASSERT_TRUE(until_says(*run, "\n")) << run->err;
  std::uint16_t port = 0;
  pid_t child = 0;
  std::istringstream{run->out} >> port >> child;
  ASSERT_NE(child, run->process->pid());
  spec.ready.how = config::ReadyListen{config::ReadyListen::Family::Tcp, "127.0.0.1", port};
  spec.ready.timeout = 300ms;
  readiness = make_readiness(loop, launcher, spec, {});
  readiness->begin(run->process->pid());
  ASSERT_TRUE(until_decided());
  EXPECT_TRUE(readiness->failed().is_set()) << "without a tree the leader alone counts";
  EXPECT_THAT(readiness->failure(),
              HasSubstr("not listen on tcp:127.0.0.1:" + std::to_string(port)));

  spec.ready.timeout = 20s;
  readiness = make_readiness(loop, launcher, spec, [child] { return std::vector{child}; });
  readiness->begin(run->process->pid());
  ASSERT_TRUE(until_decided());
  EXPECT_TRUE(readiness->ready().is_set()) << readiness->failure();
}

TEST_P(ListenReadinessTest, AStrangersListenerMakesNobodyReady) {
  const auto stranger = launch(listening(
      "import socket, time\n"
      "s = socket.socket(socket.AF_UNIX); s.bind('s'); s.listen(); print('up', flush=True)\n"
      "time.sleep(1000)\n",
      {}));
  ASSERT_TRUE(until_says(*stranger, "up"));
  auto spec = listening("import time; time.sleep(1000)", socket_file());
  spec.ready.timeout = 300ms;
  begin(spec, [] { return std::vector<pid_t>{}; });
  ASSERT_TRUE(until_decided());
  EXPECT_TRUE(readiness->failed().is_set());
  EXPECT_THAT(readiness->failure(), HasSubstr("not listen on unix:" + folder.path("s")));
}

INSTANTIATE_TEST_SUITE_P(, ListenReadinessTest, ::testing::Values(test::Source::Pidfd),
                         test::source_name);

}  // namespace
}  // namespace masterd::supervisor
