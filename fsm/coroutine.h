// coroutine -- a function on its own guarded stack. The only place in the project that switches
// stacks.
//
//   fresh --resume--> running <--suspend/resume--> suspended
//   running --returns or throws--> done     suspended --unwind--> done     fresh --unwind--> done
//
// Every switch is annotated for ASan and carries the C++ exception state of its stack, so a machine
// may suspend inside a catch block (Boost.Context 1.81 keeps that state per thread:
// boostorg/context issues 147 and 302). unwind() resumes the stack with an exception of our own,
// Unwind, thrown at the suspension: a catch (...) around a suspension must rethrow. Suspending
// while being unwound (in a destructor, or after swallowing Unwind) and unwinding through a
// noexcept frame end the process.
#pragma once

#include <exception>
#include <functional>
#include <memory>

namespace masterd::fsm {

class Coroutine {
 public:
  /// Allocates nothing. The stack (128 KiB of address space and a guard page) comes with the first
  /// resume().
  explicit Coroutine(std::function<void()> body);
  /// Unwinds. Must not be called from the coroutine's own stack.
  ~Coroutine();
  Coroutine(const Coroutine&) = delete;
  Coroutine& operator=(const Coroutine&) = delete;

  /// Runs the body until its next suspend() or its end. REQUIRES: !done(), !running(). Throws
  /// std::bad_alloc when there is no memory for the stack.
  void resume();
  /// Called on the coroutine's own stack only: gives control back to the caller of resume().
  void suspend();
  /// Ends a fresh or suspended body now; the destructors on its stack run. No-op when done.
  void unwind();

  [[nodiscard]] bool done() const;
  /// Control is on this stack (or on one that it resumed).
  [[nodiscard]] bool running() const;
  /// What escaped the body, if anything did.
  [[nodiscard]] std::exception_ptr failure() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace masterd::fsm
