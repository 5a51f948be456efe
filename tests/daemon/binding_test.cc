#include "daemon/binding.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "daemon/address.h"
#include "daemon/start_error.h"
#include "tests/support/temp_folder.h"

namespace masterd::daemon {
namespace {

using test::TempFolder;
using testing::HasSubstr;
namespace fs = std::filesystem;

unsigned mode_of(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 07777U;
}

class BindingTest : public testing::Test {
 protected:
  zmq::socket_t router() { return zmq::socket_t{context_, zmq::socket_type::router}; }
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// The exit status and message of a bind that must fail.
  std::pair<int, std::string> failure(const std::string& endpoint) {
    auto socket = router();
    try {
      const Binding binding{socket, endpoint};
    } catch (const StartError& error) {
      return {error.exit_status(), error.what()};
    }
    return {0, "it was bound"};
  }

  TempFolder folder_;
  zmq::context_t context_;
};

TEST_F(BindingTest, FolderAndSocketAreClosedToOthers) {
  auto socket = router();
  const Binding binding{socket, "ipc://" + path("run/control.sock")};
  EXPECT_EQ(mode_of(path("run")), 0750U);
  EXPECT_EQ(mode_of(path("run/control.sock")), 0660U);
  EXPECT_EQ(binding.endpoint(), "ipc://" + path("run/control.sock"));
}

TEST_F(BindingTest, ClientsReachWhatWasHandedOver) {
  auto socket = router();
  const Binding binding{socket, "ipc://" + path("s")};
  zmq::socket_t client{context_, zmq::socket_type::dealer};
  client.set(zmq::sockopt::linger, 0);
  client.connect("ipc://" + path("s"));
  client.send(zmq::str_buffer("hello"));
  zmq::message_t identity;
  zmq::message_t body;
  ASSERT_TRUE(socket.recv(identity));
  ASSERT_TRUE(socket.recv(body));
  EXPECT_EQ(body.to_string(), "hello");
}

TEST_F(BindingTest, TwoEndpointsOnOneSocket) {
  auto socket = router();
  const Binding first{socket, "ipc://" + path("a")};
  const Binding second{socket, "ipc://" + path("b")};
  EXPECT_TRUE(fs::exists(path("a")));
  EXPECT_TRUE(fs::exists(path("b")));
}

TEST_F(BindingTest, S15_SecondBinderIsRefusedAndTheFirstKeepsItsFiles) {
  auto socket = router();
  const Binding binding{socket, "ipc://" + path("s")};
  struct stat before {};
  ::stat(path("s").c_str(), &before);
  const auto [status, message] = failure("ipc://" + path("s"));
  EXPECT_EQ(status, kExitSystem);
  EXPECT_EQ(message,
            "another masterd (pid " + std::to_string(::getpid()) + ") serves ipc://" + path("s"));
  struct stat after {};
  ASSERT_EQ(::stat(path("s").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(BindingTest, SocketGoesAtTheEndAndTheLockFileStays) {
  {
    auto socket = router();
    const Binding binding{socket, "ipc://" + path("s")};
  }
  EXPECT_FALSE(fs::exists(path("s")));
  EXPECT_TRUE(fs::exists(path("s.lock")));
}

TEST_F(BindingTest, S16_StaleSocketIsReplaced) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, path("s").c_str());
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(fd);  // the file stays, as after a SIGKILL
  ASSERT_TRUE(fs::exists(path("s")));
  auto socket = router();
  EXPECT_NO_THROW(Binding(socket, "ipc://" + path("s")));
}

TEST_F(BindingTest, FileThatIsNoSocketIsNotRemoved) {
  folder_.file("s", "precious");
  const auto [status, message] = failure("ipc://" + path("s"));
  EXPECT_EQ(status, kExitSystem);
  EXPECT_THAT(message, HasSubstr("bind"));
  std::ifstream file{path("s")};
  std::string content;
  file >> content;
  EXPECT_EQ(content, "precious");
}

TEST_F(BindingTest, MissingParentFolderIsNamed) {
  const auto [status, message] = failure("ipc://" + path("no/such/s"));
  EXPECT_EQ(status, kExitSystem);
  EXPECT_THAT(message, HasSubstr(path("no/such")));
}

TEST_F(BindingTest, PathBeyondTheKernelsLimitIsRefusedWithTheLimit) {
  const auto [status, message] = failure("ipc:///" + std::string(107, 'x'));
  EXPECT_EQ(status, kExitConfig);
  EXPECT_THAT(message, HasSubstr("108 bytes; a socket's has at most 107"));
}

TEST_F(BindingTest, AbstractSocketNeedsNoFile) {
  auto socket = router();
  const std::string endpoint = "ipc://@masterd-test-" + std::to_string(::getpid());
  const Binding binding{socket, endpoint};
  EXPECT_EQ(binding.endpoint(), endpoint);
}

TEST_F(BindingTest, TcpWildcardTellsTheRealPort) {
  auto socket = router();
  const Binding binding{socket, "tcp://127.0.0.1:*"};
  EXPECT_THAT(binding.endpoint(), testing::MatchesRegex("tcp://127.0.0.1:[0-9]+"));
}

TEST_F(BindingTest, TcpPortInUseIsAClearError) {
  auto socket = router();
  const Binding binding{socket, "tcp://127.0.0.1:*"};
  const auto [status, message] = failure(binding.endpoint());
  EXPECT_EQ(status, kExitSystem);
  EXPECT_THAT(message, HasSubstr("Address already in use"));
}

TEST(Address, S18_TcpBeyondLoopbackIsRefused) {
  for (const char* endpoint : {"tcp://0.0.0.0:1", "tcp://*:1", "tcp://192.168.1.1:1",
                               "tcp://example.org:1", "tcp://[::]:1", "tcp://128.0.0.1:1"}) {
    try {
      parse_address(endpoint);
      ADD_FAILURE() << endpoint << " was accepted";
    } catch (const StartError& error) {
      EXPECT_EQ(error.exit_status(), kExitConfig);
      EXPECT_THAT(error.what(), HasSubstr("CURVE")) << endpoint;
    }
  }
}

TEST(Address, LoopbackIsObserverAndIpcIsAdmin) {
  for (const char* endpoint :
       {"tcp://127.0.0.1:1", "tcp://127.1.2.3:*", "tcp://localhost:1", "tcp://[::1]:1"}) {
    EXPECT_EQ(role_of(parse_address(endpoint).transport), Role::Observer) << endpoint;
  }
  EXPECT_EQ(role_of(parse_address("ipc:///run/x").transport), Role::Admin);
}

TEST(Address, MalformedEndpointsAreRefused) {
  for (const char* endpoint : {"", "ipc://", "ipc://relative", "ipc:///folder/", "tcp://",
                               "tcp://x", "udp://127.0.0.1:1", "/run/x", "inproc://x", "ipc://@"}) {
    EXPECT_THROW(parse_address(endpoint), StartError) << endpoint;
  }
}

}  // namespace
}  // namespace masterd::daemon
