// proc_view -- what /proc tells about the processes of one test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace masterd::test {

/// Processes that were started with `entry` ("NAME=value") in their environment; no zombies, which
/// have none. A process in the middle of its execve has none either: wait for it with eventually().
std::vector<pid_t> processes_with(const std::string& entry);
/// Children of `parent` that have ended and were not reaped.
std::vector<pid_t> zombies_of(pid_t parent);
/// Command lines, for the message of a test that fails.
std::string describe(const std::vector<pid_t>& pids);

/// "voluntary_ctxt_switches" over all threads of a process: how often it went to sleep.
std::uint64_t voluntary_switches(pid_t pid);
/// A field of /proc/PID/status in KiB, such as "VmRSS".
std::uint64_t memory_kib(pid_t pid, const std::string& field);
/// User and system time used so far.
std::chrono::milliseconds cpu_time(pid_t pid);
bool is_alive(pid_t pid);
/// Waits until a process, child or not, has ended. False after the limit.
bool await_gone(pid_t pid);

/// For what no event tells, such as the end of a zombie: looks again and again, with a generous
/// limit.
bool eventually(const std::function<bool()>& holds);

}  // namespace masterd::test
