#include "supervisor/proc_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <memory>

#include "supervisor/owned_fd.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kPiece = 16 * 1024;
constexpr unsigned kPfExiting = 0x00000004;  // include/linux/sched.h; of "flags" in stat
constexpr unsigned kPfKthread = 0x00200000;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

std::string in_proc(pid_t pid, const char* file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

Look look_of(int error) {
  return error == ENOENT || error == ESRCH ? Look::Missing : Look::Unknown;
}

/// `use(bytes)` for each piece, until it returns true.
template <class Use>
Look read_pieces(const std::string& path, const Use& use) {
  const OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return look_of(errno);
  std::array<char, kPiece> buffer;
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return look_of(errno);
    if (count == 0 || use(std::string_view{buffer.data(), static_cast<std::size_t>(count)})) {
      return Look::Found;
    }
  }
}

Look read_whole(const std::string& path, std::string& text) {
  text.clear();
  return read_pieces(path, [&](std::string_view bytes) {
    text += bytes;
    return false;
  });
}

/// The numbers among the entries.
std::optional<std::vector<pid_t>> numbers_in(const std::string& folder) {
  const std::unique_ptr<DIR, CloseDir> dir{::opendir(folder.c_str())};
  if (!dir) return std::nullopt;
  std::vector<pid_t> numbers;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name{entry->d_name};
    pid_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) numbers.push_back(number);
  }
  return numbers;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const std::size_t begin = text.find_first_not_of(" \n");
    if (begin == std::string_view::npos) return found;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(" \n"), text.size());
    found.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

template <class Number>
Number to_number(std::string_view word) {
  Number number{};
  std::from_chars(word.data(), word.data() + word.size(), number);
  return number;
}

}  // namespace

std::optional<uid_t> user_of(pid_t pid) {
  struct stat info {};
  const std::string folder = "/proc/" + std::to_string(pid);
  if (::stat(folder.c_str(), &info) != 0) return std::nullopt;
  return info.st_uid;
}

// pid (comm) state ppid ...: comm may hold anything, also ") Z 1 1": the last parenthesis ends it.
Look read_stat(pid_t pid, ProcStat& stat) {
  std::string text;
  const Look look = read_whole(in_proc(pid, "stat"), text);
  if (look != Look::Found) return look;
  const std::size_t comm_end = text.rfind(')');
  if (comm_end == std::string::npos) return Look::Missing;
  const auto fields = words(std::string_view{text}.substr(comm_end + 1));  // [0] is the 3rd field
  if (fields.size() < 49) return Look::Missing;
  stat.state = fields[0].front();
  stat.parent = to_number<pid_t>(fields[1]);
  stat.group = to_number<pid_t>(fields[2]);
  stat.session = to_number<pid_t>(fields[3]);
  const auto flags = to_number<unsigned>(fields[6]);
  stat.kernel_thread = (flags & kPfKthread) != 0;
  stat.exiting = (flags & kPfExiting) != 0;
  stat.threads = to_number<int>(fields[17]);
  stat.start = to_number<std::uint64_t>(fields[19]);
  stat.env_start = to_number<std::uint64_t>(fields[47]);
  stat.env_end = to_number<std::uint64_t>(fields[48]);
  return Look::Found;
}

Look find_in_environment(pid_t pid, std::string_view entry) {
  const std::string wanted = '\0' + std::string{entry} + '\0';
  std::string window(1, '\0');  // as if an entry had ended before the first
  bool found = false;
  const Look look = read_pieces(in_proc(pid, "environ"), [&](std::string_view bytes) {
    window += bytes;
    found = window.find(wanted) != std::string::npos;
    if (window.size() >= wanted.size()) window.erase(0, window.size() - wanted.size() + 1);
    return found;
  });
  if (look == Look::Found && !found) return Look::Missing;
  return look;
}

std::optional<std::string> environment_value(pid_t pid, const std::string& name) {
  std::string text;
  if (read_whole(in_proc(pid, "environ"), text) != Look::Found) return std::nullopt;
  text.insert(text.begin(), '\0');
  const std::string begin = '\0' + name + '=';
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t value = at + begin.size();
  return text.substr(value, text.find('\0', value) - value);
}

std::string command_name(pid_t pid) {
  std::string text;
  read_whole(in_proc(pid, "comm"), text);
  return text.substr(0, text.find('\n'));
}

std::optional<std::string> cgroup_of(pid_t pid) {
  std::string text;
  if (read_whole(in_proc(pid, "cgroup"), text) != Look::Found) return std::nullopt;
  const std::size_t line = text.compare(0, 3, "0::") == 0 ? 0 : text.find("\n0::");
  if (line == std::string::npos) return std::nullopt;
  const std::size_t begin = line + (line == 0 ? 3 : 4);
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::optional<std::vector<pid_t>> children_of(pid_t pid) {
  const auto threads = numbers_in(in_proc(pid, "task"));
  if (!threads) return std::nullopt;
  std::vector<pid_t> children;
  std::string text;
  bool any = false;
  for (const pid_t thread : *threads) {
    const std::string file = in_proc(pid, "task") + "/" + std::to_string(thread) + "/children";
    if (read_whole(file, text) != Look::Found) continue;
    any = true;
    for (const std::string_view word : words(text)) children.push_back(to_number<pid_t>(word));
  }
  return any ? std::optional{std::move(children)} : std::nullopt;
}

std::optional<std::vector<pid_t>> all_processes() { return numbers_in("/proc"); }

bool group_alive_in_proc(pid_t group) {
  const auto all = all_processes();
  if (!all) return true;
  return std::any_of(all->begin(), all->end(), [&](pid_t pid) {
    ProcStat stat;
    const Look look = read_stat(pid, stat);
    return look == Look::Unknown || (look == Look::Found && stat.group == group && stat.alive());
  });
}

}  // namespace masterd::supervisor
