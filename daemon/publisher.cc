#include "daemon/publisher.h"

#include "proto/event.h"

namespace masterd::daemon {
namespace {

/// A subscription longer than any topic matches nothing; libzmq ends the connection.
constexpr std::int64_t kMaxSubscription = 1024;

bool matches(const std::set<std::string, std::less<>>& prefixes, std::string_view topic) {
  if (prefixes.empty()) return false;
  // Looks up each prefix of the topic, not each subscription: nobody can make this slow.
  for (std::size_t size = 0; size <= topic.size(); ++size) {
    if (prefixes.contains(topic.substr(0, size))) return true;
  }
  return false;
}

}  // namespace

Publisher::Port::Port(zmq::context_t& context, Transport t)
    : transport{t}, socket{context, zmq::socket_type::xpub} {
  socket.set(zmq::sockopt::maxmsgsize, kMaxSubscription);
  socket.set(zmq::sockopt::sndhwm, kSendHwm);
  socket.set(zmq::sockopt::linger, kLingerMs);
  // Tells every subscription, so that each new subscriber of the heartbeat gets one at once; the
  // end of a prefix is told with the last of its subscriptions only, also when a subscriber dies: a
  // set is all that is needed to follow it (ZMQ_XPUB_VERBOSE and ZMQ_XPUB_VERBOSER in
  // zmq_setsockopt(3)).
  socket.set(zmq::sockopt::xpub_verbose, true);
}

Publisher::Publisher(fsm::EventLoop& loop, zmq::context_t& context)
    : loop_{loop}, context_{context}, began_{loop.now()} {}
Publisher::~Publisher() = default;

Publisher::Port& Publisher::port_of(Transport transport) {
  for (const auto& port : ports_) {
    if (port->transport == transport) return *port;
  }
  Port& port = *ports_.emplace_back(std::make_unique<Port>(context_, transport));
  port.watch = loop_.watch_socket(port.socket.handle(), ZMQ_POLLIN,
                                  [this, &port](short) { take_subscriptions(port); });
  return port;
}

std::string Publisher::bind(const std::string& endpoint, int passed) {
  Port& port = port_of(parse_address(endpoint).transport);
  port.bindings.emplace_back(port.socket, endpoint, passed);
  return endpoints_.emplace_back(port.bindings.back().endpoint());
}

bool Publisher::wanted(std::string_view topic) const {
  for (const auto& port : ports_) {
    if (matches(port->subscriptions, topic)) return true;
  }
  return false;
}

Stamp Publisher::publish(const std::string& topic,
                         const std::function<boost::json::object()>& make) {
  const Stamp stamp{++seq_, std::chrono::system_clock::now()};
  const std::uint64_t topic_seq = ++topic_seqs_[topic];
  for (const auto& port : ports_) take_subscriptions(*port);
  if (!wanted(topic)) return stamp;
  const std::string text = proto::encode_event(topic, stamp.seq, topic_seq, stamp.time, make());
  for (const auto& port : ports_) {
    // An XPUB never blocks and never says EAGAIN: behind the mark it drops for that subscriber.
    port->socket.send(zmq::buffer(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
    port->socket.send(zmq::buffer(text), zmq::send_flags::dontwait);
  }
  return stamp;
}

// \1PREFIX subscribes, \0PREFIX ends it; anything else is a subscriber's own message and is
// ignored.
void Publisher::take_subscriptions(Port& port) {
  const std::string heartbeat = proto::heartbeat_topic();
  zmq::message_t message;
  while (port.socket.recv(message, zmq::recv_flags::dontwait)) {
    const std::string_view text = message.to_string_view();
    if (text.empty()) continue;
    const std::string_view prefix = text.substr(1);
    if (text.front() == '\1') {
      port.subscriptions.emplace(prefix);
      if (prefix == heartbeat) schedule_heartbeat(loop_.now());
    }
    if (text.front() == '\0') port.subscriptions.erase(std::string{prefix});
  }
  if (!heartbeat_ && wanted(heartbeat)) schedule_heartbeat(loop_.now() + kHeartbeat);
}

void Publisher::schedule_heartbeat(fsm::Deadline deadline) {
  heartbeat_ = loop_.at(deadline, [this] {
    heartbeat_.reset();
    if (!wanted(proto::heartbeat_topic())) return;
    publish(proto::heartbeat_topic(), [this] {
      return proto::heartbeat_event(std::chrono::duration<double>(loop_.now() - began_).count());
    });
    if (!heartbeat_) schedule_heartbeat(loop_.now() + kHeartbeat);
  });
}

}  // namespace masterd::daemon
