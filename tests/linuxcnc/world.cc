#include "tests/linuxcnc/world.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "supervisor/owned_fd.h"
#include "tests/integration/proc_view.h"
#include "tests/integration/program.h"

namespace masterd::test {
namespace {

namespace fs = std::filesystem;

// Once: the tests of one run may share the namespaces. Not to be written: it is the tree itself.
void show_at(const fs::path& what, const fs::path& where) {
  if (fs::exists(where)) return;
  fs::create_directories(where.parent_path());
  if (fs::is_directory(what)) {
    fs::create_directory(where);
  } else {
    std::ofstream{where}.flush();
  }
  const unsigned long read_only = MS_BIND | MS_REMOUNT | MS_RDONLY;
  if (::mount(what.c_str(), where.c_str(), nullptr, MS_BIND, nullptr) != 0 ||
      ::mount(nullptr, where.c_str(), nullptr, read_only, nullptr) != 0) {
    throw std::system_error{errno, std::generic_category(), "mount " + where.string()};
  }
}

std::vector<pid_t> processes() {
  std::vector<pid_t> found;
  std::error_code error;
  for (fs::directory_iterator it{"/proc", error}, end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789") == std::string::npos) found.push_back(std::stoi(name));
  }
  return found;
}

std::string name_of(pid_t pid) {
  std::string name = contents("/proc/" + std::to_string(pid) + "/comm");
  if (!name.empty()) name.pop_back();
  return name;
}

// Those that wait for process 1 to be reaped are gone.
bool waits_for_init(pid_t pid) {
  return !is_alive(pid) &&
         contents("/proc/" + std::to_string(pid) + "/status").find("\nPPid:\t1\n") !=
             std::string::npos;
}

}  // namespace

std::string missing_for_linuxcnc() {
  if (const char* reason = std::getenv("MASTERD_NO_NAMESPACES")) return reason;
  if (std::getenv("MASTERD_NAMESPACES") == nullptr)
    return "run it by tests/linuxcnc/own_namespaces";
  for (const char* program : {"linuxcncsvr", "rtapi_app", "io", "milltask", "halcmd"}) {
    const std::string path = std::string{"/usr/bin/"} + program;
    if (::access(path.c_str(), X_OK) != 0) return path + " is missing: install linuxcnc-uspace";
  }
  return {};
}

World::World() {
  ::umask(022);
  show_at(MASTERD, masterd());
  show_at(PROFILES, "/tmp/masterd/share/masterd/profiles");
  show_at(MOVER, mover());
  files_ = files();
}

std::set<std::string> World::files() {
  std::set<std::string> found;
  const auto add = [&](const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator{folder}) found.insert(entry.path().string());
  };
  add("/tmp");
  add(kMachinistHome);
  add(kRootHome);
  return found;
}

std::vector<std::string> World::left(const std::set<pid_t>& known) const {
  std::vector<std::string> found;
  for (const pid_t pid : processes()) {
    if (pid == 1 || pid == ::getpid() || known.contains(pid) || waits_for_init(pid)) continue;
    const std::string name = name_of(pid);
    if (!name.empty()) found.push_back("process " + std::to_string(pid) + " " + name);
  }
  for (const char* kind : {"shm", "sem", "msg"}) {
    std::ifstream table{std::string{"/proc/sysvipc/"} + kind};
    std::string line;
    std::getline(table, line);  // its heading
    while (std::getline(table, line)) found.push_back(std::string{kind} + " " + line);
  }
  for (const std::string& file : files()) {
    if (!files_.contains(file)) found.push_back("file " + file);
  }
  return found;
}

void World::kill_all() {
  eventually([] {
    bool none = true;
    for (const pid_t pid : processes()) {
      if (pid == 1 || pid == ::getpid() || !is_alive(pid)) continue;
      none = false;
      ::kill(pid, SIGKILL);
    }
    return none;
  });
}

std::vector<pid_t> World::named(const std::string& name) {
  std::vector<pid_t> found;
  for (const pid_t pid : processes()) {
    if (name_of(pid) == name && is_alive(pid)) found.push_back(pid);
  }
  return found;
}

}  // namespace masterd::test
