// address -- an endpoint as text, taken apart and judged before anything is bound. Pure.
//
//   ipc:///run/masterd/control.sock   a socket in the file system
//   ipc://@name                       an abstract socket (Linux): no file, no permissions
//   tcp://127.0.0.1:5550              loopback only; port "*" lets the system choose
#pragma once

#include <string>
#include <string_view>

namespace masterd::daemon {

enum class Transport { Ipc, Tcp };

/// What a client may do, by the endpoint that it came through. Each includes the ones before it.
enum class Role {
  Observer,  // reads
  Operator,  // acts
  Admin,     // also sets configurations from text and from outside the configured folders
};
std::string_view to_string(Role role);

struct Address {
  Transport transport = Transport::Ipc;
  std::string path;  // of an ipc socket in the file system; empty for the others
};

/// Throws StartError (kExitConfig): an unknown transport, an empty, relative or too long path, TCP
/// beyond loopback (that needs CURVE, and a key that nobody configured).
Address parse_address(const std::string& endpoint);

/// ipc is guarded by the file's permissions; anybody on this machine may connect to a loopback
/// port.
[[nodiscard]] inline Role role_of(Transport transport) {
  return transport == Transport::Ipc ? Role::Admin : Role::Observer;
}

}  // namespace masterd::daemon
