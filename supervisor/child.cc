#include "supervisor/child.h"

#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <system_error>
#include <utility>

#include "supervisor/attributes.h"
#include "supervisor/leader_watches.h"
#include "supervisor/ledger.h"
#include "supervisor/pipe_reader.h"
#include "supervisor/proc_fs.h"
#include "supervisor/program.h"
#include "supervisor/spawn.h"
#include "supervisor/spawn_error.h"
#include "supervisor/stdin_writer.h"
#include "supervisor/tree.h"

// glibc 2.36 declares it without C linkage (put right in 2.37).
extern "C" {
#include <sys/pidfd.h>
}

namespace masterd::supervisor {
namespace {

/// The parent's ends; an invalid one is not there.
struct Ends {
  OwnedFd in;
  OwnedFd out;
  OwnedFd err;
};

/// One launch, for the ledger.
struct Entry {
  Ledger* ledger = nullptr;  // none: nobody writes it down
  std::string id;            // of the tree
  std::string name;
  bool lives_on = false;

  void born(pid_t pid) const {
    if (ledger != nullptr) ledger->born(id, pid, lives_on, name);
  }
  void gone() const {
    if (ledger != nullptr) ledger->gone(id);
  }
};

class Child final : public Process, private ExitListener {
 public:
  Child(fsm::EventLoop& loop, ExitSource& exits, Ends ends, Launcher::Output output, Entry entry,
        std::unique_ptr<CgroupLeaf> leaf)
      : loop_{loop},
        exits_{exits},
        entry_{std::move(entry)},
        output_{std::move(output)},
        out_{loop, std::move(ends.out), [this](auto bytes) { deliver(Stream::Stdout, bytes); }},
        err_{loop, std::move(ends.err), [this](auto bytes) { deliver(Stream::Stderr, bytes); }},
        in_{loop, std::move(ends.in)},
        tree_{std::make_unique<Tree>(exits, entry_.id, std::move(leaf))} {
    if (tree_->leaf() != nullptr) tree_->leaf()->on_change([this] { member_exited(); });
  }
  ~Child() override;

  /// Once. When it throws, the destructor finds what there is.
  void start(const Program& program, const Attributes& attributes, StandardStreams streams);

  [[nodiscard]] pid_t pid() const override { return pid_; }
  [[nodiscard]] fsm::Event& exited() override { return exited_; }
  [[nodiscard]] fsm::Event& gone() override { return gone_; }
  [[nodiscard]] fsm::Event& suspended() override { return suspended_; }
  [[nodiscard]] int suspended_by() const override { return suspended_by_; }
  int signal_group(int signo) override;
  int signal(int signo) override;
  std::optional<ExitStatus> reap() override { return status_; }
  [[nodiscard]] std::vector<pid_t> tree() const override;
  [[nodiscard]] bool owns(pid_t pid) const override {
    return !gone_.is_set() && tree_->contains(pid);
  }
  void adopt(pid_t main) override;
  void keep_tree() override;
  int write_stdin(std::string_view bytes) override { return in_.write(bytes); }

 private:
  /// An adopted main process that is not our child: no exit source looks after it.
  struct Stranger {
    OwnedFd pidfd;
    fsm::Watch ended;
    fsm::Watch tick;  // engaged from its end on: what lives of the tree may tell nobody
  };

  void leader_exited() override;
  void leader_suspended(int signo) override {
    suspended_by_ = signo;
    suspended_.set();
  }
  void leader_continued() override { suspended_.reset(); }
  void member_exited() override {
    if (exited_.is_set()) end_if_empty();
  }
  void deliver(Stream stream, std::string_view bytes) const {
    if (output_) output_(stream, bytes);
  }
  void end_if_empty();
  void tick();
  void reap_zombie();
  [[nodiscard]] bool pinned() const { return pid_ > 0 && !reaped_; }

