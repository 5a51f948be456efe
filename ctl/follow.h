// follow -- the verbs that go on until they are interrupted: `events` and `logs -f`.
#pragma once

#include "ctl/options.h"
#include "ctl/output.h"
#include "proto/client.h"

namespace masterd::ctl {

/// Both return when interrupted. They throw what proto::Client throws, NoDaemon when the daemon
/// goes away.
void follow_events(proto::Client& client, const Invocation& invocation, const Streams& io);
/// The last lines first, then the new ones: each line once, none left out between the two.
void follow_logs(proto::Client& client, const Invocation& invocation, const Streams& io);

}  // namespace masterd::ctl
