// methods_fixture -- the methods on the daemon's machines, with fake processes and real records: a
// daemon without sockets and signals.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/methods.h"
#include "daemon/recorder.h"
#include "tests/daemon/fake_port.h"
#include "tests/daemon/machines_fixture.h"
#include "tests/support/temp_folder.h"

namespace masterd::test {

class MethodsFixture : public MachinesFixture {
 protected:
  MethodsFixture() {
    fsm_.start();
    settle();
  }

  /// Sends a request; the answer comes to answer(), at once or later.
  void send(const std::string& method, const std::string& params = "{}",
            daemon::Role role = daemon::Role::Admin) {
    port_->answers.clear();
    const proto::Request request{method, boost::json::parse(params).as_object(), proto::Id{1}};
    methods_.dispatch(
        request, role,
        daemon::Reply{std::make_shared<daemon::Exchange>(port_, daemon::Frames{"client"}, false),
                      request.id});
  }
  [[nodiscard]] bool answered() const { return !port_->answers.empty(); }
  [[nodiscard]] boost::json::value answer() const {
    return answered() ? port_->answers.back() : boost::json::value{};
  }
  /// Sends, lets everything settle, and returns the result; null when it was an error or is due.
  boost::json::value result(const std::string& method, const std::string& params = "{}") {
    send(method, params);
    settle();
    if (!answered() || !answer().as_object().contains("result")) return {};
    return answer().at("result");
  }
  /// The same for data.reason of an error.
  std::string refusal(const std::string& method, const std::string& params = "{}",
                      daemon::Role role = daemon::Role::Admin) {
    send(method, params, role);
    settle();
    return answered() ? FakePort::reason(answer()) : "no answer";
  }
  /// Picks a session from text and lets it come up.
  void pick(const std::string& text) {
    result("set_config", boost::json::serialize(boost::json::object{{"text", text}}));
  }
  static std::string set_text(const std::string& text, boost::json::object more = {}) {
    more["text"] = text;
    return boost::json::serialize(more);
  }

  TempFolder folder_;
  zmq::context_t context_;
  daemon::Publisher publisher_{loop_, context_};
  daemon::History history_;
  daemon::Pending pending_{loop_};
  daemon::Recorder recorder_{publisher_, history_, pending_, log_.log};
  daemon::ConfigStore store_{{folder_.path().string()}, ::getuid()};
  daemon::DaemonFsm fsm_{loop_, launcher_, {}, recorder_, log_.log};
  daemon::Methods methods_{{loop_, fsm_, store_, publisher_, history_, pending_, loop_.now()}};
  std::shared_ptr<FakePort> port_ = std::make_shared<FakePort>();
};

}  // namespace masterd::test
