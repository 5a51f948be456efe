// list_request -- the method `list_configs`: a few files in each turn of the loop, since hundreds
// of them take longer than it may stand still. See daemon/pending.h.
#pragma once

#include <string>
#include <vector>

#include "daemon/config_list.h"
#include "daemon/pending.h"
#include "fsm/event_loop.h"

namespace masterd::daemon {

class ListRequest final : public SlowRequest {
 public:
  /// References must outlive the request.
  ListRequest(const ConfigStore& store, const fsm::EventLoop& loop) : loop_{loop}, list_{store} {}
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
  std::optional<Answer> decide() override;
  [[nodiscard]] bool unfinished() const override { return more_; }
  [[nodiscard]] proto::Error timed_out() const override;

 private:
  const fsm::EventLoop& loop_;
  ConfigList list_;
  bool more_ = true;
};

}  // namespace masterd::daemon
