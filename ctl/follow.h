// follow -- the verbs that go on until they are interrupted: `events` and `logs -f`.
#pragma once

#include <string>

#include "ctl/options.h"
#include "ctl/output.h"

namespace masterd::ctl {

/// Both talk to the control endpoint given and return when interrupted. They throw what
/// proto::Client throws, NoDaemon when the daemon goes away.
void follow_events(const std::string& endpoint, const Invocation& invocation, const Streams& io);
/// The last lines first, then the new ones: each line once, none left out between the two.
void follow_logs(const std::string& endpoint, const Invocation& invocation, const Streams& io);

}  // namespace masterd::ctl
