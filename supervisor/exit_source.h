// exit_source -- how the ends of children are learned. One interface, two ways:
//
//   SIGCHLD by signalfd and waitid: for the daemon, which owns its process and is a child
//   subreaper.
//     Orphans (descendants whose parent died) come to it and are reaped.
//   pidfd by child: for a library in a host, whose signals, other children and subreaper setting
//   are
//     never touched.
//
//   watched --leader a zombie: leader_exited()--> pinned --member_exited()...--> (watch ended)
//
// A leader is not reaped here: while it is a zombie it pins its process group's id, so that the
// group can be signalled without hitting a stranger. The listener reaps.
//
// Owner: whoever owns the loop; it outlives every watch. Not to be destroyed from a listener's
// call.
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <vector>

#include "fsm/event_loop.h"

namespace masterd::supervisor {

class ExitListener {
 public:
  /// The leader has become a zombie. Once, from the loop. May reap it inside the call, and may end
  /// this or any other watch.
  virtual void leader_exited() = 0;
  /// Between leader_exited() and the end of the watch: a member of the group may have ended or left
  /// it. Also asked every LeaderWatches::kTick, since one that leaves tells nobody. The same
  /// freedom.
  virtual void member_exited() = 0;

  /// Between the start of the watch and leader_exited(): the leader was suspended by job control
  /// with this signal, or goes on again. From the loop; the same freedom. Not told of one that went
  /// on before anybody looked, nor of a stop that is a tracer's business (ptrace(2)); with pidfds
  /// never: they do not tell.
  virtual void leader_suspended(int signo) { (void)signo; }
  virtual void leader_continued() {}

 protected:
  ~ExitListener() = default;
};

/// Every process that may be of somebody's tree though its parent is not.
struct Strays {
  std::vector<pid_t> pids;
  /// True: the orphans, who all become our children, and none is missing. False: all processes
  /// there are, which come and go while they are listed.
  bool ours = false;
};

class ExitSource {
 public:
  virtual ~ExitSource() = default;
  /// `leader` is an unreaped child of this process, spawned since the loop's last turn, or an
  /// orphan that has become one; it may be a zombie by now. The listener is borrowed until the
  /// watch ends; it must end before the leader's pid may be reused. Throws std::system_error (no
  /// descriptor left).
  [[nodiscard]] virtual fsm::Watch watch(pid_t leader, ExitListener& listener) = 0;
  /// For what is left of a tree whose main process has been reaped: member_exited() whenever it may
  /// have changed, as after leader_exited(), until the watch ends.
  [[nodiscard]] virtual fsm::Watch watch_rest(ExitListener& listener) = 0;
  /// True while the group of `leader` (zombie or alive) has a live member besides a zombie leader.
  [[nodiscard]] virtual bool group_alive(pid_t leader) const = 0;
  /// nullopt: cannot be told just now.
  [[nodiscard]] virtual std::optional<Strays> strays() const = 0;
  /// Takes over a child that nobody watches any more (it ends the watch if there is one): it is
  /// reaped when it ends. Never throws for want of a descriptor.
  virtual void abandon(pid_t child) = 0;
};

/// REQUIRES: no other thread of the process leaves SIGCHLD open (a signalfd would see nothing), and
/// nobody else waits for children: those that are not watched are reaped here, all of them.
/// Makes the process a child subreaper, and SIGCHLD not ignored, for as long as it lives. Throws
/// std::system_error.
std::unique_ptr<ExitSource> make_sigchld_exits(fsm::EventLoop& loop);
/// REQUIRES: the host does not wait for children that it did not spawn itself, nor ignores SIGCHLD
/// (that would reap them; EINVAL when it does already). Waits at its end at most a second for
/// abandoned children. Throws std::system_error that names the call.
std::unique_ptr<ExitSource> make_pidfd_exits(fsm::EventLoop& loop);

}  // namespace masterd::supervisor
