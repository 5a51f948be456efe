// Who listens where: texts of /proc/net as the kernel writes them, and real listeners.
#include "supervisor/listener_lookup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <sstream>
#include <utility>
#include <vector>

#include "supervisor/owned_fd.h"
#include "tests/support/temp_folder.h"

namespace masterd::supervisor {
namespace {

using config::ReadyListen;
using Family = ReadyListen::Family;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ReadyListen tcp(std::string address, std::uint16_t port) {
  return {Family::Tcp, std::move(address), port};
}
std::function<std::vector<pid_t>()> of(std::vector<pid_t> owners) {
  return [owners = std::move(owners)] { return owners; };
}
ReadyListen unix_at(std::string address) { return {Family::Unix, std::move(address), 0}; }

// ---- texts ----

constexpr const char* kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:138F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "101 1 0000000000000000 100 0 0 10 0\n"
    "   1: 00000000:07E8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "102 1 0000000000000000 100 0 0 10 0\n"
    "   2: 0100007F:1390 0100007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 "
    "103 1 0000000000000000 20 4 30 10 -1\n"
    "   3: 0100007F:1391 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
    "104 1 0000000000000000 100 0 0 10 0\n";
constexpr const char* kTcp6 =
    "  sl  local_address                         remote_address                        st tx_queue "
    "rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    "   0: 00000000000000000000000001000000:138F 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 201 1 0000000000000000 100 0 0 10 0\n"
    "   1: 00000000000000000000000000000000:1390 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 202 1 0000000000000000 100 0 0 10 0\n"
    "   2: 0000000000000000FFFF00000200007F:1391 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 203 1 0000000000000000 100 0 0 10 0\n"
    "   3: B80D0120000000000000000001000000:1392 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 204 1 0000000000000000 100 0 0 10 0\n";

/// Inodes of the listeners in both texts that accept `wanted`.
std::vector<ino_t> found(const ReadyListen& wanted) {
  std::vector<ino_t> inodes;
  for (const char* text : {kTcp, kTcp6}) {
    std::istringstream table{text};
    for (const TcpListener& listener : tcp_listeners(table)) {
      if (accepts(listener, wanted)) inodes.push_back(listener.inode);
    }
  }
  return inodes;
}

class ListenerTextTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (htonl(1) == 1) GTEST_SKIP() << "the texts are of a little-endian kernel";
  }
};

TEST_F(ListenerTextTest, AnExactAddressIsFoundByPort) {
  EXPECT_THAT(found(tcp("127.0.0.1", 5007)), ElementsAre(101));
  EXPECT_THAT(found(tcp("::1", 5007)), ElementsAre(201));
  EXPECT_THAT(found(tcp("2001:db8::1", 5010)), ElementsAre(204));
}

TEST_F(ListenerTextTest, AnotherAddressOrPortIsNone) {
  EXPECT_THAT(found(tcp("127.0.0.2", 5007)), IsEmpty());
  EXPECT_THAT(found(tcp("::2", 5007)), IsEmpty());
  EXPECT_THAT(found(tcp("127.0.0.1", 5006)), IsEmpty());
}

TEST_F(ListenerTextTest, NoAddressMeansAny) {
  EXPECT_THAT(found(tcp("", 5007)), ElementsAre(101, 201));
}

TEST_F(ListenerTextTest, AListenerOnAnyAddressAcceptsEachOfItsFamily) {
  EXPECT_THAT(found(tcp("127.0.0.1", 2024)), ElementsAre(102));
  EXPECT_THAT(found(tcp("::1", 2024)), IsEmpty()) << "0.0.0.0 is IPv4 alone";
  EXPECT_THAT(found(tcp("::1", 5008)), ElementsAre(202));
  EXPECT_THAT(found(tcp("127.0.0.1", 5008)), ElementsAre(202)) << ":: is both";
}

TEST_F(ListenerTextTest, AMappedAddressIsAnIpv4Address) {
  EXPECT_THAT(found(tcp("127.0.0.2", 5009)), ElementsAre(203));
  EXPECT_THAT(found(tcp("::ffff:127.0.0.1", 5007)), ElementsAre(101));
}

TEST_F(ListenerTextTest, ASpecificListenerIsNotOneOnAnyAddress) {
  EXPECT_THAT(found(tcp("0.0.0.0", 5007)), IsEmpty());
  EXPECT_THAT(found(tcp("0.0.0.0", 2024)), ElementsAre(102));
}

TEST_F(ListenerTextTest, NothingIsReadAfterTheFirstConnection) {
  std::istringstream table{kTcp};
  EXPECT_EQ(tcp_listeners(table).size(), 2U);
}

