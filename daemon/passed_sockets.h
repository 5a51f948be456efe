// passed_sockets -- listening sockets that the service manager has opened for us
// (sd_listen_fds(3)).
//
// A socket unit listens before masterd runs and while it restarts, so that no client is refused.
// What it is for is told by FileDescriptorName=: "control" or "events"; any other name, as the
// default one of a socket unit, is control.
#pragma once

#include <string>
#include <vector>

namespace masterd::daemon {

struct PassedSocket {
  int fd = -1;
  std::string endpoint;  // by its address
};

struct PassedSockets {
  std::vector<PassedSocket> control;
  std::vector<PassedSocket> events;
};

/// Takes them over, and LISTEN_* out of our environment. Throws StartError: for one that is no
/// listening stream socket of a kind that an endpoint can name.
PassedSockets take_passed_sockets();

/// The endpoint that a listening socket serves, as in ipc:///run/x, ipc://@abstract,
/// tcp://127.0.0.1:5; empty: it is none that we could serve.
std::string endpoint_of(int fd);

}  // namespace masterd::daemon
