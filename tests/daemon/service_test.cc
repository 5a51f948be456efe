#include "daemon/service.h"

#include <gmock/gmock.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

class ServiceTest : public testing::Test {
 protected:
  void begin(fsm::Duration watchdog = fsm::Duration::zero()) {
    ServiceManager manager;
    manager.send = [this](const std::string& message) { sent_.push_back(message); };
    manager.watchdog = watchdog;
    service_.emplace(loop_, std::move(manager), facts());
  }
  Service::Facts facts() {
    return {[this] {
              ++asked_;
              return status_;
            },
            [this] { return until_; }};
  }
  void advance(fsm::Duration d) {
    clock_.advance(d);
    for (int i = 0; i < 3; ++i) loop_.run_once(fsm::Duration::zero());
  }
  std::vector<std::string> sent() { return std::exchange(sent_, {}); }

  test::ManualClock clock_;
  fsm::EventLoop loop_{clock_};
  std::string status_ = "waiting";
  std::optional<fsm::Deadline> until_;
  int asked_ = 0;
  std::vector<std::string> sent_;
  std::optional<Service> service_;
};

TEST_F(ServiceTest, ReadyIsToldOnceWithTheStatus) {
  begin();
  EXPECT_THAT(sent(), IsEmpty());
  service_->up();
  service_->up();
  EXPECT_THAT(sent(), ElementsAre("READY=1\nSTATUS=waiting"));
}

TEST_F(ServiceTest, ManyChangesAreOneTextAndTheSameTextIsNone) {
  begin();
  service_->up();
  sent();
  status_ = "running";
  for (int i = 0; i < 1000; ++i) service_->changed();
  advance(Service::kSettle);
  EXPECT_THAT(sent(), ElementsAre("STATUS=running"));
  EXPECT_EQ(asked_, 2);
  service_->changed();
  advance(Service::kSettle);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(ServiceTest, AnIdleOneWithoutAWatchdogHasNothingArmed) {
  begin();
  service_->up();
  sent();
  advance(std::chrono::hours{24});
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(ServiceTest, TheWatchdogIsFedTwiceInItsTimeFromTheBeginningOn) {
  begin(seconds{30});
  EXPECT_THAT(sent(), ElementsAre("WATCHDOG=1"));
  advance(milliseconds{14'999});
  EXPECT_THAT(sent(), IsEmpty());
  advance(milliseconds{1});
  EXPECT_THAT(sent(), ElementsAre("WATCHDOG=1"));
  advance(seconds{15});
  EXPECT_THAT(sent(), ElementsAre("WATCHDOG=1"));
}

TEST_F(ServiceTest, AReloadIsFramedByReloadingAndReady) {
  begin();
  service_->up();
  sent();
  service_->reload_begins();
  status_ = "running";
  service_->reload_ends();
  EXPECT_THAT(sent(), ElementsAre(MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"),
                                  "READY=1\nSTATUS=running"));
}

TEST_F(ServiceTest, AReloadBeforeItIsUpDoesNotMakeItReady) {
  begin();
  service_->reload_begins();
  service_->reload_ends();
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(ServiceTest, OneThatIsStoppingIsNotReadyAgain) {
  begin();
  service_->stopping();
  EXPECT_THAT(sent(), ElementsAre("STOPPING=1\nSTATUS=waiting"));
  service_->up();
  service_->reload_begins();
  service_->reload_ends();
  service_->stopping();
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(ServiceTest, AStopGetsMoreTimeAsLongAsWhatIsWaitedForHasSome) {
  begin();
  service_->up();
  service_->stopping();
  sent();
  status_ = "stopping mill";
  until_ = loop_.now() + seconds{12};  // a ladder begins
  advance(Service::kSettle);
  EXPECT_THAT(sent(), ElementsAre("EXTEND_TIMEOUT_USEC=15000000\nSTATUS=stopping mill"));
  advance(Service::kExtendEvery);
  advance(Service::kExtendEvery);
  EXPECT_THAT(sent(),
              ElementsAre("EXTEND_TIMEOUT_USEC=15000000\n", "EXTEND_TIMEOUT_USEC=15000000\n"));
  for (int i = 0; i < 10; ++i) advance(Service::kExtendEvery);
  EXPECT_THAT(sent(), IsEmpty()) << "its time is over, and it is still there";
}

TEST_F(ServiceTest, AStopThatWaitsForNothingWithATimeOfItsOwnGetsNoMore) {
  begin();
  service_->stopping();
  sent();
  advance(seconds{60});
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(ServiceTest, WhereNobodyListensNothingIsAskedAndNothingArmed) {
  service_.emplace(loop_, ServiceManager{}, facts());
  service_->up();
  service_->changed();
  service_->reload_begins();
  service_->reload_ends();
  service_->stopping();
  advance(seconds{60});
  EXPECT_EQ(asked_, 0);
}

// ---- the real manager, by the variables that it sets ----

class ManagerTest : public testing::Test {
 protected:
  ~ManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
    if (socket_ >= 0) ::close(socket_);
  }
  void listen() {
    const std::string path = (folder_.path() / "notify").string();
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }

  test::TempFolder folder_;
  int socket_ = -1;
};

TEST_F(ManagerTest, WithoutASocketThereIsNone) {
  ::setenv("WATCHDOG_USEC", "1000000", 1);
  const ServiceManager manager = ServiceManager::of_this_process();
  EXPECT_FALSE(manager.send);
  EXPECT_EQ(manager.watchdog, fsm::Duration::zero());
}

TEST_F(ManagerTest, AMessageArrivesAndTheWatchdogsTimeIsKnown) {
  listen();
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  const ServiceManager manager = ServiceManager::of_this_process();
  EXPECT_EQ(manager.watchdog, seconds{3});
  manager.send("READY=1\nSTATUS=x");
  std::string got(100, '\0');
  got.resize(static_cast<std::size_t>(::recv(socket_, got.data(), got.size(), 0)));
  EXPECT_EQ(got, "READY=1\nSTATUS=x");
}

TEST_F(ManagerTest, AWatchdogOfAnotherProcessIsNotOurs) {
  listen();
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(ServiceManager::of_this_process().watchdog, fsm::Duration::zero());
}

TEST_F(ManagerTest, OneThatWentAwayIsNoError) {
  ::setenv("NOTIFY_SOCKET", (folder_.path() / "gone").c_str(), 1);
  ServiceManager::of_this_process().send("READY=1");
}

}  // namespace
}  // namespace masterd::daemon
