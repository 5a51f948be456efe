// session_requests -- requests that wait for the session as a whole: until it is ready, until it
// has ended. See daemon/pending.h.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "daemon/daemon_fsm.h"
#include "daemon/pending.h"

namespace masterd::daemon {

/// set_config with wait "ready". `result` is what success answers.
class WaitForReady final : public SlowRequest {
 public:
  /// For the session, or for the one that follows where it begins anew. REQUIRES: fsm.session() !=
  /// nullptr. `fsm` must outlive the request.
  WaitForReady(const DaemonFsm& fsm, boost::json::object result);
  [[nodiscard]] std::vector<std::string> names() const override;
  std::optional<Answer> decide() override;
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  [[nodiscard]] static proto::Error ended(const SessionFsm* session);
  [[nodiscard]] proto::Error failed(const SessionFsm& session) const;

  const DaemonFsm& fsm_;
  const unsigned session_number_;
  const unsigned generation_;
  boost::json::object result_;
};

/// end_session with wait.
class WaitForEnd final : public SlowRequest {
 public:
  /// REQUIRES: fsm.session() != nullptr. `fsm` must outlive the request.
  explicit WaitForEnd(const DaemonFsm& fsm);
  [[nodiscard]] std::vector<std::string> names() const override;
  std::optional<Answer> decide() override;
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  const DaemonFsm& fsm_;
  const unsigned session_number_;
  const std::string session_name_;
};

}  // namespace masterd::daemon
