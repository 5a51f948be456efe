#include "supervisor/spawn.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
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
#include <new>
#include <vector>

#include "supervisor/clone_into_cgroup.h"
#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

namespace bp = boost::process;

// A handler of the parent must not run in the child (it would run on the parent's memory), so
// nothing may be delivered between the fork and the child's own default handlers.
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

// When the child changes its credentials the kernel (commit_creds(), kernel/cred.c) makes its
// memory undumpable, and that is the parent's, too: no core dump, and a /proc/self of root's.
class KeepDumpable {
 public:
  ~KeepDumpable() {
    if (dumpable_ == 1) ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  }
  KeepDumpable() = default;
  KeepDumpable(const KeepDumpable&) = delete;
  KeepDumpable& operator=(const KeepDumpable&) = delete;

 private:
  const int dumpable_ = ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
};

// In memory that parent and child share, also where the backend copies all other.
class SharedFailure {
 public:
  SharedFailure()
      : memory_{::mmap(nullptr, sizeof(SpawnFailure), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)} {
    if (memory_ == MAP_FAILED) throw SpawnError{SpawnStage::Fork, "", errno};
    failure_ = new (memory_) SpawnFailure;
  }
  ~SharedFailure() { ::munmap(memory_, sizeof(SpawnFailure)); }
  SharedFailure(const SharedFailure&) = delete;
  SharedFailure& operator=(const SharedFailure&) = delete;

  SpawnFailure& operator*() const { return *failure_; }

 private:
  void* memory_;
  SpawnFailure* failure_ = nullptr;
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

/// What execve takes.
struct Image {
  explicit Image(const Program& program)
      : path{program.path.c_str()}, argv{c_strings(program.argv)}, env{c_strings(program.env)} {}
  const char* path;
  std::vector<char*> argv;
  std::vector<char*> env;
};

class BoostHooks : public bp::extend::handler {
 public:
  BoostHooks(Image& image, const ChildSetup& setup, SpawnFailure& failure)
      : image_{image}, setup_{setup}, failure_{failure} {}

  template <class Executor>
  void on_setup(Executor& executor) {
    executor.exe = image_.path;
    executor.cmd_line = image_.argv.data();
    executor.env = image_.env.data();
  }
  template <class Executor>
  void on_fork_error(Executor&, const std::error_code& error) const {
    failure_ = {SpawnStage::Fork, error.value()};
  }
  template <class Executor>
  void on_exec_setup(Executor&) const {
    setup_.run();
  }
  template <class Executor>
  void on_exec_error(Executor&, const std::error_code& error) const {
    setup_.exec_failed(error.value());
  }

 private:
  Image& image_;
  const ChildSetup& setup_;
  SpawnFailure& failure_;
};

pid_t spawn_by_boost(Image& image, const ChildSetup& setup, SpawnFailure& failure) {
  BoostHooks hooks{image, setup, failure};
  bp::child child{hooks, bp::posix::use_vfork, bp::ignore_error};
  const pid_t pid = child.id();
  child.detach();  // or its destructor would kill, and its wait would race with ours
  return pid;
}

struct CloneArgument {
  const Image& image;
  const ChildSetup& setup;
};

void run_clone(void* argument) {
  const auto& [image, setup] = *static_cast<CloneArgument*>(argument);
  setup.run();
  ::execve(image.path, image.argv.data(), image.env.data());
  setup.exec_failed(errno);
}

/// Not the fault of this cgroup or of a limit: the call itself is not to be had. EINVAL and E2BIG:
/// a kernel before 5.7 (clone(2)); EPERM: seccomp.
bool is_no_clone3(int error) {
  return error == ENOSYS || error == EPERM || error == EINVAL || error == E2BIG;
}

// It is in exit: the wait is as short as that.
void reap_failed(pid_t pid) {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) != 0 && errno == EINTR) {
  }
}

std::string object_of(const SpawnFailure& failure, const Program& program,
                      const Attributes& attributes) {
  if (failure.stage == SpawnStage::Chdir) return program.cwd;
  if (failure.stage != SpawnStage::Exec) return attribute_of(attributes, failure);
  struct stat info {};
  // execve(2): ENOENT is also said of the "#!" interpreter, or of the dynamic loader.
  const bool of_interpreter =
      failure.error == ENOENT && ::stat(seen_from(program.cwd, program.path).c_str(), &info) == 0;
  return program.path + (of_interpreter ? " (its interpreter)" : "");
}

}  // namespace

pid_t spawn(const Program& program, const Attributes& attributes, StandardStreams streams,
            int cgroup) {
  const SharedFailure shared;
  SpawnFailure& failure = *shared;
  Image image{program};
  pid_t pid = -1;
  {
    const KeepDumpable dumpable;
    const AllSignalsBlocked blocked;
    if (cgroup >= 0) {
      const ChildSetup setup{program, attributes, streams, -1, failure};
      CloneArgument argument{image, setup};
      pid = clone_into_cgroup(cgroup, run_clone, &argument);
      // Of the cgroup: it is gone, of threads only, or not ours to use (clone(2)).
      const bool of_cgroup = errno == ENODEV || errno == EBUSY || errno == EOPNOTSUPP ||
                             errno == EACCES || errno == EBADF;
      if (pid < 0 && !is_no_clone3(errno)) {
        failure = {of_cgroup ? SpawnStage::Cgroup : SpawnStage::Fork, errno};
      }
    }
    if (pid < 0 && failure.error == 0) {
      const ChildSetup setup{program, attributes, streams, cgroup, failure};
      pid = spawn_by_boost(image, setup, failure);
    }
    if (failure.error != 0 && failure.stage != SpawnStage::Fork && pid > 0) reap_failed(pid);
  }
  if (failure.error != 0) {
    throw SpawnError{failure.stage, object_of(failure, program, attributes), failure.error};
  }
  return pid;
}

}  // namespace masterd::supervisor
