#include "proto/subscriber.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "proto/connection.h"
#include "proto/event.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kHeartbeatWait{500};

std::optional<std::uint64_t> number(const json::object& params, json::string_view name) {
  const auto* value = params.if_contains(name);
  if (value == nullptr) return std::nullopt;
  boost::system::error_code failure;
  const auto n = value->to_number<std::uint64_t>(failure);
  if (failure) return std::nullopt;
  return n;
}

}  // namespace

struct Subscriber::Impl {
  Impl(std::string endpoint_, std::vector<std::string> topics_)
      : endpoint{std::move(endpoint_)},
        topics{std::move(topics_)},
        connection{zmq::socket_type::sub, endpoint} {}

  const std::string endpoint;
  const std::vector<std::string> topics;
  Connection connection;
  bool reached = false;  // the publisher that is listened to; until its loss was told
  std::uint64_t skip_until = 0;
  std::unordered_map<std::string, std::uint64_t> last;  // topic -> topic_seq
  std::deque<Event> waiting;                            // came while confirm() waited

  [[nodiscard]] bool wanted(std::string_view topic) const {
    return std::any_of(topics.begin(), topics.end(), [&](std::string_view prefix) {
      return topic.substr(0, prefix.size()) == prefix;
    });
  }
  void reach(Deadline deadline) {
    if (!reached) connection.await_ready(deadline);
    reached = true;
  }
  [[noreturn]] void fail_lost() {
    reached = false;
    throw NoDaemon{fmt::format("the daemon at {} went away", endpoint)};
  }
  Event receive();
};

Event Subscriber::Impl::receive() {
  zmq::message_t topic;
  zmq::message_t body;
  (void)connection.socket().recv(topic);
  bool two_frames = topic.more();
  if (two_frames) (void)connection.socket().recv(body);
  for (bool more = two_frames && body.more(); more;) {
    zmq::message_t surplus;
    (void)connection.socket().recv(surplus);
    more = surplus.more();
    two_frames = false;
  }
  auto params = two_frames ? decode_event(body.to_string_view()) : std::nullopt;
  const auto seq = params ? number(*params, "seq") : std::nullopt;
  const auto topic_seq = params ? number(*params, "topic_seq") : std::nullopt;
  if (!seq || !topic_seq) {
    throw BadAnswer{fmt::format("what {} publishes is not an event", endpoint)};
  }
  Event event{topic.to_string(), std::move(*params), *seq, 0};
  // value(): g++ 12 does not see at -O2 that there is one (-Wmaybe-uninitialized).
  const std::uint64_t current = topic_seq.value();
  std::uint64_t& last_seen = last[event.topic];
  if (last_seen != 0 && current > last_seen) event.missed = current - last_seen - 1;
  last_seen = current;
  return event;
}

Subscriber::Subscriber(std::string endpoint, std::vector<std::string> topics) {
  if (topics.empty()) topics.emplace_back();
  // Last, so that a heartbeat that was asked for proves the others as well.
  std::stable_partition(topics.begin(), topics.end(),
                        [](const std::string& topic) { return topic != heartbeat_topic(); });
  impl_ = std::make_unique<Impl>(std::move(endpoint), std::move(topics));
  for (const std::string& topic : impl_->topics) {
    impl_->connection.socket().set(zmq::sockopt::subscribe, topic);
  }
}

Subscriber::~Subscriber() = default;

void Subscriber::skip_until(std::uint64_t seq) { impl_->skip_until = seq; }

void Subscriber::confirm(Deadline deadline) {
  impl_->reach(deadline);
  impl_->connection.socket().set(zmq::sockopt::subscribe, heartbeat_topic());
  const auto limit = steady_clock::now() + kHeartbeatWait;
  for (bool proved = false; !proved;) {
    switch (impl_->connection.wait(deadline ? std::min(*deadline, limit) : limit)) {
      case Connection::Wake::Message: {
        Event event = impl_->receive();
        proved = event.topic == heartbeat_topic();
        if (impl_->wanted(event.topic)) impl_->waiting.push_back(std::move(event));
        break;
      }
      case Connection::Wake::Lost:
        impl_->fail_lost();
      case Connection::Wake::Stopped:
      case Connection::Wake::Timeout:
        proved = true;  // as good as it gets
    }
  }
  // libzmq counts subscriptions: this undoes ours and keeps one that the caller asked for.
  impl_->connection.socket().set(zmq::sockopt::unsubscribe, heartbeat_topic());
}

std::optional<Event> Subscriber::next(Deadline deadline, int stop_fd) {
  const auto take = [this](Event event) -> std::optional<Event> {
    if (!impl_->wanted(event.topic) || event.seq <= impl_->skip_until) return std::nullopt;
    return event;
  };
  while (!impl_->waiting.empty()) {
    auto event = take(std::move(impl_->waiting.front()));
    impl_->waiting.pop_front();
    if (event) return event;
  }
  impl_->reach(deadline);
  for (;;) {
    switch (impl_->connection.wait(deadline, stop_fd)) {
      case Connection::Wake::Message:
        if (auto event = take(impl_->receive())) return event;
        break;
      case Connection::Wake::Lost:
        impl_->fail_lost();
      case Connection::Wake::Stopped:
      case Connection::Wake::Timeout:
        return std::nullopt;
    }
  }
}

}  // namespace masterd::proto
