// publisher -- the event endpoints: XPUB sockets, and the numbers of everything that happens.
//
// One `seq` numbers all events of the daemon, published or not, and with them the entries of the
// history; `topic_seq` numbers those of one topic, so that a filtered subscriber can see a gap.
// Publishing never blocks: a subscriber that does not read loses events behind kSendHwm, and sees
// the gap. What nobody can want is not even encoded. The heartbeat runs only while somebody
// subscribes to something that matches it: an idle daemon without subscribers does not wake up. A
// subscription to exactly its topic gets one at once: the proof that what the subscriber asked for
// before is in force.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "daemon/address.h"
#include "daemon/binding.h"
#include "fsm/event_loop.h"

namespace masterd::daemon {

/// When something happened, and its number.
struct Stamp {
  std::uint64_t seq = 0;
  std::chrono::system_clock::time_point time;
};

class Publisher {
 public:
  static constexpr int kSendHwm = 10'000;  // events a subscriber (ZMQ_SNDHWM)
  static constexpr int kLingerMs = 300;    // for the last events, when the daemon ends
  static constexpr fsm::Duration kHeartbeat = std::chrono::seconds{1};

  /// References must outlive the publisher.
  Publisher(fsm::EventLoop& loop, zmq::context_t& context);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Binds one more endpoint; returns it as bound. Throws StartError. `passed`: as for
  /// Binding.
  std::string bind(const std::string& endpoint, int passed = -1);
  /// As bound, in the order of binding.
  [[nodiscard]] const std::vector<std::string>& endpoints() const { return endpoints_; }

  /// Numbers an event and sends it to who wants it. `make` is called only when somebody may.
  Stamp publish(const std::string& topic, const std::function<boost::json::object()>& make);
  /// The number of the newest event; 0 before the first.
  [[nodiscard]] std::uint64_t seq() const { return seq_; }
  /// Some subscription matches `topic`, as far as is known yet.
  [[nodiscard]] bool wanted(std::string_view topic) const;

 private:
  struct Port {
    Port(zmq::context_t& context, Transport t);
    Transport transport;
    zmq::socket_t socket;
    std::vector<Binding> bindings;
    std::set<std::string, std::less<>> subscriptions;
    fsm::Watch watch;
  };

  Port& port_of(Transport transport);
  void take_subscriptions(Port& port);
  void schedule_heartbeat(fsm::Deadline deadline);

  fsm::EventLoop& loop_;
  zmq::context_t& context_;
  const fsm::TimePoint began_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::string> endpoints_;
  std::uint64_t seq_ = 0;
  std::unordered_map<std::string, std::uint64_t> topic_seqs_;  // one for each name ever configured
  fsm::Watch heartbeat_;
};

}  // namespace masterd::daemon