  fsm::EventLoop& loop_;
  ExitSource& exits_;
  const Entry entry_;
  const Launcher::Output output_;
  PipeReader out_;
  PipeReader err_;
  StdinWriter in_;
  const std::unique_ptr<Tree> tree_;
  pid_t pid_ = -1;                    // until start()
  bool reaped_ = false;               // the pid may be somebody else's; or it never was our child
  std::optional<ExitStatus> status_;  // engaged from exited() on
  fsm::Watch exit_watch_;
  bool kept_ = false;  // since keep_tree()
  Stranger stranger_;  // engaged while an adopted one is not our child
  int suspended_by_ = 0;
  fsm::Event suspended_;
  fsm::Event exited_;
  fsm::Event gone_;
};

/// A zombie's status, which leaves it one; lost() when somebody else has waited for it. nullopt
/// while it lives.
std::optional<ExitStatus> status_of(pid_t pid, int flags) {
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | flags) != 0) {
    return ExitStatus::lost();
  }
  if (info.si_pid != pid) return std::nullopt;
  return ExitStatus::from_siginfo(info.si_code, info.si_status);
}

bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

Child::~Child() {
  if (pid_ > 0 && !gone_.is_set() && !entry_.lives_on) {
    tree_->signal(SIGKILL);
    entry_.gone();  // as good as: it needs nobody any more to end it
  }
  if (pinned() && !status_of(pid_, 0)) exits_.abandon(pid_);
}

void Child::start(const Program& program, const Attributes& attributes, StandardStreams streams) {
  OwnedFd cgroup;
  if (tree_->leaf() != nullptr) {
    cgroup = tree_->leaf()->open();
    if (!cgroup) throw SpawnError{SpawnStage::Cgroup, "", errno};
  }
  pid_ = spawn(program, attributes, streams, cgroup.get());
  tree_->pin(pid_);
  entry_.born(pid_);
  exit_watch_ = exits_.watch(pid_, *this);
}

int Child::signal_group(int signo) {
  if (std::exchange(kept_, false) && !gone_.is_set()) {
    exit_watch_ = exits_.watch_rest(*this);
    end_if_empty();
  }
  return gone_.is_set() ? ESRCH : tree_->signal(signo);
}

// Without the zombie, which would be there for hours, and without the tick of a pinned leader. What
// is in its group and has no mark is known from a last look while the group still tells.
void Child::keep_tree() {
  if (gone_.is_set()) return;
  (void)tree_->members();
  reap_zombie();
  exit_watch_.reset();
  kept_ = true;
}

int Child::signal(int signo) {
  if (exited_.is_set()) return ESRCH;  // kill() is content with a zombie
  if (stranger_.pidfd) {
    return ::pidfd_send_signal(stranger_.pidfd.get(), signo, nullptr, 0) == 0 ? 0 : errno;
  }
  return ::kill(pid_, signo) == 0 ? 0 : errno;
}

std::vector<pid_t> Child::tree() const {
  if (gone_.is_set()) return {};
  std::vector<pid_t> members = tree_->members();
  const auto main = std::find(members.begin(), members.end(), pid_);
  if (main != members.end()) std::rotate(members.begin(), main, main + 1);
  return members;
}

void Child::adopt(pid_t main) {
  const bool child = is_child(main);
  Stranger stranger;
  if (!child) {
    stranger.pidfd = OwnedFd{::pidfd_open(main, 0)};
    if (!stranger.pidfd) throw std::system_error{errno, std::generic_category(), "pidfd_open"};
    stranger.ended = loop_.watch_fd(stranger.pidfd.get(), EPOLLIN, [this](std::uint32_t) {
      leader_exited();
      tick();
    });
  }
  // Also of a stranger: when its parent ends it becomes our child, and is to be left to us then.
  fsm::Watch watch = exits_.watch(main, *this);
  if (pinned()) reap_zombie();
  stranger_ = Stranger{};
  stranger_ = std::move(stranger);
  exit_watch_ = std::move(watch);
  pid_ = main;
  entry_.born(pid_);
  reaped_ = false;
  tree_->pin(child ? main : 0);
  status_.reset();
  exited_.reset();
  // What it did before it was watched may have been told to nobody.
  suspended_.reset();
  ProcStat stat;
  if (read_stat(main, stat) == Look::Found && stat.state == 'T') leader_suspended(0);
}

