#include "supervisor/readiness.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "supervisor/exec_probe.h"
#include "supervisor/readiness_ways.h"

namespace masterd::supervisor {
namespace {

using std::chrono::milliseconds;

class StartedReadiness final : public Readiness {
 public:
  using Readiness::Readiness;

 private:
  void watch(pid_t) override { become_ready(); }
  [[nodiscard]] std::string missing() const override { return "it has not begun"; }
};

class NotifyReadiness final : public Readiness {
 public:
  using Readiness::Readiness;

 private:
  void watch(pid_t) override {}
  void heard(const NotifyMessage& message) override {
    if (message.ready) become_ready();
  }
  [[nodiscard]] std::string missing() const override { return "no READY=1 came"; }
};

class DelayReadiness final : public Readiness {
 public:
  DelayReadiness(fsm::EventLoop& loop, milliseconds delay, milliseconds timeout)
      : Readiness{loop, timeout}, delay_{delay} {}

 private:
  void watch(pid_t) override {
    timer_ = loop().at(fsm::deadline_after(loop().now(), delay_), [this] { become_ready(); });
  }
  bool rest() override {
    timer_.reset();
    return true;
  }
  [[nodiscard]] std::string missing() const override {
    return "its delay of " + std::to_string(delay_.count()) + " ms is not over";
  }

  const milliseconds delay_;
  fsm::Watch timer_;
};

class ExecReadiness final : public Readiness {
 public:
  ExecReadiness(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
                const config::ReadyExec& how)
      : Readiness{loop, spec.ready.timeout}, launcher_{launcher}, spec_{spec}, how_{how} {}

 private:
  void watch(pid_t pid) override {
    probe_ = std::make_unique<ExecProbe>(
        loop(), launcher_, spec_, how_.argv, ExecProbe::Timing{how_.interval, how_.timeout}, pid,
        [this](const ProbeResult& result) { return take(result); });
    probe_->start();
  }
  // The probe may be what calls: it ends by itself, on a later turn.
  bool rest() override {
    if (!probe_) return true;
    probe_->on_end([this] { come_to_rest(); });
    probe_->shutdown("readiness is decided");
    return false;
  }
  bool take(const ProbeResult& result) {
    if (result.passed) {
      become_ready();
    } else {
      last_failure_ = result.reason;
    }
    return waiting();
  }
  [[nodiscard]] std::string missing() const override {
    return last_failure_.empty() ? "its first probe has not ended"
                                 : "its last probe " + last_failure_;
  }

  Launcher& launcher_;
  const config::CoprocessSpec& spec_;
  const config::ReadyExec how_;
  std::string last_failure_;
  std::unique_ptr<ExecProbe> probe_;
};

}  // namespace

void Readiness::begin(pid_t pid) {
  if (phase_ != Phase::Made) return;
  phase_ = Phase::Waiting;
  if (early_) return become_ready();
  begun_ = loop_.now();
  deadline_ = fsm::deadline_after(begun_, timeout_);
  arm();
  watch(pid);
}

void Readiness::notified(const NotifyMessage& message) {
  if (phase_ == Phase::Decided) return;
  if (message.extend_timeout && waiting()) {
    const fsm::Deadline wanted = fsm::deadline_after(loop_.now(), *message.extend_timeout);
    if (wanted > deadline_) {
      deadline_ = wanted;
      arm();
    }
  }
  heard(message);
}

void Readiness::shutdown() {
  if (phase_ != Phase::Decided) decide();
}

void Readiness::become_ready() {
  if (phase_ == Phase::Made) early_ = true;
  if (!waiting()) return;
  decide();
  ready_.set();
}

void Readiness::fail(std::string reason) {
  if (!waiting()) return;
  decide();
  failure_ = std::move(reason);
  failed_.set();
}

void Readiness::arm() {
  timer_ = loop_.at(deadline_, [this] {
    const auto waited = std::chrono::duration_cast<milliseconds>(deadline_ - begun_);
    fail("not ready within " + std::to_string(waited.count()) + " ms: " + missing());
  });
}

void Readiness::decide() {
  phase_ = Phase::Decided;
  timer_.reset();
  if (rest()) at_rest_.set();
}

std::unique_ptr<Readiness> make_readiness(fsm::EventLoop& loop, Launcher& launcher,
                                          const config::CoprocessSpec& spec, ProcessTree tree) {
  const milliseconds timeout = spec.ready.timeout;
  struct Make {
    fsm::EventLoop& loop;
    Launcher& launcher;
    const config::CoprocessSpec& spec;
    milliseconds timeout;
    ProcessTree& tree;

    using Made = std::unique_ptr<Readiness>;
    Made operator()(const config::ReadyStarted&) const {
      return std::make_unique<StartedReadiness>(loop, timeout);
    }
    Made operator()(const config::ReadyNotify&) const {
      return std::make_unique<NotifyReadiness>(loop, timeout);
    }
    Made operator()(const config::ReadyExec& how) const {
      return std::make_unique<ExecReadiness>(loop, launcher, spec, how);
    }
    Made operator()(const config::ReadyListen& how) const {
      return make_listen_readiness(loop, how, timeout, std::move(tree));
    }
    Made operator()(const config::ReadyOutput& how) const {
      return make_output_readiness(loop, how, timeout);
    }
    Made operator()(const config::ReadyFile& how) const {
      return make_file_readiness(loop, how, timeout);
    }
    Made operator()(const config::ReadyDelay& how) const {
      return std::make_unique<DelayReadiness>(loop, how.delay, timeout);
    }
  };
  return std::visit(Make{loop, launcher, spec, timeout, tree}, spec.ready.how);
}

}  // namespace masterd::supervisor
