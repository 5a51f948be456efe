#include "supervisor/exec_probe.h"

#include <csignal>
#include <exception>
#include <string_view>
#include <utility>

#include "supervisor/pid_words.h"
#include "supervisor/utf8.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kMaxReasonLine = 200;  // bytes of its last line

}  // namespace

ExecProbe::ExecProbe(fsm::EventLoop& loop, Launcher& launcher, const config::CoprocessSpec& spec,
                     const std::vector<std::string>& argv, Timing timing, pid_t pid,
                     OnResult on_result)
    : MealyCoroutine{loop, spec.name + ".probe"},
      launcher_{launcher},
      spec_{spec},
      command_{with_pid(argv, pid)},
      timing_{timing},
      on_result_{std::move(on_result)} {}

void ExecProbe::state_machine() {
  while (on_result_(run())) wait_for(timing_.interval);
}

void ExecProbe::shutdown_state_machine() {
  if (process_) sweep();
}

ProbeResult ExecProbe::run() {
  try {
    process_ = launch();
  } catch (const std::exception& error) {  // of the spawn; or no memory, no descriptor left
    return {false, error.what()};
  }
  const bool in_time =
      await(process_->exited(), loop().now() + timing_.timeout) == fsm::Wake::Event;
  const auto status = sweep();
  ProbeResult result;
  result.passed = in_time && status && status->success();
  if (result.passed) return result;
  result.reason = in_time ? (status ? *status : ExitStatus::lost()).to_string()
                          : "timed out after " + std::to_string(timing_.timeout.count()) + " ms";
  if (!last_line_.empty()) result.reason += ": " + last_line_;
  return result;
}

// The only place that knows how a probe is launched.
std::unique_ptr<Process> ExecProbe::launch() {
  last_line_.clear();
  lines_.emplace(0);  // the newest line is all that is wanted
  const auto output = [this](Stream stream, std::string_view bytes) {
    lines_->add(stream, bytes, [this](const OutputLine& line) {
      if (!line.text.empty()) last_line_ = line.text;
    });
  };
  return launcher_.launch(Launch{spec_, command_, {}, output, "probe"});
}

// Ends the run: whatever is left of it is killed, the leader reaped.
std::optional<ExitStatus> ExecProbe::sweep() {
  if (!process_->gone().is_set()) {
    process_->signal_group(SIGKILL);
    await(process_->gone(), loop().now() + kKillTakes);
  }
  const auto status = process_->reap();
  process_.reset();
  lines_->flush([this](const OutputLine& line) {
    if (!line.text.empty()) last_line_ = line.text;
  });
  if (last_line_.size() > kMaxReasonLine) {
    last_line_.resize(kMaxReasonLine);
    last_line_.resize(whole_characters(last_line_));
  }
  return status;
}

}  // namespace masterd::supervisor