void Child::leader_exited() {
  if (exited_.is_set()) return;  // a stranger's end is told twice
  stranger_.ended.reset();
  out_.drain();
  err_.drain();
  status_ = status_of(pid_, WNOWAIT);
  if (!status_) status_ = ExitStatus::lost();  // a child's end is told when it is a zombie
  exited_.set();
  end_if_empty();
}

void Child::tick() {
  member_exited();
  if (gone_.is_set()) return stranger_.tick.reset();
  stranger_.tick = loop_.at(loop_.now() + LeaderWatches::kTick, [this] { tick(); });
}

void Child::end_if_empty() {
  if (gone_.is_set() || !tree_->empty()) return;
  reap_zombie();
  exit_watch_.reset();
  tree_->end();
  entry_.gone();
  gone_.set();
}

void Child::reap_zombie() {
  if (pinned()) status_of(pid_, 0);
  reaped_ = true;
  tree_->pin(0);
}

/// Of a pipe to the child, which writes to it or reads from it; without one it gets /dev/null.
struct Plumbing {
  Ends ours;
  Ends theirs;
};

Plumbing make_plumbing(const Launch& launch) {
  Plumbing plumbing;
  const auto output = [](OwnedFd& ours, OwnedFd& theirs) {
    Pipe pipe = make_pipe(Pipe::Ours::Read);
    ours = std::move(pipe.read);
    theirs = std::move(pipe.write);
  };
  const bool all = launch.helper();
  if (all || launch.spec.output.capture_stdout) output(plumbing.ours.out, plumbing.theirs.out);
  if (all || launch.spec.output.capture_stderr) output(plumbing.ours.err, plumbing.theirs.err);
  if (launch.lives_on || (!all && launch.spec.stdin_kind == config::StdinKind::Pipe)) {
    Pipe pipe = make_pipe(Pipe::Ours::Write);
    plumbing.ours.in = std::move(pipe.write);
    plumbing.theirs.in = std::move(pipe.read);
  }
  return plumbing;
}

}  // namespace

std::unique_ptr<Process> ChildLauncher::launch(Launch launch) {
  const std::string name = launch.name();
  const Attributes attributes = resolve_attributes(launch.spec, launch.helper());
  const std::string tree_id = new_tree_id(ledger_ == nullptr ? "" : ledger_->instance());
  const Program program = resolve_program(launch, attributes.identity, tree_id);
  Plumbing plumbing = make_plumbing(launch);
  const Ends& theirs = plumbing.theirs;
  std::unique_ptr<CgroupLeaf> leaf;
  if (cgroups_ != nullptr && !launch.lives_on) leaf = cgroups_->make_leaf(name);
  std::unique_ptr<Child> child;
  SpawnStage stage = SpawnStage::Pipe;
  try {
    child =
        std::make_unique<Child>(loop_, exits_, std::move(plumbing.ours), std::move(launch.output),
                                Entry{ledger_, tree_id, name, launch.lives_on}, std::move(leaf));
    stage = SpawnStage::Watch;
    child->start(program, attributes, {theirs.in.get(), theirs.out.get(), theirs.err.get()});
  } catch (const std::system_error& error) {  // the loop's epoll, or pidfd_open
    throw SpawnError{stage, name, error.code().value()};
  }
  return child;
}

// An unreaped child pins its pid: no stranger can be hit. A zombie is about to be reaped.
std::size_t ChildLauncher::end_strays() {
  const auto strays = exits_.strays();
  if (!strays || !strays->ours) return 0;
  std::size_t alive = 0;
  for (const pid_t pid : strays->pids) {
    ProcStat stat;
    if (read_stat(pid, stat) != Look::Found || !stat.alive()) continue;
    ++alive;
    ::kill(pid, SIGKILL);
  }
  return alive;
}

}  // namespace masterd::supervisor
