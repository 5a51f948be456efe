#include "daemon/command_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

namespace masterd::daemon {
namespace {

namespace json = boost::json;

/// Of a message with more frames only so many are kept; its fault is known by then.
constexpr std::size_t kMaxFrames = kMaxEnvelopeFrames + 2;

/// What the peer said of itself in the handshake (zmq_msg_gets(3)). Not every frame carries it: the
/// identity that a ROUTER has made while it was polled has none (tried on libzmq 4.3.4).
bool comes_from_req(std::vector<zmq::message_t>& frames) {
  return std::any_of(frames.begin(), frames.end(), [](zmq::message_t& frame) {
    const char* type = zmq_msg_gets(frame.handle(), "Socket-Type");
    return type != nullptr && std::strcmp(type, "REQ") == 0;
  });
}

bool answer_due(const proto::Message& message) {
  return std::any_of(message.items.begin(), message.items.end(), [](const proto::Item& item) {
    const auto* request = std::get_if<proto::Request>(&item);
    return request == nullptr || request->id.has_value();
  });
}

proto::Error invalid(std::string message) {
  return {proto::kInvalidRequest, std::move(message), {}};
}

}  // namespace

class CommandServer::Port final : public AnswerPort, public std::enable_shared_from_this<Port> {
 public:
  Port(zmq::context_t& context, Transport transport, Log& log)
      : transport_{transport}, log_{log}, socket_{context, zmq::socket_type::router} {
    socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(kMaxFrame));
    // Without it a ROUTER drops without a word, and nothing could be counted (zmq_setsockopt(3)).
    socket_.set(zmq::sockopt::router_mandatory, true);
    socket_.set(zmq::sockopt::sndhwm, kSendHwm);
    socket_.set(zmq::sockopt::linger, kLingerMs);
  }

  [[nodiscard]] Transport transport() const { return transport_; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

  std::string bind(const std::string& endpoint, int passed) {
    bindings_.emplace_back(socket_, endpoint, passed);
    return bindings_.back().endpoint();
  }

  void serve(fsm::EventLoop& loop, Dispatch dispatch) {
    dispatch_ = std::move(dispatch);
    watch_ = loop.watch_socket(socket_.handle(), ZMQ_POLLIN, [this](short) { take_some(); });
  }

  // ---- AnswerPort ----
  void send(const Frames& envelope, const json::value& answer) override {
    try {
      for (const std::string& frame : envelope) {
        if (!socket_.send(zmq::buffer(frame), zmq::send_flags::sndmore | zmq::send_flags::dontwait))
          return drop("it does not read");
      }
      if (!socket_.send(zmq::buffer(proto::encode(answer)), zmq::send_flags::dontwait))
        drop("it does not read");
    } catch (const zmq::error_t& error) {  // EHOSTUNREACH: the client has gone
      drop(error.what());
    }
  }
  void opened(const std::string& client) override { ++open_[client]; }
  void closed(const std::string& client) override {
    const auto found = open_.find(client);
    if (--found->second == 0) open_.erase(found);
  }
  [[nodiscard]] std::size_t open(const std::string& client) const override {
    const auto found = open_.find(client);
    return found == open_.end() ? 0 : found->second;
  }

 private:
  void take_some() {
    for (int i = 0; i < kMessagesAtOnce; ++i) {
      std::vector<zmq::message_t> frames;
      if (!receive(frames)) return;
      handle(frames);
    }
  }

  bool receive(std::vector<zmq::message_t>& frames) {
    bool more = true;
    while (more) {
      zmq::message_t frame;
      if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return false;
      more = frame.more();
      if (frames.size() < kMaxFrames) frames.push_back(std::move(frame));
    }
    return true;
  }

  void handle(std::vector<zmq::message_t>& frames) {
    std::vector<std::string_view> views;
    for (const auto& frame : frames) views.push_back(frame.to_string_view());
    Parcel parcel = open_envelope(views);
    if (parcel.fault != nullptr) {
      send(parcel.envelope, proto::error_value({}, invalid(parcel.fault)));
      return;
    }
    const proto::Message message = proto::parse(parcel.body);
    // A REQ socket cannot send again before it has received: it would be stuck for ever.
    if (!answer_due(message) && comes_from_req(frames)) {
      send(parcel.envelope,
           proto::error_value({}, invalid("a REQ socket cannot send notifications: add an id")));
      return;
    }
    const auto exchange =
        std::make_shared<Exchange>(weak_from_this(), std::move(parcel.envelope), message.batch);
    // All places are taken before the first is filled: an answer may come at once.
    std::vector<Reply> replies;
    replies.reserve(message.items.size());
    for (const proto::Item& item : message.items) {
      const auto* request = std::get_if<proto::Request>(&item);
      replies.emplace_back(exchange,
                           request != nullptr ? request->id : std::get<proto::BadRequest>(item).id);
    }
    for (std::size_t i = 0; i < replies.size(); ++i) {
      if (const auto* bad = std::get_if<proto::BadRequest>(&message.items[i])) {
        replies[i].error(bad->error);
      } else {
        call(std::get<proto::Request>(message.items[i]), std::move(replies[i]));
      }
    }
  }

  void call(const proto::Request& request, Reply reply) {
    try {
      dispatch_(request, role_of(transport_), std::move(reply));
    } catch (const std::exception& error) {  // the Reply has answered by its destruction
      log_.error("masterd", fmt::format("method {}: {}", request.method, error.what()));
    }
  }

  void drop(std::string_view why) {
    ++dropped_;
    if (log_.debugs()) log_.debug("masterd", fmt::format("an answer was dropped: {}", why));
  }

  const Transport transport_;
  Log& log_;
  zmq::socket_t socket_;
  std::vector<Binding> bindings_;
  Dispatch dispatch_;
  std::unordered_map<std::string, std::size_t> open_;  // clients with unanswered requests
  std::uint64_t dropped_ = 0;
  fsm::Watch watch_;
};

CommandServer::CommandServer(fsm::EventLoop& loop, zmq::context_t& context, Log& log)
    : loop_{loop}, context_{context}, log_{log} {}
CommandServer::~CommandServer() = default;

CommandServer::Port& CommandServer::port_of(Transport transport) {
  for (const auto& port : ports_) {
    if (port->transport() == transport) return *port;
  }
  return *ports_.emplace_back(std::make_shared<Port>(context_, transport, log_));
}

std::string CommandServer::bind(const std::string& endpoint, int passed) {
  return port_of(parse_address(endpoint).transport).bind(endpoint, passed);
}

void CommandServer::serve(Dispatch dispatch) {
  for (const auto& port : ports_) port->serve(loop_, dispatch);
}

std::uint64_t CommandServer::dropped() const {
  std::uint64_t sum = 0;
  for (const auto& port : ports_) sum += port->dropped();
  return sum;
}

}  // namespace masterd::daemon
