// server_fixture -- a CommandServer on real sockets with a few methods of the test's own:
//   echo (answers its params), keep (answered later by the test), drop (never answered), throw.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "daemon/command_server.h"
#include "tests/daemon/quiet_log.h"
#include "tests/daemon/wire_client.h"
#include "tests/support/temp_folder.h"

namespace masterd::test {

class ServerFixture : public testing::Test {
 protected:
  ServerFixture() {
    endpoint_ = server_.bind("ipc://" + (folder_.path() / "s").string());
    server_.serve([this](const proto::Request& request, daemon::Role role, daemon::Reply reply) {
      roles_.push_back(role);
      calls_.push_back(request.method);
      if (request.method == "echo") return reply.result(request.params);
      if (request.method == "keep") return kept_.push_back(std::move(reply));
      if (request.method == "throw") throw std::runtime_error{"a defect"};
    });
  }

  WireClient client(zmq::socket_type type) { return {context_, type, endpoint_}; }
  /// Turns the loop until the server has seen `n` calls.
  bool called(std::size_t n) {
    return run_until(loop_, [&] { return calls_.size() >= n; });
  }

  TempFolder folder_;
  QuietLog log_;
  fsm::SteadyClock clock_;
  fsm::EventLoop loop_{clock_};
  zmq::context_t context_;
  daemon::CommandServer server_{loop_, context_, log_.log};
  std::string endpoint_;
  std::vector<daemon::Role> roles_;
  std::vector<std::string> calls_;
  std::vector<daemon::Reply> kept_;
};

}  // namespace masterd::test
