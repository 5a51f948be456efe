#include <algorithm>
#include <string>
#include <utility>

#include "supervisor/growing_timer.h"
#include "supervisor/listener_lookup.h"
#include "supervisor/readiness_ways.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;

std::string text_of(const config::ReadyListen& how) {
  if (how.family == config::ReadyListen::Family::Unix) return "unix:" + how.address;
  const bool v6 = how.address.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + how.address + "]" : how.address;
  return "tcp:" + host + (host.empty() ? "" : ":") + std::to_string(how.port);
}

class ListenReadiness final : public Readiness {
 public:
  ListenReadiness(fsm::EventLoop& loop, config::ReadyListen how, std::chrono::milliseconds timeout,
                  ProcessTree tree)
      : Readiness{loop, timeout}, how_{std::move(how)}, tree_{std::move(tree)} {}

 private:
  void watch(pid_t pid) override {
    pid_ = pid;
    timer_.start(5ms, 100ms);
  }
  bool rest() override {
    timer_.stop();
    return true;
  }
  void look() {
    if (is_listening(how_, pid_, [this] { return owners(); })) become_ready();
  }
  [[nodiscard]] std::vector<pid_t> owners() const {
    std::vector<pid_t> owners = tree_ ? tree_() : std::vector<pid_t>{};
    if (std::find(owners.begin(), owners.end(), pid_) == owners.end()) owners.push_back(pid_);
    return owners;
  }
  [[nodiscard]] std::string missing() const override {
    return "it does not listen on " + text_of(how_);
  }

  const config::ReadyListen how_;
  const ProcessTree tree_;
  pid_t pid_ = 0;
  GrowingTimer timer_{loop(), [this] { look(); }};
};

}  // namespace

std::unique_ptr<Readiness> make_listen_readiness(fsm::EventLoop& loop,
                                                 const config::ReadyListen& how,
                                                 std::chrono::milliseconds timeout,
                                                 ProcessTree tree) {
  return std::make_unique<ListenReadiness>(loop, how, timeout, std::move(tree));
}

}  // namespace masterd::supervisor
