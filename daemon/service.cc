#include "daemon/service.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace masterd::daemon {
namespace {

/// As MONOTONIC_USEC= wants it (sd_notify(3)): of this very clock, not of one that a test moves.
std::uint64_t monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

std::int64_t usec(fsm::Duration d) {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

}  // namespace

ServiceManager ServiceManager::of_this_process() {
  ServiceManager manager;
  if (std::getenv("NOTIFY_SOCKET") == nullptr) return manager;
  // A manager that went away is no error of ours: there is nobody left to be told.
  manager.send = [](const std::string& message) { ::sd_notify(0, message.c_str()); };
  std::uint64_t interval = 0;
  if (::sd_watchdog_enabled(0, &interval) > 0)
    manager.watchdog = std::chrono::microseconds{interval};
  return manager;
}

Service::Service(fsm::EventLoop& loop, ServiceManager manager, Facts facts)
    : loop_{loop}, manager_{std::move(manager)}, facts_{std::move(facts)} {
  if (manager_.send && manager_.watchdog > fsm::Duration::zero()) beat();
}

void Service::beat() {
  manager_.send("WATCHDOG=1");
  next_beat_ = loop_.at(loop_.now() + manager_.watchdog / 2, [this] { beat(); });
}

std::string Service::status_line() const { return "STATUS=" + facts_.status(); }

void Service::up() {
  if (!manager_.send || phase_ != Phase::Starting) return;
  phase_ = Phase::Up;
  told_ = status_line();
  manager_.send("READY=1\n" + told_);
}

void Service::changed() {
  if (!manager_.send || settling_) return;
  settling_ = loop_.at(loop_.now() + kSettle, [this] { tell(); });
}

void Service::tell() {
  settling_.reset();
  std::string message;
  if (phase_ == Phase::Stopping) message = extension();
  if (std::string line = status_line(); line != told_) {
    told_ = std::move(line);
    message += told_;
  }
  if (!message.empty()) manager_.send(message);
}

// Again before it is over: the state may move on without a change that is told, as to the next rung
// of a ladder.
std::string Service::extension() {
  next_extension_ = loop_.at(loop_.now() + kExtendEvery, [this] { tell(); });
  const auto until = facts_.waits_until();
  if (!until || *until <= loop_.now()) return {};
  return fmt::format("EXTEND_TIMEOUT_USEC={}\n", usec(kExtendBy));
}

void Service::reload_begins() {
  if (!manager_.send || phase_ != Phase::Up) return;
  manager_.send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", monotonic_usec()));
}

void Service::reload_ends() {
  if (!manager_.send || phase_ != Phase::Up) return;
  told_ = status_line();
  manager_.send("READY=1\n" + told_);
}

void Service::stopping() {
  if (!manager_.send || phase_ == Phase::Stopping) return;
  phase_ = Phase::Stopping;
  told_ = status_line();
  manager_.send("STOPPING=1\n" + told_);
  changed();  // no ladder has begun yet
}

}  // namespace masterd::daemon
