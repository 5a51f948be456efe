// openrpc -- the description of the wire that `rpc.discover` gives, after the OpenRPC specification
// (https://spec.open-rpc.org). It is written in openrpc.json and built in; only the version is
// filled in. That it tells the truth is a matter of tests: every answer is held against it.
#pragma once

#include <boost/json.hpp>

namespace masterd::daemon {

boost::json::value openrpc_document();

}  // namespace masterd::daemon
