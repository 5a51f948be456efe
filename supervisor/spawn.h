// spawn -- starts a program as the leader of its own session, with the child's baseline:
//
//   all signals blocked -> vfork -> setsid -> descriptors 0 (/dev/null), 1, 2 and no other ->
//   default handlers -> umask 022 -> chdir -> empty mask -> execve
//
// By Boost.Process v1 of 1.81 with posix::use_vfork. What its executor does
// (boost/process/detail/posix/executor.hpp, invoke(true_, true_): ignore_error and use_vfork):
//   - on_setup and the vfork in the parent; on_exec_setup, execve, on_exec_error in the child; then
//     _exit, never exit. The child shares the parent's memory, and the parent stands still: what a
//     hook writes is there when vfork returns.
//   - it waits for nothing. Without ignore_error it would wait for a failed child with WNOHANG,
//   which
//     may come too early (the parent goes on before the child is a zombie) and leave a zombie; or,
//     with exceptions, not at all.
//   - cmd_style lookup is not used: it searches the parent's PATH.
#pragma once

#include <sys/types.h>

#include "supervisor/program.h"

namespace masterd::supervisor {

/// The leader's pid; the caller is the only one to wait for it. `out` and `err` (borrowed, both
/// above 2) become its descriptors 1 and 2. Throws SpawnError from Fork to Exec; then the child has
/// been reaped. Returns once the program runs. Not to be called while another thread changes
/// `program`.
pid_t spawn(const Program& program, int out, int err);

}  // namespace masterd::supervisor
