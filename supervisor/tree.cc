#include "supervisor/tree.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "supervisor/proc_fs.h"
#include "supervisor/program.h"

// glibc 2.36 declares it without C linkage (put right in 2.37).
extern "C" {
#include <sys/pidfd.h>
}

namespace masterd::supervisor {
namespace {

// Looks in one go, of which each costs little or, where it is at all processes, much. What a storm
// has left after them, the next event or tick finds.
constexpr int kLooksAtOurs = 32;
constexpr int kLooksAtAll = 3;
constexpr int kDeepest = 64;  // generations, on the way up from a process

// By default these end nobody (signal(7)): what is stopped stays stopped after them.
bool is_to_end(int signo) {
  constexpr std::array kEndNobody{0,       SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU,
                                  SIGCONT, SIGCHLD, SIGURG,  SIGWINCH};
  return std::find(kEndNobody.begin(), kEndNobody.end(), signo) == kEndNobody.end();
}

}  // namespace

std::string new_tree_id(const std::string& prefix) {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error{errno, std::generic_category(), "getrandom"};
  }
  std::string id = prefix;
  for (const unsigned char byte : bytes) {
    id += "0123456789abcdef"[byte >> 4U];
    id += "0123456789abcdef"[byte & 15U];
  }
  return id;
}

/// What looks at /proc have found.
struct Tree::Scan {
  std::vector<pid_t> live;
  bool certain = true;  // false: there may be others
  int looks = 0;
  int most_looks = 0;
  std::unordered_set<pid_t> dead;
  std::unordered_set<pid_t> moving;  // at the last look
};

Tree::Tree(const ExitSource& exits, const std::string& id, std::unique_ptr<CgroupLeaf> leaf)
    : exits_{exits}, mark_{std::string{kTreeIdVariable} + "=" + id}, leaf_{std::move(leaf)} {}

// A vanished cgroup was emptied before: by somebody who moved its processes away.
bool Tree::in_cgroup() {
  if (leaf_ && leaf_->state() == CgroupLeaf::State::Vanished) leaf_.reset();
  return leaf_ != nullptr;
}

std::vector<pid_t> Tree::members() {
  std::vector<pid_t> members = in_cgroup() ? leaf_->members() : scan().live;
  const auto main = std::find(members.begin(), members.end(), pinned_);
  if (main != members.end()) std::rotate(members.begin(), main, main + 1);
  return members;
}

bool Tree::empty() {
  if (in_cgroup()) {
    if (leaf_->state() == CgroupLeaf::State::Empty) return true;
    if (doomed_) kill_all();
    return false;
  }
  if (pinned_ > 0 && exits_.group_alive(pinned_)) {  // the cheap question first
    if (doomed_) kill_all();
    return false;
  }
  const Scan found = scan();
  if (doomed_ && !found.live.empty()) kill_all();
  return found.certain && found.live.empty();
}

// Up from the process to its parents: so also one that has just ended, while its zombie is there.
bool Tree::contains(pid_t pid) const {
  if (leaf_ && leaf_->state() != CgroupLeaf::State::Vanished) return leaf_->contains(pid);
  for (int depth = 0; depth < kDeepest && pid > 1 && pid != ::getpid(); ++depth) {
    if (pid == pinned_) return true;
    ProcStat stat;
    if (read_stat(pid, stat) != Look::Found) return false;
    if (judge(pid, stat) == Verdict::Member) return true;
    pid = stat.parent;
  }
  return false;
}

// Moving: in an exec, when a process has no environment for a moment, or about to end: then its
// memory is gone, and Linux 6.18 refuses the environment (EACCES) as it does that of another user.
Tree::Verdict Tree::judge(pid_t pid, const ProcStat& stat) const {
  if (pinned_ > 0 && (stat.group == pinned_ || stat.session == pinned_)) return Verdict::Member;
  const auto seen = seen_.find(pid);
  if (seen != seen_.end() && seen->second == stat.start) return Verdict::Member;
  if (stat.kernel_thread || stat.start < born_) return Verdict::Stranger;
  errno = 0;
  const Look look = find_in_environment(pid, mark_);
  if (look == Look::Found) return Verdict::Member;
  const int refused = look == Look::Unknown ? errno : 0;
  ProcStat again;
  const bool lives = read_stat(pid, again) == Look::Found && again.alive() && !again.exiting &&
                     again.start == stat.start;
  // Of another user, for ever; or no descriptor left.
  if (refused != 0) {
    return lives && (refused == EACCES || refused == EPERM) ? Verdict::Stranger : Verdict::Moving;
  }
  const bool steady = lives && again.env_end != 0 && again.env_start == stat.env_start &&
                      again.env_end == stat.env_end;
  return steady ? Verdict::Stranger : Verdict::Moving;
}

