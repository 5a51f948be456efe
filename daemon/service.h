// service -- what the service manager is told (sd_notify(3)), where one listens.
//
//   (starting) --up()--> up --reload_begins(), reload_ends()--> up
//        |               |
//        +---------------+--stopping()--> stopping (until the process ends)
//
//   READY=1      with up(), and at the end of a reload
//   STATUS=      after changed(), kSettle later: what happens meanwhile is one text
//   WATCHDOG=1   from the loop, twice in the time that the manager asks for, and not at all where
//   it
//                asks for none: what stands still is a loop that stands still
//   EXTEND_TIMEOUT_USEC=
//                while stopping, as long as what is waited for has a time of its own that is not
//                over. So a ladder may be longer than TimeoutStopSec=, and what hangs beyond every
//                time of its own is killed by the manager
//
// Nothing here wakes an idle daemon unless a watchdog was asked for. Owner: Daemon.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "fsm/event_loop.h"

namespace masterd::daemon {

/// Who is told. Without `send` nobody is, and nothing is asked of Service::Facts.
struct ServiceManager {
  std::function<void(const std::string& message)> send;
  fsm::Duration watchdog{0};  // it wants to hear of us within this; 0: never

  /// The one that started this process, by NOTIFY_SOCKET and WATCHDOG_*.
  static ServiceManager of_this_process();
};

class Service {
 public:
  static constexpr std::chrono::milliseconds kSettle{100};
  static constexpr std::chrono::seconds kExtendEvery{5};
  static constexpr std::chrono::seconds kExtendBy{15};

  /// Asked when something is to be told.
  struct Facts {
    std::function<std::string()> status;
    /// When what is waited for is over at the latest; nullopt: nothing is that would end by itself.
    std::function<std::optional<fsm::Deadline>()> waits_until;
  };

  /// `loop` and what `facts` refers to must outlive it.
  Service(fsm::EventLoop& loop, ServiceManager manager, Facts facts);

  /// Requests are answered, and nothing of an earlier masterd lives. Idempotent.
  void up();
  /// The status may be another one. Cheap: may be called for each of thousands of changes.
  void changed();
  /// Both do nothing unless up.
  void reload_begins();
  void reload_ends();
  /// Idempotent.
  void stopping();

 private:
  enum class Phase { Starting, Up, Stopping };

  void beat();
  void tell();
  [[nodiscard]] std::string extension();
  [[nodiscard]] std::string status_line() const;

  fsm::EventLoop& loop_;
  const ServiceManager manager_;
  const Facts facts_;
  Phase phase_ = Phase::Starting;
  std::string told_;  // the last STATUS=
  fsm::Watch settling_;
  fsm::Watch next_beat_;
  fsm::Watch next_extension_;
};

}  // namespace masterd::daemon
