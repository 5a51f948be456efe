// Real datagrams over a real abstract socket, in a real loop.
#include "supervisor/notify_socket.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include "supervisor/pipe_reader.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class NotifySocketTest : public ::testing::Test {
 protected:
  NotifySocketTest() { open(); }

  void open() {
    socket.emplace(loop, NotifySocket::Handlers{
                             [this](pid_t pid, uid_t) {
                               asked.push_back(pid);
                               return trust;
                             },
                             [this](const NotifyMessage& message) { messages.push_back(message); },
                             [this](pid_t pid) { refused.push_back(pid); }});
  }

  /// A client's socket, connected to `address`; invalid: nobody is there.
  static OwnedFd connected(const std::string& address) {
    OwnedFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    address.copy(name.sun_path, address.size());
    name.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0) fd.reset();
    return fd;
  }
  /// Returns errno; with copies of a descriptor if one is given.
  static int send(const OwnedFd& client, const std::string& text, int fd = -1, int copies = 1) {
    iovec body{const_cast<char*>(text.data()), text.size()};
    msghdr header{};
    header.msg_iov = &body;
    header.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * 200)> control{};
    if (fd >= 0) {
      const std::size_t size = sizeof(int) * static_cast<std::size_t>(copies);
      header.msg_control = control.data();
      header.msg_controllen = CMSG_SPACE(size);
      cmsghdr* part = CMSG_FIRSTHDR(&header);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(size);
      for (int i = 0; i < copies; ++i) {
        std::memcpy(CMSG_DATA(part) + sizeof(int) * static_cast<std::size_t>(i), &fd, sizeof fd);
      }
    }
    return ::sendmsg(client.get(), &header, 0) < 0 ? errno : 0;
  }
  int send(const std::string& text) const { return send(connected(socket->address()), text); }
  void turn() { loop.run_once(fsm::Duration::zero()); }
  bool until_messages(std::size_t count) {
    return test::run_until(loop, [&] { return messages.size() >= count; });
  }

  fsm::SteadyClock clock;
  fsm::EventLoop loop{clock};
  bool trust = true;
  std::vector<pid_t> asked;
  std::vector<pid_t> refused;
  std::vector<NotifyMessage> messages;
  std::optional<NotifySocket> socket;
};

TEST_F(NotifySocketTest, AMessageArrivesWithTheSendersPid) {
  ASSERT_EQ(send("READY=1\nSTATUS=up"), 0);
  ASSERT_TRUE(until_messages(1));
  EXPECT_TRUE(messages[0].ready);
  EXPECT_EQ(messages[0].status, "up");
  EXPECT_THAT(asked, ElementsAre(::getpid()));
}

TEST_F(NotifySocketTest, EachSocketHasANameOfItsOwnThatCannotBeGuessed) {
  const NotifySocket other{loop, {}};
  EXPECT_THAT(other.address(), StartsWith("@masterd-notify-"));
  EXPECT_EQ(other.address().size(), std::string{"@masterd-notify-"}.size() + 32);
  EXPECT_NE(other.address(), socket->address());
}

TEST_F(NotifySocketTest, NothingIsLeftAtItsAddressWhenItIsDestroyed) {
  const std::string address = socket->address();
  const OwnedFd client = connected(address);
  ASSERT_TRUE(client);
  ASSERT_EQ(send(client, "READY=1"), 0) << "and this one is never read";
  socket.reset();
  EXPECT_EQ(send(client, "READY=1"), ECONNREFUSED);
  EXPECT_FALSE(connected(address));
  turn();
  EXPECT_TRUE(messages.empty());
}

TEST_F(NotifySocketTest, UntrustedSendersAreCountedAndToldOnce) {
  trust = false;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(send("READY=1"), 0);
  turn();
  EXPECT_TRUE(messages.empty());
  EXPECT_EQ(socket->untrusted(), 3U);
  EXPECT_THAT(refused, ElementsAre(::getpid()));
  trust = true;
  ASSERT_EQ(send("READY=1"), 0);
  ASSERT_TRUE(until_messages(1)) << "one bad sender silences no good one";
}

TEST_F(NotifySocketTest, TheOwnerDecidesAboutASenderThatHasGone) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(send(connected(socket->address()), "READY=1"));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_TRUE(test::no_such_process(child));
  ASSERT_TRUE(until_messages(1));
  EXPECT_THAT(asked, ElementsAre(child));
}

TEST_F(NotifySocketTest, AMessageThatIsTooLongIsAProblem) {
  const std::string text = "READY=1\nX=";
  ASSERT_EQ(send(text + std::string(NotifySocket::kMaxDatagram - text.size(), 'x')), 0);
  ASSERT_EQ(send(text + std::string(NotifySocket::kMaxDatagram + 1 - text.size(), 'x')), 0);
  ASSERT_TRUE(until_messages(2));
  EXPECT_TRUE(messages[0].ready) << "just short enough";
  EXPECT_FALSE(messages[1].ready);
  EXPECT_THAT(messages[1].problem, HasSubstr("4096"));
}

