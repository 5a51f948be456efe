// spawn -- starts a program as the leader of its own session. Two backends, one child
// (supervisor/child_setup.h):
//
//   - Boost.Process v1 of 1.81 with posix::use_vfork. What its executor does
//     (boost/process/detail/posix/executor.hpp, invoke(true_, true_): ignore_error and use_vfork):
//     on_setup and the vfork in the parent; on_exec_setup, execve, on_exec_error in the child; then
//     _exit, never exit. It waits for nothing. Without ignore_error it would wait for a failed
//     child with WNOHANG, which may come too early (the parent goes on before the child is a
//     zombie) and leave a zombie; or, with exceptions, not at all. cmd_style lookup is not used: it
//     searches the parent's PATH.
//   - where there is a cgroup: clone3 with CLONE_INTO_CGROUP (supervisor/clone_into_cgroup.h). The
//     kernel may refuse it as such (before 5.7, seccomp, valgrind); then it is the first one, and
//     the child joins its cgroup itself.
#pragma once

#include <sys/types.h>

#include "supervisor/attributes.h"
#include "supervisor/child_setup.h"
#include "supervisor/program.h"

namespace masterd::supervisor {

/// The leader's pid; the caller is the only one to wait for it. `cgroup`: the folder of the one
/// that it is to live in, -1 for none. Throws SpawnError from Cgroup to Exec; then the child has
/// been reaped. Returns once the program runs; all signals are blocked meanwhile. Not to be called
/// while another thread changes what it is given.
pid_t spawn(const Program& program, const Attributes& attributes, StandardStreams streams,
            int cgroup);

}  // namespace masterd::supervisor
