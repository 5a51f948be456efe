#include "daemon/passed_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <zmq.hpp>

#include "daemon/binding.h"
#include "daemon/start_error.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using test::TempFolder;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::SizeIs;

int listen_at(const sockaddr* address, socklen_t size) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(fd, address, size), 0);
  EXPECT_EQ(::listen(fd, 10), 0);
  return fd;
}

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return listen_at(reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size()));
}

class PassedSocketsTest : public testing::Test {
 protected:
  ~PassedSocketsTest() override {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (folder_.path() / name).string();
  }
  TempFolder folder_;
};

TEST_F(PassedSocketsTest, AnEndpointIsToldByTheAddress) {
  int fd = listen_at(path("s"));
  EXPECT_EQ(endpoint_of(fd), "ipc://" + path("s"));
  ::close(fd);

  const std::string name = "masterd-passed-" + std::to_string(::getpid());
  fd = listen_at(std::string(1, '\0') + name);
  EXPECT_EQ(endpoint_of(fd), "ipc://@" + name);
  ::close(fd);

  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fd = listen_at(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  EXPECT_THAT(endpoint_of(fd), MatchesRegex("tcp://127.0.0.1:[1-9][0-9]*"));
  ::close(fd);
}

TEST_F(PassedSocketsTest, AnIpv6AddressIsInBrackets) {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_addr = in6addr_loopback;
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&v6), sizeof v6) != 0) {
    ::close(fd);
    GTEST_SKIP() << "there is no IPv6 here";
  }
  ASSERT_EQ(::listen(fd, 1), 0);
  EXPECT_THAT(endpoint_of(fd), MatchesRegex("tcp://\\[::1\\]:[1-9][0-9]*"));
  ::close(fd);
}

TEST_F(PassedSocketsTest, WhatIsNoListeningStreamSocketHasNoEndpoint) {
  const int unconnected = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int datagrams = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int fd : {unconnected, datagrams, file, 9999}) EXPECT_EQ(endpoint_of(fd), "") << fd;
  for (const int fd : {unconnected, datagrams, file}) ::close(fd);
}

TEST_F(PassedSocketsTest, WithoutTheVariablesNothingWasPassed) {
  const PassedSockets passed = take_passed_sockets();
  EXPECT_THAT(passed.control, IsEmpty());
  EXPECT_THAT(passed.events, IsEmpty());
}

TEST_F(PassedSocketsTest, WhatWasPassedToAnotherProcessIsNotOurs) {
  ::setenv("LISTEN_PID", "1", 1);
  ::setenv("LISTEN_FDS", "1", 1);
  EXPECT_THAT(take_passed_sockets().control, IsEmpty());
}

TEST_F(PassedSocketsTest, NamesTellControlFromEventsAndTheVariablesGo) {
  // sd_listen_fds() counts from 3 on, where this process has something else: a process of its own.
  const auto pass = [this] {
    const int control = listen_at(path("c"));
    const int events = listen_at(path("e"));
    ::fcntl(control, F_DUPFD, 100);
    const int c = ::fcntl(control, F_DUPFD, 100);
    const int e = ::fcntl(events, F_DUPFD, 100);
    if (::dup2(c, 3) != 3 || ::dup2(e, 4) != 4) ::_exit(2);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "2", 1);
    ::setenv("LISTEN_FDNAMES", "masterd.socket:events", 1);
    const PassedSockets passed = take_passed_sockets();
    const bool right =
        passed.control.size() == 1 && passed.control.front().fd == 3 &&
        passed.control.front().endpoint == "ipc://" + path("c") && passed.events.size() == 1 &&
        passed.events.front().fd == 4 && passed.events.front().endpoint == "ipc://" + path("e") &&
        ::getenv("LISTEN_FDS") == nullptr && (::fcntl(3, F_GETFL) & O_NONBLOCK) != 0 &&
        (::fcntl(3, F_GETFD) & FD_CLOEXEC) != 0;
    ::_exit(right ? 0 : 1);
  };
  EXPECT_EXIT(pass(), testing::ExitedWithCode(0), "");
}

TEST_F(PassedSocketsTest, OneThatCannotBeServedIsNamed) {
  const auto pass = [] {
    const int file = ::open("/dev/null", O_RDWR);
    ::dup2(file, 3);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
    ::setenv("LISTEN_FDS", "1", 1);
    ::setenv("LISTEN_FDNAMES", "control", 1);
    try {
      take_passed_sockets();
    } catch (const StartError& error) {
      const std::string what = error.what();
      ::_exit(what.find("descriptor 3 (\"control\")") != std::string::npos ? error.exit_status()
                                                                           : 1);
    }
    ::_exit(1);
  };
  EXPECT_EXIT(pass(), testing::ExitedWithCode(kExitConfig), "");
}

// ---- to serve one ----

TEST_F(PassedSocketsTest, AClientThatCameBeforeTheBindingIsServedAndTheFileStays) {
  zmq::context_t context;
  zmq::socket_t client{context, zmq::socket_type::dealer};
  client.set(zmq::sockopt::linger, 0);
  const std::string endpoint = "ipc://" + path("s");
  const int fd = listen_at(path("s"));
  client.connect(endpoint);
  client.send(zmq::str_buffer("hello"));
  {
    zmq::socket_t socket{context, zmq::socket_type::router};
    const Binding binding{socket, endpoint, fd};
    EXPECT_EQ(binding.endpoint(), endpoint);
    zmq::message_t identity;
    zmq::message_t body;
    ASSERT_TRUE(socket.recv(identity));
    ASSERT_TRUE(socket.recv(body));
    EXPECT_EQ(body.to_string(), "hello");
  }
  EXPECT_TRUE(std::filesystem::exists(path("s")));
}

TEST_F(PassedSocketsTest, ASecondOneIsRefusedByTheLock) {
  zmq::context_t context;
  zmq::socket_t first{context, zmq::socket_type::router};
  zmq::socket_t second{context, zmq::socket_type::router};
  const int fd = listen_at(path("s"));
  const int again = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  const Binding binding{first, "ipc://" + path("s"), fd};
  try {
    const Binding other{second, "ipc://" + path("s"), again};
    FAIL() << "it was bound";
  } catch (const StartError& error) {
    EXPECT_THAT(error.what(), HasSubstr("another masterd (pid "));
  }
}

}  // namespace
}  // namespace masterd::daemon
