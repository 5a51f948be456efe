// coprocess_requests -- requests that wait for named coprocesses: until a verb has had its effect,
// until a state has come. See daemon/pending.h.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/daemon_fsm.h"
#include "daemon/pending.h"
#include "supervisor/coprocess_state.h"

namespace masterd::daemon {

enum class Verb { Start, Stop, Restart };

/// {"coprocesses":[{"name","state"}]} of those that exist.
boost::json::object states_json(const supervisor::SupervisorFsm& supervisor,
                                const std::vector<std::string>& names);

/// start, stop or restart with wait: answered when every name has settled as wanted; the first that
/// cannot any more is the error (failed, superseded).
class WaitForVerb final : public SlowRequest {
 public:
  /// Made after the verb was told to the supervisor; a restart for which the session begins anew is
  /// done in the next one. REQUIRES: fsm.session() != nullptr. `fsm` must outlive the request.
  WaitForVerb(const DaemonFsm& fsm, Verb verb, const std::vector<std::string>& names);
  [[nodiscard]] std::vector<std::string> names() const override { return names_; }
  void saw(const std::string& name, std::string_view to) override;
  std::optional<Answer> decide() override;
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  struct Seen {
    bool starting = false;  // a new life began
    bool failed = false;
  };
  enum class Progress { Done, Waiting };
  using Judged = std::variant<Progress, proto::Error>;

  [[nodiscard]] Judged judge(const supervisor::SupervisorFsm& supervisor,
                             const std::string& name) const;
  [[nodiscard]] Judged judge_up(const supervisor::SupervisorFsm& supervisor,
                                const std::string& name) const;
  [[nodiscard]] Judged judge_down(const supervisor::SupervisorFsm& supervisor,
                                  const std::string& name) const;
  [[nodiscard]] Answer session_over() const;

  const DaemonFsm& fsm_;
  const unsigned session_number_;
  const Verb verb_;
  const std::vector<std::string> names_;
  std::map<std::string, Seen> seen_;
};

/// wait: at once when `name` is in `state`; a state that was passed through counts; impossible as
/// soon as it cannot come without another command.
class WaitForState final : public SlowRequest {
 public:
  /// REQUIRES: fsm.session() != nullptr. `fsm` must outlive the request.
  WaitForState(const DaemonFsm& fsm, std::string name, supervisor::State state);
  [[nodiscard]] std::vector<std::string> names() const override { return {name_}; }
  void saw(const std::string& name, std::string_view to) override;
  std::optional<Answer> decide() override;
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  const DaemonFsm& fsm_;
  const unsigned session_number_;
  const std::string name_;
  const supervisor::State state_;
  bool seen_ = false;
};

}  // namespace masterd::daemon
