// guard -- the fail-safe of a session, kept ready for the end of masterd itself.
//
// A shell of a few hundred KiB reads from a pipe that only masterd can write to. When masterd is
// gone, by SIGKILL, a crash or for want of memory, the kernel closes the pipe, and the shell
// becomes the fail-safe command. Nothing has to be noticed, polled or forked for it.
//
//   want() --post()--> stands --want() another--> the next one stands --> the old one is killed
//                        |  ^
//                        |  +-- it ended by itself: anew, every kPause at most
//                        +----- shutdown(): killed, its command does not run --> (ended)
//
// To destroy it while it stands (a hard end) is an end of masterd, too: the command runs. Owner:
// SessionFsm.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/spec.h"
#include "daemon/log.h"
#include "fsm/mealy_coroutine.h"
#include "supervisor/process.h"

namespace masterd::daemon {

class Guard final : public fsm::MealyCoroutine {
 public:
  static constexpr std::chrono::seconds kPause{1};

  /// References must outlive it.
  Guard(fsm::EventLoop& loop, supervisor::Launcher& launcher, Log& log)
      : MealyCoroutine{loop, "guard"}, launcher_{launcher}, log_{log} {}
  ~Guard() override { unwind(); }

  /// The command, with what it runs as; nullopt: none. Before post() it is only noted. Afterwards
  /// a guard that cannot be had is told in the log, and tried again.
  void want(std::optional<config::CoprocessSpec> fail_safe);
  /// Empty: it stands, or none is wanted. Else why it cannot be had; then the machine does not
  /// begin.
  std::string post();

 protected:
  void state_machine() override;
  void shutdown_state_machine() override;
  [[nodiscard]] bool has_shutdown_state_machine() const override { return true; }
  void trace(std::string_view what) override;

 private:
  std::string launch();
  std::string keep();
  void dismiss(std::unique_ptr<supervisor::Process> guard);

  supervisor::Launcher& launcher_;
  Log& log_;
  std::optional<config::CoprocessSpec> wanted_;
  std::optional<config::CoprocessSpec> standing_;  // what process_ would run
  std::unique_ptr<supervisor::Process> process_;
  std::unique_ptr<supervisor::Process> relieved_;  // until it is dismissed
  fsm::Event changed_;
};

}  // namespace masterd::daemon
