// pipe_reader -- the reading end of a child's stdout or stderr: always drained, so that no child
// ever stands at a full pipe.
//
//   open --end of file, or a read error--> closed
//
// The end of file is never waited for: a grandchild may hold the writing end for as long as it
// likes. Owner: Child.
#pragma once

#include <functional>
#include <string_view>

#include "fsm/event_loop.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

struct Pipe {
  /// Ours does not block, the child's does, as a program expects of its streams.
  enum class Ours { Read, Write };
  OwnedFd read;
  OwnedFd write;
};
/// Both ends close on exec and are above 2, also where the process has closed its own 0, 1, 2: a
/// child's dup2 to them cannot hit the other end. Throws SpawnError{Pipe}.
Pipe make_pipe(Pipe::Ours ours);

class PipeReader {
 public:
  using OnBytes = std::function<void(std::string_view)>;

  /// An invalid `fd` is a closed pipe. `loop` must outlive the reader; `on_bytes` must not destroy
  /// it. Throws std::system_error.
  PipeReader(fsm::EventLoop& loop, OwnedFd fd, OnBytes on_bytes);
  PipeReader(const PipeReader&) = delete;
  PipeReader& operator=(const PipeReader&) = delete;

  /// Delivers what is in the pipe now. Bounded by that, not by what a writer goes on adding.
  void drain();

 private:
  void read_up_to(std::size_t limit);
  void close();

  const OnBytes on_bytes_;
  OwnedFd fd_;
  fsm::Watch readable_;
};

}  // namespace masterd::supervisor
