#include "supervisor/spawn.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

// Boost takes vfork for absent where POSIX 2008 is asked for (detail/config.hpp), which g++ always
// does; glibc has it all the same (unistd.h, __USE_MISC). Without this the launch is declared, not
// defined.
#define BOOST_POSIX_HAS_VFORK 1
#include <boost/process/child.hpp>
#include <boost/process/error.hpp>
#include <boost/process/extend.hpp>
#include <boost/process/posix.hpp>
#include <cerrno>
#include <csignal>
#include <vector>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

namespace bp = boost::process;

// Written by the child into the parent's memory.
struct Failure {
  SpawnStage stage = SpawnStage::Exec;
  int error = 0;
};

// A handler of the parent must not run in the child (it would run on the parent's memory), so
// nothing may be delivered between the vfork and the child's own default handlers.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t old_{};
};

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) {
    pointers.push_back(const_cast<char*>(text.c_str()));  // execve's signature; it writes nothing
  }
  pointers.push_back(nullptr);
  return pointers;
}

// The hooks of the child make async-signal-safe calls only: it may have been forked from a process
// whose other threads hold any lock.
class Baseline : public bp::extend::handler {
 public:
  Baseline(const Program& program, int out, int err, Failure& failure)
      : program_{program},
        out_{out},
        err_{err},
        argv_{c_strings(program.argv)},
        env_{c_strings(program.env)},
        failure_{failure} {}

  template <class Executor>
  void on_setup(Executor& executor) {
    executor.exe = program_.path.c_str();
    executor.cmd_line = argv_.data();
    executor.env = env_.data();
  }
  template <class Executor>
  void on_fork_error(Executor&, const std::error_code& error) const {
    failure_ = {SpawnStage::Fork, error.value()};
  }
  template <class Executor>
  void on_exec_setup(Executor&) const {
    require(::setsid() >= 0, SpawnStage::Session);
    take_descriptors();
    default_handlers();
    ::umask(022);  // nor is this shared: vfork is without CLONE_FS
    if (!program_.cwd.empty()) require(::chdir(program_.cwd.c_str()) == 0, SpawnStage::Chdir);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  template <class Executor>
  void on_exec_error(Executor&, const std::error_code& error) const {
    failure_ = {SpawnStage::Exec, error.value()};
  }

 private:
  void require(bool ok, SpawnStage stage) const {
    if (ok) return;
    failure_ = {stage, errno};
    ::_exit(127);
  }
  // The table is the child's own: vfork is without CLONE_FILES (vfork(2), clone(2)).
  void take_descriptors() const {
    require(::dup2(out_, 1) == 1 && ::dup2(err_, 2) == 2, SpawnStage::Descriptors);
    require(::close_range(3, ~0U, 0) == 0, SpawnStage::Descriptors);
    ::close(0);  // may be closed already; then 0 is free, and the lowest one all the same
    require(::open("/dev/null", O_RDONLY) == 0, SpawnStage::Descriptors);
  }
  // A copy of the parent's table, not the table: vfork is CLONE_VM without CLONE_SIGHAND. What the
  // parent ignores would stay ignored over execve (signal(7)).
  static void default_handlers() {
    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    // EINVAL for KILL, STOP and the two that glibc keeps to itself.
    for (int signo = 1; signo <= SIGRTMAX; ++signo) ::sigaction(signo, &action, nullptr);
  }

  const Program& program_;
  const int out_;
  const int err_;
  std::vector<char*> argv_;
  std::vector<char*> env_;
  Failure& failure_;
};

// It is in _exit: the wait is as short as that.
void reap_failed(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
}

std::string object_of(const Failure& failure, const Program& program) {
  if (failure.stage == SpawnStage::Chdir) return program.cwd;
  if (failure.stage != SpawnStage::Exec) return "";
  struct stat info {};
  // execve(2): ENOENT is also said of the "#!" interpreter, or of the dynamic loader.
  const bool of_interpreter =
      failure.error == ENOENT && ::stat(seen_from(program.cwd, program.path).c_str(), &info) == 0;
  return program.path + (of_interpreter ? " (its interpreter)" : "");
}

}  // namespace

pid_t spawn(const Program& program, int out, int err) {
  Failure failure;
  Baseline baseline{program, out, err, failure};
  pid_t pid = -1;
  {
    const AllSignalsBlocked blocked;
    bp::child child{baseline, bp::posix::use_vfork, bp::ignore_error};
    pid = child.id();
    child.detach();  // or its destructor would kill, and its wait would race with ours
    if (failure.error != 0 && failure.stage != SpawnStage::Fork) reap_failed(pid);
  }
  if (failure.error != 0) {
    throw SpawnError{failure.stage, object_of(failure, program), failure.error};
  }
  return pid;
}

}  // namespace masterd::supervisor
