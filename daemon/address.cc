#include "daemon/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include "daemon/log.h"
#include "daemon/start_error.h"

namespace masterd::daemon {
namespace {

constexpr std::string_view kIpc = "ipc://";
constexpr std::string_view kTcp = "tcp://";
/// sun_path holds the path and its final NUL (unix(7)).
constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;

[[noreturn]] void refuse(const std::string& endpoint, std::string_view why) {
  throw StartError{kExitConfig, fmt::format("endpoint '{}': {}", escape_controls(endpoint), why)};
}

bool is_loopback(const std::string& host) {
  if (host == "localhost" || host == "[::1]" || host == "::1") return true;
  in_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24U) == 127;
}

Address parse_ipc(const std::string& endpoint) {
  const std::string path = endpoint.substr(kIpc.size());
  if (path.find('\0') != std::string::npos) refuse(endpoint, "a NUL character");
  if (path.size() > kMaxPath) {
    refuse(endpoint,
           fmt::format("the path has {} bytes; a socket's has at most {}", path.size(), kMaxPath));
  }
  if (path.size() > 1 && path.front() == '@') return {Transport::Ipc, {}};
  if (path.size() < 2 || path.front() != '/' || path.back() == '/') {
    refuse(endpoint, "expected ipc:///ABSOLUTE/PATH or ipc://@NAME");
  }
  return {Transport::Ipc, path};
}

Address parse_tcp(const std::string& endpoint) {
  const std::size_t colon = endpoint.rfind(':');
  if (colon < kTcp.size() + 1) refuse(endpoint, "expected tcp://HOST:PORT");
  const std::string host = endpoint.substr(kTcp.size(), colon - kTcp.size());
  if (!is_loopback(host)) {
    refuse(endpoint,
           "TCP beyond loopback needs CURVE keys, and none are configured; use 127.0.0.1, ::1 or "
           "localhost, or an ipc:// endpoint");
  }
  return {Transport::Tcp, {}};
}

}  // namespace

std::string_view to_string(Role role) {
  switch (role) {
    case Role::Observer:
      return "observer";
    case Role::Operator:
      return "operator";
    case Role::Admin:
      return "admin";
  }
  return "?";
}

Address parse_address(const std::string& endpoint) {
  if (endpoint.compare(0, kIpc.size(), kIpc) == 0) return parse_ipc(endpoint);
  if (endpoint.compare(0, kTcp.size(), kTcp) == 0) return parse_tcp(endpoint);
  refuse(endpoint, "expected ipc:// or tcp://");
}

}  // namespace masterd::daemon
