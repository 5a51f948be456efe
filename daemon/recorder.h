// recorder -- writes down what the machines tell, once for each who wants to know: numbered and
// published, kept in the history, logged, and shown to the requests that wait for it.
//
// Owner: Daemon. Called from machines' stacks: runs nothing back into them.
#pragma once

#include <functional>

#include "daemon/history.h"
#include "daemon/log.h"
#include "daemon/observer.h"
#include "daemon/pending.h"
#include "daemon/publisher.h"

namespace masterd::daemon {

class Recorder final : public Observer {
 public:
  /// References must outlive the recorder.
  Recorder(Publisher& publisher, History& history, Pending& pending, Log& log)
      : publisher_{publisher}, history_{history}, pending_{pending}, log_{log} {}

  /// `fn` is called after each change that was written down. May be called for thousands in a row.
  void on_change(std::function<void()> fn) { on_change_ = std::move(fn); }

  void session_changed(const SessionChange& change) override;
  void coprocess_changed(const supervisor::Transition& transition) override;
  void coprocess_wrote(const std::string& name, const supervisor::OutputLine& line,
                       bool logged) override;

 private:
  void keep(const Stamp& stamp, std::string_view name, std::string_view from, std::string_view to,
            const std::string& cause);

  Publisher& publisher_;
  History& history_;
  Pending& pending_;
  Log& log_;
  std::function<void()> on_change_;
};

}  // namespace masterd::daemon
