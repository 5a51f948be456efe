// clone_into_cgroup -- a vfork whose child is born in a cgroup: no moment in which it, or what it
// forks, is elsewhere. (To move it afterwards by a write to cgroup.procs takes the kernel's
// cgroup_threadgroup_rwsem, an RCU grace period: milliseconds in which the loop would stand.)
#pragma once

#include <sys/types.h>

namespace masterd::supervisor {

/// In the child `run(argument)` is called; it must not return. The parent goes on when the child
/// has called exec or has ended. Returns the pid, or -1 and errno. REQUIRES: all signals blocked.
///
/// On x86-64 and AArch64 the memory is shared (CLONE_VM); elsewhere it is a copy: what `run` has to
/// tell must then be in a shared mapping.
pid_t clone_into_cgroup(int cgroup, void (*run)(void*), void* argument);

}  // namespace masterd::supervisor
