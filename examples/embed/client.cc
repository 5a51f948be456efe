// client -- asks a masterd what it does, and shows what changes until a coprocess has changed or a
// second has passed.
//
//   client [ENDPOINT]      default: $MASTERD_ENDPOINT, else the usual place
#include "proto/client.h"

#include <chrono>
#include <cstdio>
#include <string>

#include "proto/endpoint.h"
#include "proto/subscriber.h"

int main(int argc, char** argv) {
  namespace proto = masterd::proto;
  const std::string endpoint = argc > 1 ? argv[1] : proto::default_control_endpoint();
  try {
    proto::Client client{endpoint};
    proto::Subscriber events{client.events_endpoint(), {"coprocess."}};
    const boost::json::object status =
        client.join(events);  // what comes from here on is newer than this
    for (const auto& coprocess : status.at("coprocesses").as_array()) {
      std::printf("%s: %s\n", coprocess.at("name").as_string().c_str(),
                  coprocess.at("state").as_string().c_str());
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{1};
    if (const auto event = events.next(deadline)) {
      std::printf("%s%s\n", event->topic.c_str(), event->params.at("to").as_string().c_str());
    }
    return 0;
  } catch (const proto::NoDaemon& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