TEST_F(ListenerTextTest, WhatIsNoTableHoldsNothing) {
  for (const char* text :
       {"", "\n\n\n", "rubbish", "0: 0100007F:138F 0:0 0A", "0: x:y 0:0 0A 0 0 0 0 0 1",
        "0: 0100007F138F 0:0 0A 0 0 0 0 0 1", "0: 0100007F:1138F 0:0 0A 0 0 0 0 0 1",
        "0: 0100007F00:138F 0:0 0A 0 0 0 0 0 1", "0: 0100007F:138F 0:0 0A 0 0 0 0 0 nine"}) {
    std::istringstream tcp_table{text};
    EXPECT_THAT(tcp_listeners(tcp_table), IsEmpty()) << text;
    std::istringstream unix_table{text};
    EXPECT_THAT(unix_listeners(unix_table), IsEmpty()) << text;
  }
}

TEST_F(ListenerTextTest, UnixSocketsThatAcceptAreListeners) {
  std::istringstream table{
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 301 /run/a b/with space\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 302 /run/connected\n"
      "0000000000000000: 00000002 00000000 00010000 0005 01 303 @abstract\n"
      "0000000000000000: 00000002 00000000 00000000 0002 01 304 /run/datagrams\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 305\n"};
  EXPECT_THAT(unix_listeners(table), ElementsAre(UnixListener{"/run/a b/with space", 301},
                                                 UnixListener{"@abstract", 303}));
}

TEST(ListenerLookupTest, AddressesAreReadAsTheyAreWritten) {
  EXPECT_EQ(parse_ip("127.0.0.1"), parse_ip("::ffff:127.0.0.1"));
  EXPECT_NE(parse_ip("::1"), parse_ip("127.0.0.1"));
  for (const char* text : {"", "localhost", "127.0.0.1.", "127.1", "::1%lo", "[::1]"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
}

// ---- real listeners ----

/// A listening socket of this process.
class Listener {
 public:
  static Listener on_tcp(const std::string& address, bool listening = true) {
    sockaddr_storage name{};
    const bool v6 = address.find(':') != std::string::npos;
    auto* in = reinterpret_cast<sockaddr_in*>(&name);
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&name);
    name.ss_family = v6 ? AF_INET6 : AF_INET;
    ::inet_pton(name.ss_family, address.c_str(),
                v6 ? static_cast<void*>(&in6->sin6_addr) : &in->sin_addr);
    socklen_t length = v6 ? sizeof *in6 : sizeof *in;
    Listener result{v6 ? AF_INET6 : AF_INET, reinterpret_cast<sockaddr*>(&name), length, listening};
    ::getsockname(result.fd(), reinterpret_cast<sockaddr*>(&name), &length);
    result.port_ = ntohs(v6 ? in6->sin6_port : in->sin_port);
    return result;
  }
  static Listener on_unix(const std::string& path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, path.size());
    auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    if (path.front() == '@') {
      name.sun_path[0] = '\0';
    } else {
      ++length;
    }
    return {AF_UNIX, reinterpret_cast<sockaddr*>(&name), length, true};
  }
  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void close() { fd_.reset(); }

 private:
  Listener(int family, const sockaddr* name, socklen_t length, bool listening)
      : fd_{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)},
        valid_{::bind(fd_.get(), name, length) == 0 &&
               (!listening || ::listen(fd_.get(), 1) == 0)} {}
  OwnedFd fd_;
  bool valid_;
  std::uint16_t port_ = 0;
};

TEST(ListenerLookupTest, ARealTcpListenerIsFoundUntilItIsClosed) {
  auto listener = Listener::on_tcp("127.0.0.1");
  ASSERT_TRUE(listener.valid());
  const auto wanted = tcp("127.0.0.1", listener.port());
  EXPECT_TRUE(is_listening(wanted, 0, {}));
  EXPECT_TRUE(is_listening(wanted, ::getpid(), of({::getpid()})));
  EXPECT_TRUE(is_listening(tcp("", listener.port()), ::getpid(), of({::getpid()})));
  listener.close();
  EXPECT_FALSE(is_listening(wanted, 0, {}));
}

TEST(ListenerLookupTest, ABoundSocketThatDoesNotListenIsNone) {
  const auto bound = Listener::on_tcp("127.0.0.1", false);
  ASSERT_TRUE(bound.valid());
  EXPECT_FALSE(is_listening(tcp("127.0.0.1", bound.port()), 0, {}));
}

TEST(ListenerLookupTest, ARealIpv6ListenerIsFound) {
  const auto listener = Listener::on_tcp("::1");
  if (!listener.valid()) GTEST_SKIP() << "no IPv6 here";
  EXPECT_TRUE(is_listening(tcp("::1", listener.port()), ::getpid(), of({::getpid()})));
  EXPECT_FALSE(is_listening(tcp("127.0.0.1", listener.port()), ::getpid(), of({::getpid()})));
}

TEST(ListenerLookupTest, ItIsNeverConnectedTo) {
  const auto listener = Listener::on_tcp("127.0.0.1");
  ASSERT_TRUE(is_listening(tcp("127.0.0.1", listener.port()), 0, {}));
  pollfd connection{listener.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&connection, 1, 0), 0) << "a connection was waiting";
}

