// process -- what a coprocess machine needs of a running process, and of who starts one.
//
// Abstract so that every state x event pair of the machines can be tested without a process
// (tests/support/fake_process.h); the real one is Child.
//
//   launched --main process ends--> exited --nothing of its tree lives--> gone --> (destroy)
//                                     |
//                  (launched) <--adopt()  a forking one: the daemon that it left is the main one
//
// Its tree is everything that came of it: its group, and descendants that left it by setsid or a
// double fork. Passive: the loop drives it, its owner decides. Owner: CoprocessFsm.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/spec.h"
#include "fsm/event.h"
#include "supervisor/exit_status.h"

namespace masterd::supervisor {

class Process {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// What still lives of the tree is killed; the main process is reaped, later if need be. Never
  /// blocks.
  virtual ~Process() = default;

  /// The main process: the one that was started, or adopted.
  [[nodiscard]] virtual pid_t pid() const = 0;
  /// Latched when the main process has ended and the bytes that were in its pipes have been
  /// delivered.
  [[nodiscard]] virtual fsm::Event& exited() = 0;
  /// Latched when it has exited and nothing of its tree lives. It never comes before exited().
  [[nodiscard]] virtual fsm::Event& gone() = 0;
  /// Set while the main process is suspended by job control, as far as is known: see
  /// ExitListener::leader_suspended(). By SIGSTOP as a rule: the signals of a terminal do not stop
  /// who leads a session of its own. Means nothing from exited() on.
  [[nodiscard]] virtual fsm::Event& suspended() = 0;
  /// The signal that suspended it; 0: not known.
  [[nodiscard]] virtual int suspended_by() const { return 0; }
  /// To every process of the tree. What is stopped or frozen is continued after any signal that is
  /// to end it; after SIGKILL everything that is found of the tree later is killed, too. 0 is a
  /// look at who is there. Returns errno: 0 when delivered, ESRCH when nobody is left.
  virtual int signal_group(int signo) = 0;
  /// To the main process alone, nothing else. Returns errno.
  virtual int signal(int signo) = 0;
  /// How the main process ended; nullopt before exited(). The zombie itself stays as long as it
  /// pins the id of a living group, unless that is to be kept.
  virtual std::optional<ExitStatus> reap() = 0;

  /// Every live process of the tree, the main one first. A process that is stuck in the kernel
  /// after a SIGKILL is among them.
  [[nodiscard]] virtual std::vector<pid_t> tree() const { return {}; }
  /// True while `pid` is of the tree; where the kernel still tells, also when it has just ended
  /// (`systemd-notify` is gone before its message is read).
  [[nodiscard]] virtual bool owns(pid_t) const { return false; }
  /// REQUIRES: exited(), and not gone. `main`, of the tree, takes the place of the main process:
  /// exited() is unlatched and is about it, and so is reap(), which knows its status if it has
  /// become our child (else ExitStatus::lost()). Throws std::system_error when it cannot be
  /// watched, ESRCH when there is no such process; then nothing has changed.
  virtual void adopt(pid_t main) { (void)main; }
  /// REQUIRES: exited(). What lives of the tree may go on living: the main process is reaped, and
  /// until the next signal_group() nobody need notice that the rest has ended.
  virtual void keep_tree() {}
  /// Queues it for the stdin of the process, all or nothing; never blocks. Returns errno: 0, EAGAIN
  /// (the queue is full), EMSGSIZE (more than the queue holds), EPIPE (its stdin is closed),
  /// ENOTSUP (its stdin is no pipe).
  virtual int write_stdin(std::string_view) { return ENOTSUP; }
};

/// How long a tree that got SIGKILL may take to vanish; what takes longer is left behind.
inline constexpr std::chrono::milliseconds kKillTakes{2000};

enum class Stream { Stdout = 1, Stderr = 2 };

struct Launch;

class Launcher {
 public:
  /// Every byte that the process writes, whoever listens; from the loop, never inside launch().
  using Output = std::function<void(Stream, std::string_view bytes)>;

  virtual ~Launcher() = default;
  /// Throws SpawnError; then nothing is left, no zombie either. Does not suspend.
  virtual std::unique_ptr<Process> launch(Launch launch) = 0;
  /// Kills orphans that came of ended processes and got away from their trees unseen: children of
  /// this process that are nobody's. Returns how many there were. To be called when nothing runs
  /// that they could belong to; killing one may make its children ours: call until it is 0.
  virtual std::size_t end_strays() { return 0; }
  /// The coprocess itself, with nothing added.
  std::unique_ptr<Process> launch(const config::CoprocessSpec& spec, Output output);
};

/// What is to be started.
struct Launch {
  const config::CoprocessSpec& spec;      // borrowed during the call only
  std::vector<std::string> command = {};  // empty: spec.command
  /// Added last, above all that the spec says: NOTIFY_SOCKET, ...
  std::map<std::string, std::string> env = {};
  Launcher::Output output = {};
  /// Empty: the coprocess itself. Else what a command about it is for ("probe", "before", "undo"):
  /// it has the attributes of the coprocess, but a tree of its own (a look at it, or its own end,
  /// must not be taken for the coprocess's), no stdin, both streams captured, and it is not
  /// realtime: it must not compete with what it looks at.
  std::string role = {};
  /// Its end is its own business: it gets a pipe as stdin, and to destroy its Process closes that
  /// and kills nobody. In no cgroup of ours: what is left in those is killed at our end.
  bool lives_on = false;

  [[nodiscard]] bool helper() const { return !role.empty(); }
  /// For people: NAME, or NAME.ROLE, which is no coprocess's name.
  [[nodiscard]] std::string name() const { return helper() ? spec.name + "." + role : spec.name; }
};

inline std::unique_ptr<Process> Launcher::launch(const config::CoprocessSpec& spec, Output output) {
  return launch(Launch{spec, {}, {}, std::move(output)});
}

}  // namespace masterd::supervisor