/// False when another look is needed: something has moved meanwhile, and what has ended since the
/// list was made may have left a child that is not on it.
bool Tree::look(Scan& scan) {
  const auto strays = exits_.strays();
  if (!strays) {
    scan.certain = false;
    return true;
  }
  ProcStat main;
  if (born_ == 0 && pinned_ > 0 && read_stat(pinned_, main) == Look::Found) born_ = main.start;
  ++scan.looks;
  scan.most_looks = strays->ours ? kLooksAtOurs : kLooksAtAll;
  bool steady = true;
  std::unordered_set<pid_t> moving;
  std::unordered_set<pid_t> live{scan.live.begin(), scan.live.end()};
  std::vector<std::pair<pid_t, bool>> todo;  // and: by its parents it is a member
  for (const pid_t pid : strays->pids) todo.emplace_back(pid, false);
  for (const auto& [pid, start] : seen_) todo.emplace_back(pid, false);
  if (pinned_ > 0) todo.emplace_back(pinned_, true);
  while (!todo.empty()) {
    const auto [pid, descendant] = todo.back();
    todo.pop_back();
    if (pid == ::getpid() || live.count(pid) != 0) continue;
    ProcStat stat;
    const Look look = read_stat(pid, stat);
    if (look == Look::Unknown) {
      scan.certain = false;
      continue;
    }
    if (look == Look::Missing || !stat.alive()) {
      seen_.erase(pid);
      if (scan.dead.insert(pid).second) steady = false;
      continue;
    }
    const Verdict verdict = descendant ? Verdict::Member : judge(pid, stat);
    if (verdict == Verdict::Moving) moving.insert(pid);
    if (verdict != Verdict::Member) {
      seen_.erase(pid);  // another process has got its pid
      continue;
    }
    live.insert(pid);
    scan.live.push_back(pid);
    seen_[pid] = stat.start;
    for (const pid_t child : children_of(pid).value_or(std::vector<pid_t>{})) {
      todo.emplace_back(child, true);
    }
  }
  // Among all processes of a busy system there is always one that comes or goes; only one that has
  // been without an environment at two looks is waited for.
  if (!strays->ours && scan.looks >= kLooksAtAll) {
    steady = true;
    for (auto it = moving.begin(); it != moving.end();) {
      it = scan.moving.count(*it) != 0 ? std::next(it) : moving.erase(it);
    }
  }
  scan.moving = std::move(moving);
  return steady && scan.moving.empty();
}

// Where nothing was found, nothing is there only if nobody moved meanwhile.
Tree::Scan Tree::scan() {
  Scan scan;
  while (!look(scan) && scan.live.empty()) {
    if (scan.looks < scan.most_looks) continue;
    scan.certain = false;
    break;
  }
  return scan;
}

int Tree::signal(int signo) {
  if (signo == SIGKILL) {
    doomed_ = true;
    return kill_all();
  }
  // Looked for before the signal ends the parents that they are found by.
  const std::vector<pid_t> found = members();
  const int result = send_to_all(found, signo);
  // A stopped process gets to its SIGTERM only when it goes on. After, not before: what it does
  // between the two would be a surprise.
  if (result == 0 && is_to_end(signo)) {
    send_to_all(found, SIGCONT);
    if (leaf_) leaf_->thaw();
  }
  return result;
}

/// To the group of the main process in one step, then to those of `members` that are not in it.
int Tree::send_to_all(const std::vector<pid_t>& members, int signo) const {
  int result = ESRCH;
  if (pinned_ > 0) result = ::kill(-pinned_, signo) == 0 ? 0 : errno;
  for (const pid_t pid : members) {
    if (pinned_ > 0 && ::getpgid(pid) == pinned_) continue;
    const int error = send(pid, signo);
    if (result != 0) result = error;
  }
  return result;
}

// By a descriptor that is checked to be the member's: it may have been reaped by its parent since
// it was found, and its pid be a stranger's.
int Tree::send(pid_t pid, int signo) const {
  const OwnedFd fd{::pidfd_open(pid, 0)};
  if (!fd) {
    if (errno == ESRCH) return ESRCH;
    return ::kill(pid, signo) == 0 ? 0 : errno;  // no descriptor left
  }
  if (!contains(pid)) return ESRCH;
  return ::pidfd_send_signal(fd.get(), signo, nullptr, 0) == 0 ? 0 : errno;
}

int Tree::kill_all() {
  if (in_cgroup() && leaf_->kill()) {
    if (pinned_ > 0) ::kill(-pinned_, SIGKILL);  // should it have left the cgroup
    return 0;
  }
  int result = ESRCH;
  std::unordered_set<pid_t> killed;
  Scan scan;
  do {
    std::vector<pid_t> found;
    if (leaf_) {
      found = leaf_->members();
      ++scan.looks;
      scan.most_looks = kLooksAtOurs;
    } else {
      scan.live.clear();
      look(scan);
      found = scan.live;
    }
    found.erase(std::remove_if(found.begin(), found.end(),
                               [&](pid_t pid) { return !killed.insert(pid).second; }),
                found.end());
    const int error = send_to_all(found, SIGKILL);
    if (result != 0) result = error;
    if (found.empty()) break;
  } while (scan.looks < scan.most_looks);
  return result;
}

}  // namespace masterd::supervisor
