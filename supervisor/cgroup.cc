#include "supervisor/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <system_error>

#include "supervisor/cgroup_files.h"
#include "supervisor/cgroup_mount.h"
#include "supervisor/proc_fs.h"
#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

constexpr std::chrono::seconds kLongestFarewell{1};
constexpr time_t kLeftBehindAfter = 60;  // seconds without a change
constexpr int kNames = 1000;             // tries of "masterd-PID", "masterd-PID.1", ...

// Of daemons that were killed: subtrees in which nothing lives. In another pid namespace there may
// be a living one of that number, with nothing in its cgroups just now; so only what has been left
// alone for a while. (Should it be wrong all the same, make_leaf() makes the subtree again.)
void remove_left_behind(const std::string& folder) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (entry->d_type != DT_DIR || name.rfind("masterd-", 0) != 0) continue;
    const std::string pid = name.substr(8, name.find('.') - 8);
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    if (::access(("/proc/" + pid).c_str(), F_OK) == 0) continue;
    const std::string path = folder + "/" + name;
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || info.st_mtime + kLeftBehindAfter > ::time(nullptr))
      continue;
    if (cgroup_populated(path) == false) remove_cgroup(path);
  }
  ::closedir(dir);
}

CgroupSearch none(const std::string& what, int error) {
  return {nullptr,
          fmt::format("{}: {} ({})", what, strerrordesc_np(error), strerrorname_np(error))};
}

}  // namespace

// ---- a leaf ----

CgroupLeaf::~CgroupLeaf() { cgroups_.leave(*this); }

std::string CgroupLeaf::folder() const { return cgroups_.folder_ + "/" + name_; }

CgroupLeaf::State CgroupLeaf::state() const {
  if (const auto populated = cgroup_populated(folder())) {
    return *populated ? State::Populated : State::Empty;
  }
  return State::Vanished;
}

std::vector<pid_t> CgroupLeaf::members() const { return cgroup_members(folder()); }

bool CgroupLeaf::contains(pid_t pid) const {
  const auto path = cgroup_of(pid);
  const std::string own = cgroups_.path_ + "/" + name_;
  return path && path->compare(0, own.size(), own) == 0 &&
         (path->size() == own.size() || path->at(own.size()) == '/');
}

bool CgroupLeaf::kill() { return kill_cgroup(folder()); }

void CgroupLeaf::thaw() { thaw_cgroup(folder()); }

