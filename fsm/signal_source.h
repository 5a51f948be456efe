// signal_source -- blocks a set of signals in this thread and reads them from a signalfd in the
// loop. For the program that owns its process (the daemon): create it before any other thread
// exists, so that all inherit the mask. The old mask is restored at the end. Signals of one kind
// coalesce: a SIGCHLD handler must reap with waitid until nothing is left.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>

#include "fsm/event_loop.h"

namespace masterd::fsm {

class SignalSource {
 public:
  /// `handler(signo)` in the loop for each delivered signal. Throws std::system_error.
  SignalSource(EventLoop& loop, std::initializer_list<int> signals,
               std::function<void(int)> handler);
  ~SignalSource();
  SignalSource(const SignalSource&) = delete;
  SignalSource& operator=(const SignalSource&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace masterd::fsm
