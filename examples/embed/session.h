// session -- what a host needs to run coprocesses: a loop, who learns of exits, who launches, who
// decides, and where it tells. Members are destroyed from the last to the first, as their owners
// ask for.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>

#include "config/load.h"
#include "fsm/clock.h"
#include "fsm/event_loop.h"
#include "supervisor/child.h"
#include "supervisor/exit_source.h"
#include "supervisor/sink.h"
#include "supervisor/supervisor_fsm.h"

/// Hands on what a host cares for; the rest is the daemon's business.
class Report : public masterd::supervisor::Sink {
 public:
  std::function<void(const masterd::supervisor::Transition&)> changed = [](const auto&) {};
  std::function<void(const std::string& name, const std::string& text)> wrote = [](const auto&,
                                                                                   const auto&) {};
  std::function<void(const std::string& reason)> over = [](const auto&) {};

 private:
  void transition(const masterd::supervisor::Transition& transition) override {
    changed(transition);
  }
  void output(const masterd::config::CoprocessSpec& from,
              const masterd::supervisor::OutputLine& line) override {
    wrote(from.name, line.text);
  }
  void note(const std::string&, const std::string&) override {}
  void session_end(End, const std::string& reason, bool) override { over(reason); }
  void session_restart(masterd::fsm::Duration, const std::string& reason) override { over(reason); }
  void vital_death(const std::string&, const std::string&) override {}
};

inline masterd::config::SessionSpec session_from(const char* text) {
  auto loaded = masterd::config::load_text(text, "embedded", ".");
  if (const auto* wrong = std::get_if<masterd::config::Diagnostics>(&loaded)) {
    throw std::runtime_error{wrong->front().to_string()};
  }
  return std::get<masterd::config::SessionSpec>(std::move(loaded));
}

struct Session {
  Session(masterd::fsm::EventLoop& loop, const char* text)
      // With pidfds: no signal is taken, no child is waited for but those that are launched here.
      : exits{masterd::supervisor::make_pidfd_exits(loop)},
        launcher{loop, *exits},
        supervisor{loop, launcher, session_from(text), report} {}

  Report report;
  std::unique_ptr<masterd::supervisor::ExitSource> exits;
  masterd::supervisor::ChildLauncher launcher;
  masterd::supervisor::SupervisorFsm supervisor;
};