OwnedFd CgroupLeaf::open() const {
  return OwnedFd{::open(folder().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

// ---- all of them ----

CgroupSearch find_cgroups(fsm::EventLoop& loop) {
  const auto own = cgroup_of(::getpid());
  if (!own) return {nullptr, "/proc/self/cgroup names no cgroup of version 2"};
  const auto mounts = file_content("/proc/self/mountinfo");
  if (!mounts) return none("/proc/self/mountinfo", errno);
  const auto folder = cgroup_folder(*mounts, *own);
  if (!folder) return {nullptr, "no mount of cgroup version 2 shows " + *own};
  remove_left_behind(*folder);
  OwnedFd inotify{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!inotify) return none("inotify_init1", errno);
  const std::string base = "masterd-" + std::to_string(::getpid());
  std::string name = base;
  // A name in use is of another one in this process, or was left by a namesake that was killed.
  for (int i = 1; ::mkdir((*folder + "/" + name).c_str(), 0755) != 0; ++i) {
    if (errno != EEXIST || i == kNames) return none(*folder + ": mkdir", errno);
    name = base + "." + std::to_string(i);
  }
  // Also the right to move a process into it, which is one to our own cgroup's file (clone(2)).
  const std::string procs = *folder + "/cgroup.procs";
  if (::faccessat(AT_FDCWD, procs.c_str(), W_OK, AT_EACCESS) != 0) {
    const int error = errno;
    ::rmdir((*folder + "/" + name).c_str());
    return none(procs, error);
  }
  const std::string path = (*own == "/" ? "" : *own) + "/" + name;
  return {
      std::unique_ptr<Cgroups>{new Cgroups{loop, std::move(inotify), *folder + "/" + name, path}},
      ""};
}

Cgroups::Cgroups(fsm::EventLoop& loop, OwnedFd inotify, std::string folder, std::string path)
    : inotify_{std::move(inotify)},
      folder_{std::move(folder)},
      path_{std::move(path)},
      readable_{loop.watch_fd(inotify_.get(), EPOLLIN, [this](std::uint32_t) { read_events(); })} {}

// The loop does not run here: poll, in real time.
Cgroups::~Cgroups() {
  assert(leaves_.empty() && "a leaf outlives its Cgroups");
  readable_.reset();
  for (const auto& [watch, folder] : leaving_) kill_cgroup(folder);
  const auto deadline = std::chrono::steady_clock::now() + kLongestFarewell;
  while (true) {
    for (auto it = leaving_.begin(); it != leaving_.end();) {
      it = remove_cgroup(it->second) ? leaving_.erase(it) : std::next(it);
    }
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (leaving_.empty() || left <= std::chrono::milliseconds::zero()) break;
    pollfd ready{inotify_.get(), POLLIN, 0};
    ::poll(&ready, 1, static_cast<int>(left.count()));
    read_events();
  }
  remove_cgroup(folder_);
}

std::unique_ptr<CgroupLeaf> Cgroups::make_leaf(const std::string& name) {
  std::string leaf = name + "." + std::to_string(next_++);
  for (char& c : leaf) {
    if (c == '/' || c == '\n') c = '_';
  }
  const std::string folder = folder_ + "/" + leaf;
  const auto made = [&] { return ::mkdir(folder.c_str(), 0755) == 0; };
  if (!made() && !(errno == ENOENT && ::mkdir(folder_.c_str(), 0755) == 0 && made())) {
    throw SpawnError{SpawnStage::Cgroup, folder, errno};
  }
  const int watch =
      ::inotify_add_watch(inotify_.get(), (folder + "/cgroup.events").c_str(), IN_MODIFY);
  if (watch < 0) {
    const int error = errno;
    ::rmdir(folder.c_str());
    throw SpawnError{SpawnStage::Cgroup, folder, error};
  }
  std::unique_ptr<CgroupLeaf> made_leaf{new CgroupLeaf{*this, std::move(leaf), watch}};
  leaves_.emplace(watch, made_leaf.get());
  return made_leaf;
}

void Cgroups::leave(CgroupLeaf& leaf) {
  leaves_.erase(leaf.watch_);
  leaving_.emplace(leaf.watch_, leaf.folder());
  remove_left(leaf.watch_);
}

// EBUSY while something lives in it: its end will be an event.
void Cgroups::remove_left(int watch) {
  const auto found = leaving_.find(watch);
  if (found == leaving_.end() || !remove_cgroup(found->second)) return;
  ::inotify_rm_watch(inotify_.get(), watch);  // EINVAL: went with the file
  leaving_.erase(found);
}

void Cgroups::read_events() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    for (std::size_t at = 0; at < static_cast<std::size_t>(count);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        look_at_all();
        continue;
      }
      remove_left(event.wd);
      tell(event.wd);
    }
  }
}

void Cgroups::tell(int watch) {
  const auto leaf = leaves_.find(watch);
  if (leaf == leaves_.end() || !leaf->second->on_change_) return;
  const auto handler = leaf->second->on_change_;  // a copy: it may destroy the leaf
  handler();
}

// Events were lost (max_queued_events, inotify(7)).
void Cgroups::look_at_all() {
  std::vector<int> watches;
  for (const auto& [watch, folder] : leaving_) watches.push_back(watch);
  for (const int watch : watches) remove_left(watch);
  watches.clear();
  for (const auto& [watch, leaf] : leaves_) watches.push_back(watch);
  for (const int watch : watches) tell(watch);
}

}  // namespace masterd::supervisor
