// process -- what a coprocess machine needs of a running process, and of who starts one.
//
// Abstract so that every state x event pair of the machines can be tested without a process
// (tests/support/fake_process.h); the real one is Child.
//
//   launched --leader ends--> exited --last live member of its group ends--> gone --reap-->
//   (destroy)
//
// Passive: the loop drives it, its owner decides. Owner: CoprocessFsm, from launch to reap.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "config/spec.h"
#include "fsm/event.h"
#include "supervisor/exit_status.h"

namespace masterd::supervisor {

class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// What still lives of the group is killed; the leader is reaped, later if need be. Never blocks.
  virtual ~Process() = default;

  /// The leader's; also the id of its session and process group.
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// Latched when the leader has ended and the bytes that were in its pipes have been delivered.
  [[nodiscard]] virtual fsm::Event& exited() = 0;
  /// Latched when it has exited and no live member of its process group is left. It never comes
  /// before exited().
  [[nodiscard]] virtual fsm::Event& gone() = 0;
  /// To every member of the group. A stopped group is continued after any signal that is to end it.
  /// Returns errno: 0 when delivered, ESRCH when nobody is left.
  virtual int signal_group(int signo) = 0;
  /// To the leader alone, nothing else. Returns errno.
  virtual int signal(int signo) = 0;
  /// The leader's status; reaps it. nullopt while it lives. Never blocks. After it the group can no
  /// longer be signalled: sweep it first.
  virtual std::optional<ExitStatus> reap() = 0;
};

enum class Stream { Stdout = 1, Stderr = 2 };

class Launcher {
 public:
  /// Every byte that the process writes, whoever listens; from the loop, never inside launch().
  using Output = std::function<void(Stream, std::string_view bytes)>;

  virtual ~Launcher() = default;
  /// Throws SpawnError; then nothing is left, no zombie either. Does not suspend.
  virtual std::unique_ptr<Process> launch(const config::CoprocessSpec& spec, Output output) = 0;
};

}  // namespace masterd::supervisor