TEST_F(NotifySocketTest, AnEmptyDatagramSaysNothing) {
  ASSERT_EQ(send(""), 0);
  ASSERT_TRUE(until_messages(1));
  EXPECT_EQ(messages[0], NotifyMessage{});
}

// The queue of an abstract socket is short (net.unix.max_dgram_qlen), so the flood comes from a
// thread that goes on as soon as there is room.
TEST_F(NotifySocketTest, AFloodGetsABoundedShareOfATurn) {
  constexpr std::size_t kFlood = 500;
  std::thread flood{[address = socket->address()] {
    const OwnedFd client = connected(address);
    for (std::size_t i = 0; i < kFlood; ++i) {
      while (send(client, "WATCHDOG=1") == EAGAIN) {
        pollfd room{client.get(), POLLOUT, 0};
        ::poll(&room, 1, -1);
      }
    }
  }};
  std::size_t most = 0;
  std::size_t before = 0;
  const bool all = test::run_until(loop, [&] {
    most = std::max(most, messages.size() - before);
    before = messages.size();
    return messages.size() == kFlood;
  });
  flood.join();
  EXPECT_TRUE(all);
  EXPECT_LE(most, static_cast<std::size_t>(NotifySocket::kPerTurn));
}

TEST_F(NotifySocketTest, DescriptorsThatComeAlongAreClosedAtOnceAndNeverInstalled) {
  Pipe pipe = make_pipe(Pipe::Ours::Read);
  const OwnedFd client = connected(socket->address());
  ASSERT_EQ(send(client, "BARRIER=1", pipe.write.get(), 200), 0);
  pipe.write.reset();
  char byte = 0;
  ASSERT_EQ(::read(pipe.read.get(), &byte, 1), -1) << "the datagram still holds the other end";
  ASSERT_EQ(errno, EAGAIN);
  const std::size_t before = test::open_descriptors();
  ASSERT_TRUE(until_messages(1));
  EXPECT_TRUE(messages[0].barrier);
  EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 0) << "end of file: released";
  EXPECT_EQ(test::open_descriptors(), before);
}

TEST_F(NotifySocketTest, AnUntrustedSendersDescriptorsAreReleasedToo) {
  trust = false;
  Pipe pipe = make_pipe(Pipe::Ours::Read);
  ASSERT_EQ(send(connected(socket->address()), "BARRIER=1", pipe.write.get()), 0);
  pipe.write.reset();
  turn();
  ASSERT_EQ(socket->untrusted(), 1U);
  char byte = 0;
  EXPECT_EQ(::read(pipe.read.get(), &byte, 1), 0);
}

// ---- the library that real programs use ----

// Loaded, not linked: every Debian has the library, a build need not have its headers.
TEST_F(NotifySocketTest, TheBarrierOfLibsystemdReturnsWhenAllBeforeItHasBeenHandled) {
  void* library = ::dlopen("libsystemd.so.0", RTLD_NOW);
  if (library == nullptr) GTEST_SKIP() << "no libsystemd";
  using Notify = int (*)(int unset, const char* state);
  using Barrier = int (*)(int unset, std::uint64_t timeout_us);
  const auto notify = reinterpret_cast<Notify>(::dlsym(library, "sd_notify"));
  const auto barrier = reinterpret_cast<Barrier>(::dlsym(library, "sd_notify_barrier"));
  ASSERT_TRUE(notify != nullptr && barrier != nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("NOTIFY_SOCKET", socket->address().c_str(), 1);
    const bool sent = notify(0, "READY=1\nSTATUS=from the library") > 0;
    ::_exit(sent && barrier(0, 20'000'000) > 0 ? 0 : 1);
  }
  ASSERT_TRUE(until_messages(2));
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "the barrier has not timed out";
  EXPECT_EQ(messages[0].status, "from the library");
  EXPECT_TRUE(messages[1].barrier);
  ::dlclose(library);
}

class NotifyFromAShellTest : public test::ChildFixture {};

TEST_P(NotifyFromAShellTest, SystemdNotifyIsHeard) {
  if (::access("/usr/bin/systemd-notify", X_OK) != 0) GTEST_SKIP() << "no systemd-notify";
  std::vector<NotifyMessage> messages;
  std::vector<pid_t> senders;
  const NotifySocket socket{loop,
                            {[&](pid_t pid, uid_t) {
                               senders.push_back(pid);
                               return true;
                             },
                             [&](const NotifyMessage& message) { messages.push_back(message); },
                             {}}};
  auto spec = shell("/usr/bin/systemd-notify --ready --status='from a shell'");
  spec.env["NOTIFY_SOCKET"] = socket.address();
  const auto run = launch(spec);
  const auto status = end_of(*run);
  ASSERT_TRUE(status && status->success()) << run->err;
  ASSERT_TRUE(test::run_until(loop, [&] { return !messages.empty(); }));
  EXPECT_TRUE(messages[0].ready);
  EXPECT_EQ(messages[0].status, "from a shell");
  EXPECT_GT(senders.at(0), 0);
}

INSTANTIATE_TEST_SUITE_P(, NotifyFromAShellTest, ::testing::Values(test::Source::Sigchld),
                         test::source_name);

}  // namespace
}  // namespace masterd::supervisor
