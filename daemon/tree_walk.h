// tree_walk -- the method `tree`: the live processes of each coprocess, as /proc shows them.
//
// Where there are no cgroups, a tree is found by looking at processes one by one, for each
// coprocess anew. With hundreds of them that takes seconds, so the walk does a little in each turn
// of the loop: nobody waits for it but its client. The answer is no snapshot then; what a walk of
// many turns cannot be. See daemon/pending.h.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "daemon/daemon_fsm.h"
#include "daemon/pending.h"
#include "fsm/event_loop.h"

namespace masterd::daemon {

/// {"pid","ppid","state","command"} of each that is there. What ends meanwhile is left out.
boost::json::array processes_json(const std::vector<pid_t>& pids);

class TreeWalk final : public SlowRequest {
 public:
  /// Of `name`, or of all. REQUIRES: fsm.session() != nullptr. References must outlive the request.
  TreeWalk(const DaemonFsm& fsm, const fsm::EventLoop& loop, std::optional<std::string> name);
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
  std::optional<Answer> decide() override;
  [[nodiscard]] bool unfinished() const override { return next_ < names_.size(); }
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  const DaemonFsm& fsm_;
  const fsm::EventLoop& loop_;
  const unsigned session_number_;
  std::vector<std::string> names_;
  std::size_t next_ = 0;
  boost::json::array coprocesses_;
};

}  // namespace masterd::daemon
