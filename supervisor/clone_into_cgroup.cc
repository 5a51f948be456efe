#include "supervisor/clone_into_cgroup.h"

#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>

#include "fsm/asan.h"
#ifdef MASTERD_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace masterd::supervisor {
namespace {

#if defined(__x86_64__) || defined(__aarch64__)

constexpr std::size_t kStack = std::size_t{64} * 1024;
constexpr std::size_t kGuard = 4096;

/// The child's stack. It needs one of its own: vfork() in glibc keeps the return address in a
/// register over the system call, because what the child pushes overwrites what the parent will
/// return through; in C++ there is no such care to be taken.
class ChildStack {
 public:
  ChildStack()
      : memory_{::mmap(nullptr, kGuard + kStack, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0)} {
    if (memory_ == MAP_FAILED) return;
    ::mprotect(memory_, kGuard, PROT_NONE);
#ifdef MASTERD_ASAN
    // A child before this one may have had its stack here; it never returned from its frames, so
    // for ASan their redzones still are there.
    ASAN_UNPOISON_MEMORY_REGION(static_cast<char*>(memory_) + kGuard, kStack);
#endif
  }
  ~ChildStack() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kGuard + kStack);
  }
  ChildStack(const ChildStack&) = delete;
  ChildStack& operator=(const ChildStack&) = delete;

  explicit operator bool() const { return memory_ != MAP_FAILED; }
  [[nodiscard]] std::uint64_t bottom() const {
    return reinterpret_cast<std::uint64_t>(memory_) + kGuard;
  }

 private:
  void* memory_;
};

/// clone3, and in the child, on its stack, run(argument). Registers come to the child as they are
/// in the parent, but for the stack pointer and the result.
long clone3_and_run(clone_args& args, void (*run)(void*), void* argument) {
#if defined(__x86_64__)
  long result = SYS_clone3;
  register void (*run_in)(void*) asm("r12") = run;
  register void* argument_in asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"  // the end of the chain of frames
      "movq %%r13, %%rdi\n\t"
      "callq *%%r12\n\t"
      "ud2\n"
      "1:"
      : "+a"(result)
      : "D"(&args), "S"(sizeof args), "r"(run_in), "r"(argument_in)
      : "rcx", "r11", "memory", "cc");
  return result;
#else
  register long result asm("x0") = reinterpret_cast<long>(&args);
  register long size asm("x1") = sizeof args;
  register long number asm("x8") = SYS_clone3;
  register void (*run_in)(void*) asm("x9") = run;
  register void* argument_in asm("x10") = argument;
  asm volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, xzr\n\t"
      "mov x30, xzr\n\t"
      "mov x0, x10\n\t"
      "blr x9\n\t"
      "brk #1\n"
      "1:"
      : "+r"(result)
      : "r"(size), "r"(number), "r"(run_in), "r"(argument_in)
      : "memory", "cc");
  return result;
#endif
}

#endif

}  // namespace

pid_t clone_into_cgroup(int cgroup, void (*run)(void*), void* argument) {
  clone_args args{};
  args.flags = CLONE_INTO_CGROUP | CLONE_VFORK;
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<std::uint64_t>(cgroup);
#if defined(__x86_64__) || defined(__aarch64__)
  const ChildStack stack;
  if (!stack) return -1;
  args.flags |= CLONE_VM;
  args.stack = stack.bottom();
  args.stack_size = kStack;
  const long pid = clone3_and_run(args, run, argument);
  if (pid < 0) {
    errno = static_cast<int>(-pid);
    return -1;
  }
#else
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);  // on a copy of this stack
  if (pid == 0) run(argument);
#endif
  return static_cast<pid_t>(pid);
}

}  // namespace masterd::supervisor
