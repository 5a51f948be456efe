// stdin_writer -- the writing end of a child's stdin: a bounded queue that drains when the child
// reads. Never blocks.
//
//   open --nobody can read it any more: the next write finds out--> closed
//
// Owner: Child.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fsm/event_loop.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class StdinWriter {
 public:
  static constexpr std::size_t kCapacity = std::size_t{64} * 1024;  // besides the pipe's own

  /// `loop` must outlive the writer. `fd` does not block; invalid: there is no pipe.
  StdinWriter(fsm::EventLoop& loop, OwnedFd fd);
  StdinWriter(const StdinWriter&) = delete;
  StdinWriter& operator=(const StdinWriter&) = delete;

  /// See Process::write_stdin().
  int write(std::string_view bytes);

 private:
  void drain();
  void close();

  fsm::EventLoop& loop_;
  const bool is_pipe_;
  OwnedFd fd_;
  std::string queue_;
  fsm::Watch writable_;  // engaged while something is queued
};

}  // namespace masterd::supervisor
