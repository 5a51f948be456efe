// proc_fs -- the two questions about processes that only /proc answers.
#pragma once

#include <sys/types.h>

#include <vector>

namespace masterd::supervisor {

/// The children of this process, zombies too. May miss some that come or go meanwhile; empty where
/// the kernel has no such file (CONFIG_PROC_CHILDREN; Debian's has).
std::vector<pid_t> children_in_proc();

/// True while a process of this group is alive; also when /proc cannot be read just now (no
/// descriptor left). Costs a look at every process of the system. Under a /proc mounted with
/// hidepid, processes of other users are not seen.
bool group_alive_in_proc(pid_t group);

}  // namespace masterd::supervisor
