// notify_client -- what sd_notify(3) does, for a fake process of this test's own pid.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "tests/support/fake_process.h"

namespace masterd::test {

/// To the NOTIFY_SOCKET that `record` was given; heard on the next turn of the loop.
inline void notify(FakeRecord& record, const std::string& message) {
  if (record.tree.empty()) record.tree = {::getpid()};
  const std::string path = record.env.at("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(fd, 0);
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const auto sent = ::sendto(fd, message.data(), message.size(), 0,
                             reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
  ASSERT_EQ(sent, static_cast<ssize_t>(message.size()));
}

}  // namespace masterd::test
