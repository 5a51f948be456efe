// readiness -- how it becomes known that a coprocess is ready; one object a life, so a restarted
// coprocess becomes ready anew.
//
//   made --begin(pid)--> waiting --its own sign--> ready
//                                --timeout over--> failed      any --shutdown()--> neither
//
// Made right before the spawn, so that nothing which the process does is missed and nothing which
// was there before counts; begun right after it. (Where the main process is known only later, as
// with a forking coprocess, begun then: what it says meanwhile, READY=1 or a line, is kept.) Ready
// and failed exclude each other and are final; nothing is watched any more then. That the process
// ends meanwhile is its owner's business.
//
// Owner: the life of the coprocess, which awaits both events. Destroying it at any time leaves
// nothing behind; a probe in flight is killed then, and reaped later. Whoever must know that it is
// gone (before a stop ladder) calls shutdown() and awaits at_rest().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/spec.h"
#include "fsm/event.h"
#include "fsm/event_loop.h"
#include "supervisor/notify_message.h"
#include "supervisor/process.h"

namespace masterd::supervisor {

class Readiness {
 public:
  /// For the ways; others call make_readiness().
  Readiness(fsm::EventLoop& loop, std::chrono::milliseconds timeout)
      : loop_{loop}, timeout_{timeout} {}
  virtual ~Readiness() = default;
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// The process runs: its signs count, and the timeout begins. Once.
  void begin(pid_t pid);
  /// What came over its notify socket. EXTEND_TIMEOUT_USEC moves the timeout, whatever the way of
  /// becoming ready: it is over so long from now at the earliest.
  void notified(const NotifyMessage& message);
  /// A whole line of its output, as OutputRing tells it. From the loop's stack only.
  virtual void line(Stream, std::string_view text) { (void)text; }
  /// Watches no more: neither ready nor failed from now on, if it was not before. Idempotent.
  void shutdown();

  [[nodiscard]] fsm::Event& ready() { return ready_; }
  [[nodiscard]] fsm::Event& failed() { return failed_; }
  /// Latched when nothing is watched any more and no probe is in flight.
  [[nodiscard]] fsm::Event& at_rest() { return at_rest_; }
  /// Why it failed: "not ready within 30000 ms: no READY=1 came"; empty until then.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// What is missing for it to be ready: "no READY=1 came"; never empty.
  [[nodiscard]] virtual std::string missing() const = 0;

 protected:
  // ---- each way ----
  /// The process runs.
  virtual void watch(pid_t pid) = 0;
  /// Nothing needs to be watched any more. False: something is still in flight, and come_to_rest()
  /// follows. Must not destroy what may be running.
  virtual bool rest() { return true; }
  virtual void heard(const NotifyMessage& message) { (void)message; }
  // ---- for each way ----
  [[nodiscard]] fsm::EventLoop& loop() const { return loop_; }
  /// Begun, and neither ready nor failed.
  [[nodiscard]] bool waiting() const { return phase_ == Phase::Waiting; }
  /// Before begin(): at begin(). No-op once it is decided.
  void become_ready();
  /// No-op unless waiting().
  void fail(std::string reason);
  void come_to_rest() { at_rest_.set(); }

 private:
  enum class Phase : std::uint8_t { Made, Waiting, Decided };

  void arm();
  void decide();

  fsm::EventLoop& loop_;
  const std::chrono::milliseconds timeout_;
  Phase phase_ = Phase::Made;
  bool early_ = false;  // the sign came before begin()
  fsm::TimePoint begun_;
  fsm::Deadline deadline_;
  fsm::Event ready_;
  fsm::Event failed_;
  fsm::Event at_rest_;
  std::string failure_;
  fsm::Watch timer_;
};

/// The live processes of a coprocess, its leader included.
using ProcessTree = std::function<std::vector<pid_t>()>;

/// By `spec.ready`. References must outlive it. `tree` says whose listeners count; empty: the
/// leader's alone. Never throws for what the operator wrote: a way that cannot work fails in
/// begin().
std::unique_ptr<Readiness> make_readiness(fsm::EventLoop& loop, Launcher& launcher,
                                          const config::CoprocessSpec& spec, ProcessTree tree);

}  // namespace masterd::supervisor
