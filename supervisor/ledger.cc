#include "supervisor/ledger.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "supervisor/cgroup_files.h"
#include "supervisor/proc_fs.h"
#include "supervisor/tree.h"

namespace masterd::supervisor {
namespace {

std::string boot_id() {
  std::string id = file_content("/proc/sys/kernel/random/boot_id").value_or("-");
  return id.substr(0, id.find('\n'));
}

std::string pid_namespace() {
  std::array<char, 64> link{};  // "pid:[4026531836]"
  const ssize_t size = ::readlink("/proc/self/ns/pid", link.data(), link.size());
  return size > 0 ? std::string(link.data(), static_cast<std::size_t>(size)) : "-";
}

std::uint64_t inode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

/// Empty: a file that only we can have written.
std::string distrust(const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return "it is no regular file";
  if (info.st_uid != ::geteuid()) return fmt::format("it belongs to uid {}", info.st_uid);
  if ((info.st_mode & 077U) != 0) return "others may read or write it";
  if (info.st_nlink != 1) return "it has another name, too";
  if (static_cast<std::size_t>(info.st_size) > Ledger::kMaxSize) return "it is too large";
  return {};
}

}  // namespace

// Half of a tree's id is enough to tell daemons apart, and the other half their launches.
Ledger::Ledger() {
  const std::string random = new_tree_id();
  own_.instance = random.substr(0, random.size() / 2);
}

Ledger::~Ledger() {
  if (path_.empty() || !live_.empty() || !earlier_.empty()) return;
  ::unlink(path_.c_str());
}

std::vector<Section> Ledger::open(const std::string& path, const std::string& cgroup,
                                  Trouble trouble) {
  path_ = path;
  trouble_ = std::move(trouble);
  own_.boot = boot_id();
  own_.pid_namespace = pid_namespace();
  own_.pid = ::getpid();
  ProcStat stat;
  if (read_stat(own_.pid, stat) == Look::Found) own_.start = stat.start;
  own_.cgroup_inode = inode_of(cgroup);
  if (own_.cgroup_inode != 0 && cgroup.find('\n') == std::string::npos) own_.cgroup = cgroup;
  earlier_ = read();
  rewrite();
  return earlier_;
}

std::vector<Section> Ledger::read() const {
  const auto distrusted = [this](const std::string& why) {
    trouble_(fmt::format("{} is not believed: {}", path_, why));
    return std::vector<Section>{};
  };
  // O_NONBLOCK: a fifo would wait for somebody to write.
  const OwnedFd fd{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
  if (!fd) return errno == ENOENT ? std::vector<Section>{} : distrusted(std::strerror(errno));
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return distrusted(std::strerror(errno));
  if (std::string why = distrust(info); !why.empty()) return distrusted(why);
  std::string text(static_cast<std::size_t>(info.st_size), '\0');
  const ssize_t size = ::pread(fd.get(), text.data(), text.size(), 0);
  if (size < 0) return distrusted(std::strerror(errno));
  text.resize(static_cast<std::size_t>(size));
  LedgerText all = parse_ledger(text);
  std::vector<Section> found;
  for (Section& section : all.sections) {
    const bool ours = section.boot == own_.boot && section.pid_namespace == own_.pid_namespace;
    if (ours) found.push_back(std::move(section));
  }
  return found;
}

void Ledger::forget_earlier() {
  earlier_.clear();
  if (!path_.empty()) rewrite();
}

void Ledger::born(const std::string& id, pid_t pid, bool guard, const std::string& name) {
  ProcStat stat;
  if (path_.empty() || read_stat(pid, stat) != Look::Found) return;
  const Birth& birth = live_[id].emplace_back(Birth{id, pid, stat.start, guard, name});
  append(line_of(birth));
}

void Ledger::gone(const std::string& id) {
  if (live_.erase(id) > 0) append(gone_line(id));
}

void Ledger::append(const std::string& line) {
  if (!fd_ || lines_ > kSlack + 2 * live_.size()) return rewrite();
  // One call: a reader finds the line whole, or torn at the end of the file.
  if (::write(fd_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
    ++lines_;
    return;
  }
  fail("write");
}

// Beside it, and then in its place: what is there is whole at any moment.
void Ledger::rewrite() {
  const std::string fresh = path_ + ".new";
  std::string text;
  for (const Section& section : earlier_) text += text_of(section);
  text += text_of(own_);
  lines_ = 0;
  for (const auto& [id, births] : live_) {
    for (const Birth& birth : births) text += line_of(birth);
    lines_ += births.size();
  }
  ::unlink(fresh.c_str());  // of one that was killed here
  OwnedFd fd{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600)};
  if (!fd) return fail("open");
  if (!write_all(fd.get(), text) || ::rename(fresh.c_str(), path_.c_str()) != 0) {
    fail("write");
    ::unlink(fresh.c_str());
    return;
  }
  fd_ = std::move(fd);
  in_trouble_ = false;
}

void Ledger::fail(const std::string& what) {
  const int error = errno;
  fd_.reset();
  if (std::exchange(in_trouble_, true)) return;
  trouble_(fmt::format("{}: {}: {}: what is started now may outlive a kill of masterd", path_, what,
                       std::strerror(error)));
}

}  // namespace masterd::supervisor
