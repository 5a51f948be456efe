// recording_sink -- keeps what a supervisor told, as readable lines.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "supervisor/sink.h"

namespace masterd::supervisor {

class RecordingSink final : public Sink {
 public:
  void transition(const Transition& t) override {
    transitions.push_back(t);
    if (on_transition) on_transition(t);
  }
  void output(const config::CoprocessSpec& from, const OutputLine& line) override {
    lines.push_back(from.name + ": " + line.text);
  }
  void note(const std::string& name, const std::string& text) override {
    notes.push_back(name + ": " + text);
  }
  void session_end(End end, const std::string& reason, bool failure) override {
    ends.push_back(std::string{end == End::Shutdown ? "shutdown" : "end-session"} +
                   (failure ? " by failure: " : ": ") + reason);
  }

  void session_restart(fsm::Duration delay, const std::string& reason) override {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(delay);
    ends.push_back("restart-session in " + std::to_string(ms.count()) + " ms: " + reason);
  }
  void vital_death(const std::string& name, const std::string& cause) override {
    vital_deaths.push_back(name + ": " + cause);
    if (on_vital_death) on_vital_death();
  }

  /// "NAME STATE", in order; empties the list.
  std::vector<std::string> take_steps() {
    std::vector<std::string> steps;
    for (const Transition& t : std::exchange(transitions, {})) {
      steps.push_back(t.name + " " + std::string{to_string(t.to)});
    }
    return steps;
  }
  /// Of the latest transition of `name`; empty: there was none.
  [[nodiscard]] std::string cause(const std::string& name) const {
    for (auto it = transitions.rbegin(); it != transitions.rend(); ++it) {
      if (it->name == name) return it->cause;
    }
    return {};
  }

  std::vector<Transition> transitions;
  std::vector<std::string> lines;
  std::vector<std::string> notes;
  std::vector<std::string> ends;
  std::vector<std::string> vital_deaths;
  std::function<void()> on_vital_death;                  // runs inside vital_death()
  std::function<void(const Transition&)> on_transition;  // runs inside transition()
};

}  // namespace masterd::supervisor
