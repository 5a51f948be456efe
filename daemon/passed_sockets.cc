#include "daemon/passed_sockets.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "daemon/start_error.h"

namespace masterd::daemon {
namespace {

union Address {
  sockaddr any;
  sockaddr_un local;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_storage room;
};

std::string of_unix(const sockaddr_un& address, socklen_t size) {
  if (size <= offsetof(sockaddr_un, sun_path)) return {};  // not bound
  const std::size_t room = size - offsetof(sockaddr_un, sun_path);
  if (address.sun_path[0] == '\0') return "ipc://@" + std::string{address.sun_path + 1, room - 1};
  return "ipc://" + std::string{address.sun_path, ::strnlen(address.sun_path, room)};
}

std::string of_ip(int family, const void* address, in_port_t port) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::inet_ntop(family, address, text.data(), text.size()) == nullptr) return {};
  const bool v6 = family == AF_INET6;
  return fmt::format("tcp://{}{}{}:{}", v6 ? "[" : "", text.data(), v6 ? "]" : "", ntohs(port));
}

PassedSocket take(int fd, std::string_view name) {
  std::string endpoint = endpoint_of(fd);
  if (endpoint.empty()) {
    throw StartError{
        kExitConfig,
        fmt::format("the service manager has passed descriptor {} (\"{}\"), which is no "
                    "listening stream socket",
                    fd, name)};
  }
  // libzmq accepts on it from a thread that must not wait there: systemd passes it blocking unless
  // the service has NonBlocking=yes.
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags >= 0) ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
  return {fd, std::move(endpoint)};
}

}  // namespace

std::string endpoint_of(int fd) {
  if (::sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0) return {};
  Address address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd, &address.any, &size) != 0) return {};
  switch (address.any.sa_family) {
    case AF_UNIX:
      return of_unix(address.local, size);
    case AF_INET:
      return of_ip(AF_INET, &address.v4.sin_addr, address.v4.sin_port);
    case AF_INET6:
      return of_ip(AF_INET6, &address.v6.sin6_addr, address.v6.sin6_port);
    default:
      return {};
  }
}

PassedSockets take_passed_sockets() {
  char** names = nullptr;
  const int count = ::sd_listen_fds_with_names(1, &names);
  if (count < 0) {
    throw StartError{kExitSystem, fmt::format("LISTEN_FDS: {}", std::strerror(-count))};
  }
  PassedSockets passed;
  std::vector<std::string> copies;
  for (int i = 0; i < count; ++i) {
    copies.emplace_back(names[i]);
    std::free(names[i]);
  }
  std::free(names);
  for (int i = 0; i < count; ++i) {
    const std::string& name = copies[static_cast<std::size_t>(i)];
    auto& list = name == "events" ? passed.events : passed.control;
    list.push_back(take(SD_LISTEN_FDS_START + i, name));
  }
  return passed;
}

}  // namespace masterd::daemon
