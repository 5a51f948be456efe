// command_server -- the request endpoints: ROUTER sockets that speak the REQ/REP envelope, so that
// any REQ or DEALER client can talk to them. Knows no method.
//
//   message --open_envelope--> --proto::parse--> Requests --dispatch(request, role, Reply)-->
//
// One socket for each transport, since roles and security mechanisms are per socket. Bounded in
// every direction: kMessagesAtOnce messages a turn, then other sources get theirs; frames over
// kMaxFrame end the client's connection (libzmq); a client that does not read holds at most
// kSendHwm answers here, further ones are dropped and counted. Nothing blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "daemon/address.h"
#include "daemon/binding.h"
#include "daemon/log.h"
#include "daemon/reply.h"
#include "fsm/event_loop.h"
#include "proto/rpc.h"

namespace masterd::daemon {

class CommandServer {
 public:
  static constexpr int kMessagesAtOnce = 64;
  static constexpr int kMaxFrame = 16 * 1024 * 1024;
  static constexpr int kSendHwm = 1000;  // answers a client (ZMQ_SNDHWM)
  static constexpr int kLingerMs = 300;  // for the last answers, when the daemon ends

  /// Answers through the Reply, now or later. What it throws is logged and answered as -32603.
  using Dispatch = std::function<void(const proto::Request&, Role, Reply)>;

  /// References must outlive the server.
  CommandServer(fsm::EventLoop& loop, zmq::context_t& context, Log& log);
  ~CommandServer();
  CommandServer(const CommandServer&) = delete;
  CommandServer& operator=(const CommandServer&) = delete;

  /// Binds one more endpoint; returns it as bound. Throws StartError. Nothing is answered before
  /// serve(). `passed`: as for Binding.
  std::string bind(const std::string& endpoint, int passed = -1);
  void serve(Dispatch dispatch);
  /// Answers that could not be delivered: the client was gone, or did not read.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Port;
  Port& port_of(Transport transport);

  fsm::EventLoop& loop_;
  zmq::context_t& context_;
  Log& log_;
  std::vector<std::shared_ptr<Port>> ports_;
};

}  // namespace masterd::daemon
