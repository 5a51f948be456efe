#include "supervisor/child_setup.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace masterd::supervisor {
namespace {

// Not _exit: before a call that is declared noreturn, ASan clears what it takes for the rest of the
// thread's stack, and the child may be on another one.
[[noreturn]] void end_child() {
  while (true) ::syscall(SYS_exit_group, 127);
}

}  // namespace

void ChildSetup::run() const {
  require(::setsid() >= 0, SpawnStage::Session);
  if (cgroup_to_join_ >= 0) join_cgroup();
  take_descriptors();
  default_handlers();
  if (!apply_priorities(attributes_, failure_)) end_child();
  if (!apply_identity(attributes_, failure_)) end_child();
  if (!program_.cwd.empty()) require(::chdir(program_.cwd.c_str()) == 0, SpawnStage::Chdir);
  if (!apply_last(attributes_, failure_)) end_child();
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void ChildSetup::exec_failed(int error) const {
  failure_ = {SpawnStage::Exec, error};
  end_child();
}

void ChildSetup::require(bool ok, SpawnStage stage) const {
  if (ok) return;
  failure_ = {stage, errno};
  end_child();
}

// "0" is whoever writes it (Documentation/admin-guide/cgroup-v2.rst).
void ChildSetup::join_cgroup() const {
  const int procs = ::openat(cgroup_to_join_, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  require(procs >= 0 && ::write(procs, "0", 1) == 1, SpawnStage::Cgroup);
}

// The table is the child's own: neither vfork nor our clone3 is with CLONE_FILES (vfork(2)).
void ChildSetup::take_descriptors() const {
  if (streams_.in >= 0) require(::dup2(streams_.in, 0) == 0, SpawnStage::Descriptors);
  if (streams_.out >= 0) require(::dup2(streams_.out, 1) == 1, SpawnStage::Descriptors);
  if (streams_.err >= 0) require(::dup2(streams_.err, 2) == 2, SpawnStage::Descriptors);
  require(::close_range(3, ~0U, 0) == 0, SpawnStage::Descriptors);
  const auto null_at = [this](int fd, int flags) {
    ::close(fd);  // may be closed already
    // From the lowest one up, so it is the one that is free. 0 is never free for the others: it
    // was taken above, or by the call before.
    require(::open("/dev/null", flags) == fd, SpawnStage::Descriptors);
  };
  if (streams_.in < 0) null_at(0, O_RDONLY);
  if (streams_.out < 0) null_at(1, O_WRONLY);
  if (streams_.err < 0) null_at(2, O_WRONLY);
}

// A copy of the parent's table, not the table: CLONE_VM without CLONE_SIGHAND. What the parent
// ignores would stay ignored over execve (signal(7)).
void ChildSetup::default_handlers() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  // EINVAL for KILL, STOP and the two that glibc keeps to itself.
  for (int signo = 1; signo <= SIGRTMAX; ++signo) ::sigaction(signo, &action, nullptr);
}

}  // namespace masterd::supervisor
