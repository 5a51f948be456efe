#include "supervisor/child.h"

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "supervisor/pipe_reader.h"
#include "supervisor/program.h"
#include "supervisor/spawn.h"
#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

// By default these end nobody (signal(7)): a stopped group stays stopped after them.
bool is_to_end(int signo) {
  constexpr std::array kEndNobody{0,       SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,
                                  SIGCONT, SIGCHLD, SIGURG,  SIGWINCH};
  return std::find(kEndNobody.begin(), kEndNobody.end(), signo) == kEndNobody.end();
}

class Child final : public Process, private ExitListener {
 public:
  Child(fsm::EventLoop& loop, ExitSource& exits, OwnedFd out, OwnedFd err, Launcher::Output output)
      : exits_{exits},
        output_{std::move(output)},
        out_{loop, std::move(out), [this](auto bytes) { deliver(Stream::Stdout, bytes); }},
        err_{loop, std::move(err), [this](auto bytes) { deliver(Stream::Stderr, bytes); }} {}
  ~Child() override;

  /// Once. When it throws, the destructor finds what there is.
  void start(const Program& program, int out, int err);

  [[nodiscard]] pid_t pid() const override { return pid_; }
  [[nodiscard]] fsm::Event& exited() override { return exited_; }
  [[nodiscard]] fsm::Event& gone() override { return gone_; }
  int signal_group(int signo) override;
  int signal(int signo) override;
  std::optional<ExitStatus> reap() override;

 private:
  void leader_exited() override;
  void member_exited() override { end_if_group_is_empty(); }
  void deliver(Stream stream, std::string_view bytes) const {
    if (output_) output_(stream, bytes);
  }
  void end_if_group_is_empty();
  bool reap_zombie();
  [[nodiscard]] bool pinned() const { return pid_ > 0 && !status_; }

  ExitSource& exits_;
  const Launcher::Output output_;
  PipeReader out_;
  PipeReader err_;
  pid_t pid_ = -1;                    // until start()
  std::optional<ExitStatus> status_;  // engaged: reaped, and the pid may be somebody else's
  fsm::Watch exit_watch_;
  fsm::Event exited_;
  fsm::Event gone_;
};

Child::~Child() {
  if (pinned()) {
    ::kill(-pid_, SIGKILL);
    if (!reap_zombie()) exits_.abandon(pid_);
  }
}

void Child::start(const Program& program, int out, int err) {
  pid_ = spawn(program, out, err);
  exit_watch_ = exits_.watch(pid_, *this);
}

int Child::signal_group(int signo) {
  if (!pinned()) return ESRCH;
  if (::kill(-pid_, signo) != 0) return errno;
  // A stopped process gets to its SIGTERM only when it goes on. After, not before: what it does
  // between the two would be a surprise.
  if (is_to_end(signo)) ::kill(-pid_, SIGCONT);
  return 0;
}

int Child::signal(int signo) {
  if (!pinned() || exited_.is_set()) return ESRCH;  // kill() is content with a zombie
  return ::kill(pid_, signo) == 0 ? 0 : errno;
}

// Not before exited(), also when the leader is a zombie already: its last bytes come first.
std::optional<ExitStatus> Child::reap() {
  if (exited_.is_set() && !status_ && reap_zombie()) exit_watch_.reset();
  return status_;
}

void Child::leader_exited() {
  out_.drain();
  err_.drain();
  exited_.set();
  end_if_group_is_empty();
}

void Child::end_if_group_is_empty() {
  if (exits_.group_alive(pid_) || !reap_zombie()) return;
  exit_watch_.reset();
  gone_.set();
}

bool Child::reap_zombie() {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0) {
    status_ = ExitStatus::lost();  // ECHILD: somebody else has waited for it
  } else if (info.si_pid == pid_) {
    status_ = ExitStatus::from_siginfo(info.si_code, info.si_status);
  }
  return status_.has_value();
}

}  // namespace

std::unique_ptr<Process> ChildLauncher::launch(const config::CoprocessSpec& spec, Output output) {
  const Program program = resolve_program(spec);
  Pipe out = make_pipe();
  Pipe err = make_pipe();
  std::unique_ptr<Child> child;
  SpawnStage stage = SpawnStage::Pipe;
  try {
    child = std::make_unique<Child>(loop_, exits_, std::move(out.read), std::move(err.read),
                                    std::move(output));
    stage = SpawnStage::Watch;
    child->start(program, out.write.get(), err.write.get());
  } catch (const std::system_error& error) {  // the loop's epoll, or pidfd_open
    throw SpawnError{stage, spec.name, error.code().value()};
  }
  return child;
}

}  // namespace masterd::supervisor
