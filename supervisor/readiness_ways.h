// readiness_ways -- the ways of becoming ready that need more than a few lines. For make_readiness
// alone.
#pragma once

#include <chrono>
#include <memory>

#include "config/spec.h"
#include "supervisor/readiness.h"

namespace masterd::supervisor {

/// A listener of the tree, looked up after 5 ms first, then ever more rarely up to each 100 ms.
std::unique_ptr<Readiness> make_listen_readiness(fsm::EventLoop& loop,
                                                 const config::ReadyListen& how,
                                                 std::chrono::milliseconds timeout,
                                                 ProcessTree tree);
/// A line with a match in its first 1 KiB.
std::unique_ptr<Readiness> make_output_readiness(fsm::EventLoop& loop,
                                                 const config::ReadyOutput& how,
                                                 std::chrono::milliseconds timeout);
/// The file is there, and is not what was there when this was made: another file, or written since
/// (by device, inode and time of modification; comparing its time with the clock would fail when
/// the clock is set, or is another machine's).
std::unique_ptr<Readiness> make_file_readiness(fsm::EventLoop& loop, const config::ReadyFile& how,
                                               std::chrono::milliseconds timeout);

}  // namespace masterd::supervisor
