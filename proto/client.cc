#include "proto/client.h"

#include <fmt/format.h>

#include "proto/connection.h"
#include "proto/endpoint.h"
#include "proto/subscriber.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

std::string_view transport(std::string_view endpoint) {
  return endpoint.substr(0, endpoint.find("://"));
}

/// The member of an error object, or what stands for it when the daemon's error is malformed.
Error read_error(const json::value& value) {
  Error error{kInternalError, "the daemon refused without saying why", nullptr};
  const auto* object = value.if_object();
  if (object == nullptr) return error;
  if (const auto* code = object->if_contains("code"); code != nullptr && code->is_int64()) {
    error.code = static_cast<int>(code->get_int64());
  }
  if (const auto* text = object->if_contains("message"); text != nullptr && text->is_string()) {
    error.message = std::string_view{text->get_string()};
  }
  if (const auto* data = object->if_contains("data")) error.data = *data;
  return error;
}

}  // namespace

struct Client::Impl {
  std::string endpoint;
  std::optional<Connection> connection;
  std::int64_t last_id = 0;

  Connection& connect() {
    if (!connection) connection.emplace(zmq::socket_type::dealer, endpoint);
    return *connection;
  }
  std::string receive();
  /// The result if `body` answers the last request; nullopt for a late answer to an earlier one.
  std::optional<json::value> answer(const std::string& body) const;
};

std::string Client::Impl::receive() {
  zmq::message_t frame;
  do {  // the envelope comes first, the body last
    (void)connection->socket().recv(frame);
  } while (frame.more());
  return frame.to_string();
}

std::optional<json::value> Client::Impl::answer(const std::string& body) const {
  boost::system::error_code failure;
  json::value value = json::parse(json::string_view{body}, failure);
  auto* object = failure ? nullptr : value.if_object();
  const auto* id = object == nullptr ? nullptr : object->if_contains("id");
  if (id == nullptr) {
    throw BadAnswer{fmt::format("what listens at {} does not answer in JSON-RPC", endpoint)};
  }
  const auto* error = object->if_contains("error");
  // A request the daemon could not read has no id in its answer; with one request at a time it's
  // ours.
  const bool ours = *id == last_id || (id->is_null() && error != nullptr);
  if (!ours) return std::nullopt;
  if (error != nullptr) throw Refused{read_error(*error)};
  auto* result = object->if_contains("result");
  if (result == nullptr) {
    throw BadAnswer{fmt::format("the answer from {} has neither result nor error", endpoint)};
  }
  return std::move(*result);
}

Client::Client(std::string endpoint) : impl_{std::make_unique<Impl>()} {
  impl_->endpoint = std::move(endpoint);
  impl_->connect();
}

Client::~Client() = default;

json::value Client::call(std::string_view method, json::object params,
                         std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  try {
    Connection& connection = impl_->connect();
    connection.await_ready(deadline);
    const std::string body = make_request(method, std::move(params), ++impl_->last_id);
    zmq::message_t delimiter;
    connection.socket().send(delimiter, zmq::send_flags::sndmore);
    connection.socket().send(zmq::buffer(body), zmq::send_flags::none);
    for (;;) {
      switch (connection.wait(deadline)) {
        case Connection::Wake::Message:
          if (auto result = impl_->answer(impl_->receive())) return std::move(*result);
          break;
        case Connection::Wake::Lost:
          throw NoDaemon{fmt::format("the daemon at {} went away before it answered \"{}\"",
                                     impl_->endpoint, method)};
        case Connection::Wake::Stopped:
        case Connection::Wake::Timeout:
          throw TimedOut{fmt::format("no answer to \"{}\" within {} s", method,
                                     std::chrono::duration<double>(timeout).count())};
      }
    }
  } catch (const Refused&) {
    throw;  // the connection is sound
  } catch (...) {
    impl_->connection.reset();  // a fresh one can't get the late answer
    throw;
  }
}

bool Client::wait_gone(std::chrono::milliseconds timeout) {
  if (!impl_->connection) return true;
  const auto deadline = steady_clock::now() + timeout;
  for (;;) {
    switch (impl_->connection->wait(deadline)) {
      case Connection::Wake::Message:
        impl_->receive();  // an answer nobody waits for any more
        break;
      case Connection::Wake::Lost:
        impl_->connection.reset();
        return true;
      case Connection::Wake::Stopped:
      case Connection::Wake::Timeout:
        return false;
    }
  }
}

std::string Client::events_endpoint(std::chrono::milliseconds timeout) {
  const json::value pong = call("ping", {}, timeout);
  const auto* object = pong.if_object();
  const auto* events = object == nullptr ? nullptr : object->if_contains("events");
  std::string first;
  if (events != nullptr && events->is_array()) {
    for (const json::value& item : events->get_array()) {
      if (!item.is_string()) continue;
      const std::string_view endpoint{item.get_string()};
      if (transport(endpoint) == transport(impl_->endpoint)) return std::string{endpoint};
      if (first.empty()) first = endpoint;
    }
  }
  if (first.empty()) first = events_beside(impl_->endpoint);
  return first.empty() ? default_events_endpoint() : first;
}

json::object Client::join(Subscriber& subscriber, std::chrono::milliseconds timeout) {
  subscriber.confirm(steady_clock::now() + timeout);
  json::value status = call("status", {}, timeout);
  auto* object = status.if_object();
  const auto* seq = object == nullptr ? nullptr : object->if_contains("seq");
  boost::system::error_code failure;
  const auto number = seq == nullptr ? 0 : seq->to_number<std::uint64_t>(failure);
  if (seq == nullptr || failure) throw BadAnswer{"the answer to \"status\" has no seq"};
  subscriber.skip_until(number);
  return std::move(*object);
}

void Client::events(const std::string& endpoint, const std::vector<std::string>& topics,
                    const std::function<void()>& ready,
                    const std::function<bool(const std::string&, const json::object&)>& on_event,
                    std::optional<steady_clock::time_point> deadline) {
  Subscriber subscriber{endpoint, topics};
  if (ready) {
    subscriber.confirm(deadline);
    ready();
  }
  while (const auto event = subscriber.next(deadline)) {
    if (!on_event(event->topic, event->params)) return;
  }
}

}  // namespace masterd::proto
