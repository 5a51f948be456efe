// listener_lookup -- whether somebody listens at an address, by what the kernel lists in
// /proc/PID/net. Nothing is ever connected to: a connection that says nothing kills some servers
// (rtapi_app), and a log line each is a nuisance to the others.
//
// Looked up in the network namespace of the process in question. Whose listener it is is told by
// the sockets that the owners have open: a stale or foreign one at the same address must not make
// anybody ready.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <vector>

#include "config/ready_spec.h"

namespace masterd::supervisor {

/// IPv4-mapped IPv6 addresses are IPv4 here.
struct IpAddress {
  bool v4 = false;
  std::array<std::uint8_t, 16> bytes{};  // of an IPv4 address the first 4

  [[nodiscard]] bool unspecified() const { return bytes == decltype(bytes){}; }
  bool operator==(const IpAddress&) const = default;
};
/// nullopt for what is no numeric address.
std::optional<IpAddress> parse_ip(const std::string& text);

struct TcpListener {
  IpAddress address;
  std::uint16_t port = 0;
  ino_t inode = 0;
  bool operator==(const TcpListener&) const = default;
};
struct UnixListener {
  std::string name;  // as it was bound, perhaps relative; "@name": abstract
  ino_t inode = 0;
  bool operator==(const UnixListener&) const = default;
};

/// The listeners in a text like /proc/net/tcp or tcp6; lines that are none are skipped. Does not
/// read on after the first socket that does not listen: the kernel lists the listening ones first
/// (net/ipv4/tcp_ipv4.c, tcp_get_idx), and there may be very many others.
std::vector<TcpListener> tcp_listeners(std::istream& table);
/// The same for /proc/net/unix, in any order.
std::vector<UnixListener> unix_listeners(std::istream& table);

/// A connection to `wanted` would reach it. An IPv6 listener on :: counts for IPv4 too: the kernel
/// does not list whether it is IPV6_V6ONLY.
bool accepts(const TcpListener& listener, const config::ReadyListen& wanted);
/// The same file by name: also through another path to its folder, or bound relative to `cwd`.
bool accepts(const UnixListener& listener, const config::ReadyListen& wanted,
             const std::string& cwd);

/// Whether one of `owners` has such a listener; empty: whether anybody has. In the network
/// namespace of `process` or, when that has ended, of the first owner that has not; 0: of this
/// process. An owner whose descriptors may not be looked at (set-user-ID, and we are not root)
/// is believed to have it. Reads /proc: not for each turn of a loop. `owners` is called only when
/// it matters, since finding them may cost more than all the rest.
bool is_listening(const config::ReadyListen& wanted, pid_t process,
                  const std::function<std::vector<pid_t>()>& owners);

}  // namespace masterd::supervisor
