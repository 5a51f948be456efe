#include "supervisor/notify_socket.h"

#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

namespace masterd::supervisor {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error{errno, std::generic_category(), what};
}

std::string random_address() {
  std::array<unsigned char, 16> bytes;
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    fail("getrandom");
  }
  std::string address = "@masterd-notify-";
  for (const unsigned char byte : bytes) {
    address += "0123456789abcdef"[byte >> 4];
    address += "0123456789abcdef"[byte & 15];
  }
  return address;
}

OwnedFd open_socket(const std::string& address) {
  OwnedFd fd{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) fail("socket");
  // Before bind: no message may come without credentials.
  const int on = 1;
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0) fail("SO_PASSCRED");
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::copy(address.begin() + 1, address.end(), name.sun_path + 1);  // a NUL in place of the '@'
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), length) != 0) fail("bind");
  return fd;
}

ucred sender_of(msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_CREDENTIALS) continue;
    ucred credentials{};
    std::memcpy(&credentials, CMSG_DATA(part), sizeof credentials);
    return credentials;
  }
  return {0, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
}

}  // namespace

NotifySocket::NotifySocket(fsm::EventLoop& loop, Handlers handlers)
    : handlers_{std::move(handlers)},
      address_{random_address()},
      fd_{open_socket(address_)},
      readable_{loop.watch_fd(fd_.get(), EPOLLIN, [this](std::uint32_t) { receive_some(); })} {}

void NotifySocket::receive_some() {
  for (int i = 0; i < kPerTurn && receive_one(); ++i) {
  }
}

// False when there is none.
bool NotifySocket::receive_one() {
  std::array<char, kMaxDatagram> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control;  // and no room for more
  iovec body{bytes.data(), bytes.size()};
  msghdr header{};
  header.msg_iov = &body;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t size = ::recvmsg(fd_.get(), &header, MSG_CMSG_CLOEXEC);
  if (size < 0) return errno == EINTR;
  const ucred sender = sender_of(header);
  if (sender.pid <= 0 || !handlers_.trusted(sender.pid, sender.uid)) {
    refuse(sender.pid);
  } else if ((header.msg_flags & MSG_TRUNC) != 0) {
    NotifyMessage too_long;
    too_long.problem = "a message of more than " + std::to_string(kMaxDatagram) + " bytes";
    handlers_.message(too_long);
  } else {
    handlers_.message(parse_notify({bytes.data(), static_cast<std::size_t>(size)}));
  }
  return true;
}

void NotifySocket::refuse(pid_t sender) {
  if (untrusted_++ == 0 && handlers_.untrusted) handlers_.untrusted(sender);
}

}  // namespace masterd::supervisor
