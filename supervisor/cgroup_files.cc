#include "supervisor/cgroup_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <sstream>
#include <string_view>

#include "supervisor/owned_fd.h"

namespace masterd::supervisor {
namespace {

bool write_to(const std::string& path, std::string_view text) {
  const OwnedFd fd{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return fd && ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

/// `visit(path)` for each cgroup below `folder`, the deepest first.
template <class Visit>
void each_below(const std::string& folder, const Visit& visit) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return;
  std::vector<std::string> below;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..")
      below.push_back(folder + "/" + name);
  }
  ::closedir(dir);
  for (const std::string& path : below) {
    each_below(path, visit);
    visit(path);
  }
}

void read_members(const std::string& folder, std::vector<pid_t>& members) {
  std::istringstream pids{file_content(folder + "/cgroup.procs").value_or("")};
  for (pid_t pid = 0; pids >> pid;) {
    if (pid > 0) members.push_back(pid);  // 0: of another pid namespace
  }
}

}  // namespace

std::optional<std::string> file_content(const std::string& path) {
  const OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return std::nullopt;
  std::string text;
  std::array<char, 4096> buffer;
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::optional<bool> cgroup_populated(const std::string& folder) {
  const auto events = file_content(folder + "/cgroup.events");
  if (events) return events->find("populated 0") == std::string::npos;
  if (errno == ENOENT || errno == ENODEV) return std::nullopt;
  return true;
}

std::vector<pid_t> cgroup_members(const std::string& folder) {
  std::vector<pid_t> members;
  read_members(folder, members);
  each_below(folder, [&](const std::string& path) { read_members(path, members); });
  return members;
}

bool kill_cgroup(const std::string& folder) { return write_to(folder + "/cgroup.kill", "1"); }

void thaw_cgroup(const std::string& folder) {
  write_to(folder + "/cgroup.freeze", "0");
  each_below(folder, [](const std::string& path) { write_to(path + "/cgroup.freeze", "0"); });
}

bool remove_cgroup(const std::string& folder) {
  each_below(folder, [](const std::string& path) { ::rmdir(path.c_str()); });
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

}  // namespace masterd::supervisor
