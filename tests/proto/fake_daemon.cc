#include "tests/proto/fake_daemon.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

#include "proto/event.h"

namespace masterd::test {
namespace {

namespace json = boost::json;

std::vector<zmq::message_t> receive(zmq::socket_t& socket) {
  std::vector<zmq::message_t> frames;
  do {
    (void)socket.recv(frames.emplace_back());
  } while (frames.back().more());
  return frames;
}

}  // namespace

FakeDaemon::FakeDaemon(std::string control, std::string events, Handler handler, bool heartbeat)
    : control_endpoint_{std::move(control)},
      events_endpoint_{std::move(events)},
      handler_{std::move(handler)},
      heartbeat_{heartbeat},
      orders_{context_, zmq::socket_type::pair},
      inbox_{context_, zmq::socket_type::pair},
      router_{context_, zmq::socket_type::router},
      xpub_{context_, zmq::socket_type::xpub} {
  inbox_.bind("inproc://orders");
  orders_.connect("inproc://orders");
  router_.set(zmq::sockopt::linger, 0);
  xpub_.set(zmq::sockopt::linger, 0);
  xpub_.set(zmq::sockopt::xpub_verbose, true);
  router_.bind(control_endpoint_);
  xpub_.bind(events_endpoint_);
  thread_ = std::thread{[this] { run(); }};
}

FakeDaemon::~FakeDaemon() {
  tell({"stop"});
  thread_.join();
}

void FakeDaemon::tell(std::vector<std::string> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    orders_.send(zmq::buffer(words[i]),
                 i + 1 < words.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
}

void FakeDaemon::publish(const std::string& topic, const json::object& event) {
  tell({"publish", topic, proto::encode(event)});
}
void FakeDaemon::lose(const std::string& topic) { tell({"lose", topic}); }
void FakeDaemon::die() { tell({"die"}); }

std::vector<proto::Request> FakeDaemon::requests() const {
  const std::lock_guard lock{mutex_};
  return requests_;
}

proto::Request FakeDaemon::request(const std::string& method) const {
  const std::lock_guard lock{mutex_};
  for (auto it = requests_.rbegin(); it != requests_.rend(); ++it) {
    if (it->method == method) return *it;
  }
  ADD_FAILURE() << "no request to " << method;
  return {};
}

std::string FakeDaemon::next_event(const std::string& topic, const json::object& event) {
  return proto::encode_event(topic, ++seq_, ++topic_seq_[topic], std::chrono::system_clock::now(),
                             event);
}

void FakeDaemon::emit(const std::string& topic, const json::object& event) {
  xpub_.send(zmq::buffer(topic), zmq::send_flags::sndmore);
  xpub_.send(zmq::buffer(next_event(topic, event)), zmq::send_flags::none);
}

void FakeDaemon::run() {
  while (true) {
    std::array<zmq::pollitem_t, 3> items{{{inbox_.handle(), 0, ZMQ_POLLIN, 0},
                                          {router_.handle(), 0, ZMQ_POLLIN, 0},
                                          {xpub_.handle(), 0, ZMQ_POLLIN, 0}}};
    zmq::poll(items.data(), alive_ ? 3 : 1, std::chrono::milliseconds{-1});
    if (alive_ && items[2].revents != 0) greet();
    if (alive_ && items[1].revents != 0) serve();
    if (items[0].revents == 0) continue;
    std::vector<std::string> words;
    for (const auto& frame : receive(inbox_)) words.push_back(frame.to_string());
    if (words[0] == "stop") return;
    command(words);
  }
}

void FakeDaemon::command(const std::vector<std::string>& words) {
  if (words[0] == "publish") emit(words[1], json::parse(words[2]).as_object());
  if (words[0] == "lose") (void)next_event(words[1], {});
  if (words[0] == "die") {
    router_.close();
    xpub_.close();
    alive_ = false;
  }
}

void FakeDaemon::greet() {
  const std::string news = receive(xpub_)[0].to_string();
  if (heartbeat_ && news == "\x01" + proto::heartbeat_topic()) {
    emit(proto::heartbeat_topic(), proto::heartbeat_event(1.5));
  }
}

void FakeDaemon::serve() {
  auto frames = receive(router_);
  const proto::Message message = proto::parse(frames.back().to_string_view());
  for (const proto::Item& item : message.items) {
    json::value response;
    if (const auto* bad = std::get_if<proto::BadRequest>(&item)) {
      response = proto::error_value(bad->id, bad->error);
    } else {
      const auto& request = std::get<proto::Request>(item);
      {
        const std::lock_guard lock{mutex_};
        requests_.push_back(request);
      }
      Answer answer = handler_(*this, request);
      if (!request.id || std::holds_alternative<std::monostate>(answer)) continue;
      response = std::holds_alternative<proto::Error>(answer)
                     ? proto::error_value(*request.id, std::get<proto::Error>(answer))
                     : proto::result_value(*request.id, std::get<json::value>(answer));
    }
    for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
      zmq::message_t copy;
      copy.copy(frames[i]);
      router_.send(copy, zmq::send_flags::sndmore);
    }
    router_.send(zmq::buffer(proto::encode(response)), zmq::send_flags::none);
  }
}

FakeDaemon::Handler always(Answer answer) {
  return [answer = std::move(answer)](FakeDaemon&, const proto::Request&) { return answer; };
}

}  // namespace masterd::test
