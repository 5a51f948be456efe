#include "tests/integration/proc_view.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/integration/program.h"

namespace masterd::test {
namespace {

namespace fs = std::filesystem;

std::string proc(pid_t pid, const std::string& file) {
  return "/proc/" + std::to_string(pid) + "/" + file;
}

template <class Visit>
void each_process(const Visit& visit) {
  std::error_code error;
  for (fs::directory_iterator it{"/proc", error}, end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) visit(std::stoi(name));
  }
}

/// The fields of /proc/PID/stat after the command, which may hold anything: proc_pid_stat(5).
std::vector<std::string> stat_fields(pid_t pid) {
  const std::string stat = contents(proc(pid, "stat"));
  const std::size_t end = stat.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest{stat.substr(end + 1)};
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::uint64_t status_number(const std::string& path, const std::string& field) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(field + ":", 0) == 0) return std::stoull(line.substr(field.size() + 1));
  }
  return 0;
}

}  // namespace

std::vector<pid_t> processes_with(const std::string& entry) {
  std::vector<pid_t> found;
  const std::string wanted = '\0' + entry + '\0';
  each_process([&](pid_t pid) {
    const std::string environment = '\0' + contents(proc(pid, "environ")) + '\0';
    if (environment.find(wanted) != std::string::npos) found.push_back(pid);
  });
  return found;
}

std::vector<pid_t> zombies_of(pid_t parent) {
  std::vector<pid_t> found;
  each_process([&](pid_t pid) {
    const auto fields = stat_fields(pid);
    if (fields.size() > 1 && fields[0] == "Z" && fields[1] == std::to_string(parent)) {
      found.push_back(pid);
    }
  });
  return found;
}

std::string describe(const std::vector<pid_t>& pids) {
  std::string out;
  for (const pid_t pid : pids) {
    std::string line = contents(proc(pid, "cmdline"));
    for (char& c : line) {
      if (c == '\0' || c == '\n') c = ' ';
    }
    out += std::to_string(pid) + ": " + line + "\n";
  }
  return out;
}

std::uint64_t voluntary_switches(pid_t pid) {
  std::uint64_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator it{proc(pid, "task"), error}, end; !error && it != end;
       it.increment(error)) {
    sum += status_number(it->path() / "status", "voluntary_ctxt_switches");
  }
  return sum;
}

std::uint64_t memory_kib(pid_t pid, const std::string& field) {
  return status_number(proc(pid, "status"), field);
}

std::chrono::milliseconds cpu_time(pid_t pid) {
  const auto fields = stat_fields(pid);
  if (fields.size() < 13) return {};
  // utime and stime are fields 14 and 15 of the whole, in clock ticks.
  const auto ticks = std::stoull(fields[11]) + std::stoull(fields[12]);
  return std::chrono::milliseconds{ticks * 1000 /
                                   static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK))};
}

bool is_alive(pid_t pid) {
  const auto fields = stat_fields(pid);
  return !fields.empty() && fields[0] != "Z" && fields[0] != "X";
}

bool await_gone(pid_t pid) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;  // ESRCH
  pollfd ended{fd, POLLIN, 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(std::chrono::milliseconds{kLimit}.count()));
  ::close(fd);
  return ready == 1;
}

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + kLimit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

}  // namespace masterd::test
