#include "supervisor/survivors_fsm.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "supervisor/cgroup_files.h"

// glibc 2.36 declares it without C linkage (put right in 2.37).
extern "C" {
#include <sys/pidfd.h>
}

namespace masterd::supervisor {
namespace {

std::string described(const Survivor& survivor) {
  const std::string what = command_name(survivor.pid);
  return fmt::format("pid {}{}{}, of the masterd (pid {}) before", survivor.pid,
                     what.empty() ? "" : " (" + what + ")",
                     survivor.name.empty() ? "" : " of " + survivor.name, survivor.masterd);
}

}  // namespace

// Nobody at two looks: one in the middle of an exec has no environment to be known by.
void SurvivorsFsm::state_machine() {
  const fsm::Deadline kill_at = until_ - kKillTakes;
  bool nobody = false;
  for (;;) {
    changed_.reset();
    if (look()) {
      if (std::exchange(nobody, true)) break;
      wait_for(kLookEvery / 10);
      continue;
    }
    nobody = false;
    const fsm::TimePoint now = loop().now();
    if (now >= until_) {
      tell_left();
      break;
    }
    send_to_all(now < kill_at ? SIGTERM : SIGKILL);
    await(changed_, std::min(now + kLookEvery, now < kill_at ? kill_at : until_));
  }
  for (const std::string& folder : search_.cgroups()) remove_cgroup(folder);
  if (found_ > 0 && known_.empty()) say_(false, fmt::format("{} survivors have ended", found_));
}

/// True when nobody lives, for certain.
bool SurvivorsFsm::look() {
  const auto found = search_.look();
  if (!found) return false;
  std::unordered_map<pid_t, Known> now;
  for (const Survivor& survivor : *found) {
    const auto old = known_.find(survivor.pid);
    if (old != known_.end() && old->second.survivor.start == survivor.start) {
      now.emplace(survivor.pid, std::move(old->second));
      continue;
    }
    ++found_;
    say_(false, (survivor.guard ? "waits for " : "ends ") + described(survivor));
    Known& known = now.emplace(survivor.pid, Known{survivor, {}, {}, 0}).first->second;
    known.pidfd = OwnedFd{::pidfd_open(survivor.pid, 0)};
    if (!known.pidfd) continue;
    try {
      known.ended = loop().watch_fd(known.pidfd.get(), EPOLLIN, [this, pid = survivor.pid](auto) {
        changed_.set();
        known_.at(pid).ended.reset();
      });
    } catch (const std::system_error&) {  // the next look finds out
    }
  }
  known_ = std::move(now);
  return known_.empty();
}

void SurvivorsFsm::send_to_all(int signo) {
  for (auto& [pid, known] : known_) {
    if (known.sent != signo && (signo == SIGKILL || !known.survivor.guard)) send(known, signo);
  }
  for (const std::string& folder : search_.cgroups()) {
    if (signo == SIGKILL) kill_cgroup(folder);
    thaw_cgroup(folder);
  }
}

// By its descriptor, which is its own if the start is still the same after it was opened: its pid
// may be a stranger's by now.
void SurvivorsFsm::send(Known& known, int signo) {
  ProcStat stat;
  const pid_t pid = known.survivor.pid;
  if (read_stat(pid, stat) != Look::Found || stat.start != known.survivor.start) return;
  const auto deliver = [&](int which) {
    const int result = known.pidfd ? ::pidfd_send_signal(known.pidfd.get(), which, nullptr, 0)
                                   : ::kill(pid, which);
    return result == 0 ? 0 : errno;
  };
  const int error = deliver(signo);
  known.sent = signo;
  if (error == 0 && signo == SIGTERM) deliver(SIGCONT);  // a stopped one gets to it only then
  if (error == 0 || error == ESRCH) return;
  say_(true, fmt::format("pid {}: signal {}: {}", pid, signo, std::strerror(error)));
}

void SurvivorsFsm::tell_left() {
  for (const auto& [pid, known] : known_) {
    say_(true, "cannot be ended: " + described(known.survivor));
  }
}

}  // namespace masterd::supervisor