class UnixListenerTest : public ::testing::Test {
 protected:
  test::TempFolder folder;
};

TEST_F(UnixListenerTest, APathAndAnAbstractNameAreFound) {
  const auto path = Listener::on_unix(folder.path("s"));
  const std::string name = "@masterd-test-" + folder.path().filename().string();
  const auto abstract = Listener::on_unix(name);
  ASSERT_TRUE(path.valid() && abstract.valid());
  EXPECT_TRUE(is_listening(unix_at(folder.path("s")), ::getpid(), of({::getpid()})));
  EXPECT_TRUE(is_listening(unix_at(name), ::getpid(), of({::getpid()})));
  EXPECT_FALSE(is_listening(unix_at(folder.path("t")), ::getpid(), of({::getpid()})));
  EXPECT_FALSE(is_listening(unix_at(name + "x"), ::getpid(), of({::getpid()})));
  EXPECT_FALSE(
      is_listening(unix_at(name.substr(0, name.size() - 1)), ::getpid(), of({::getpid()})));
}

TEST_F(UnixListenerTest, TheFileOfAListenerThatHasGoneIsNone) {
  auto listener = Listener::on_unix(folder.path("s"));
  ASSERT_TRUE(listener.valid());
  listener.close();
  ASSERT_TRUE(std::filesystem::exists(folder.path("s")));
  EXPECT_FALSE(is_listening(unix_at(folder.path("s")), 0, {}));
}

TEST_F(UnixListenerTest, AnotherPathToItsFolderIsAsGood) {
  const auto listener = Listener::on_unix(folder.path("s"));
  std::filesystem::create_directory_symlink(folder.path(), folder.path("link"));
  std::filesystem::create_directory(folder.path("other"));
  EXPECT_TRUE(is_listening(unix_at(folder.path("link/s")), ::getpid(), of({::getpid()})));
  EXPECT_FALSE(is_listening(unix_at(folder.path("other/s")), ::getpid(), of({::getpid()})));
}

TEST_F(UnixListenerTest, ARelativeNameIsSeenFromTheFolderOfTheProcess) {
  const UnixListener listener{"run/s", 1};
  std::filesystem::create_directory(folder.path("run"));
  EXPECT_TRUE(accepts(listener, unix_at(folder.path("run/s")), folder.path().string()));
  EXPECT_FALSE(accepts(listener, unix_at(folder.path("run/s")), "/"));
  EXPECT_FALSE(accepts(listener, unix_at("@run/s"), folder.path().string()));
}

TEST_F(UnixListenerTest, TheOwnersAreAskedForOnlyWhenThereIsAListener) {
  int asked = 0;
  const auto owners = [&] {
    ++asked;
    return std::vector{::getpid()};
  };
  EXPECT_FALSE(is_listening(unix_at(folder.path("s")), ::getpid(), owners));
  EXPECT_EQ(asked, 0);
  const auto listener = Listener::on_unix(folder.path("s"));
  EXPECT_TRUE(is_listening(unix_at(folder.path("s")), ::getpid(), owners));
  EXPECT_EQ(asked, 1);
}

TEST_F(UnixListenerTest, NoOwnersAreNotAnybody) {
  const auto listener = Listener::on_unix(folder.path("s"));
  EXPECT_FALSE(is_listening(unix_at(folder.path("s")), ::getpid(), of({})));
}

TEST_F(UnixListenerTest, AForeignListenerIsNotTheTrees) {
  int from_child[2];
  ASSERT_EQ(::pipe2(from_child, O_CLOEXEC), 0);
  const OwnedFd reading{from_child[0]};
  OwnedFd writing{from_child[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    const auto listener = Listener::on_unix(folder.path("s"));
    (void)!::write(writing.get(), listener.valid() ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(reading.get(), &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  const auto wanted = unix_at(folder.path("s"));
  EXPECT_TRUE(is_listening(wanted, ::getpid(), of({child})));
  EXPECT_TRUE(is_listening(wanted, ::getpid(), of({::getpid(), child})));
  EXPECT_FALSE(is_listening(wanted, ::getpid(), of({::getpid()}))) << "it is the child's";
  EXPECT_TRUE(is_listening(wanted, ::getpid(), {})) << "but somebody's";

  ::kill(child, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(is_listening(wanted, child, of({child}))) << "a zombie listens to nobody";
  const auto mine = Listener::on_unix(folder.path("mine"));
  EXPECT_TRUE(is_listening(unix_at(folder.path("mine")), child, of({child, ::getpid()})))
      << "the leader has ended: the tables are those of another owner";
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(is_listening(wanted, child, of({child}))) << "nor does nobody";
}

}  // namespace
}  // namespace masterd::supervisor
