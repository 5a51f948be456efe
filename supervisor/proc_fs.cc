#include "supervisor/proc_fs.h"

#include <dirent.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace masterd::supervisor {
namespace {

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

/// Calls `visit(name)` for each entry that is a number, until it returns true. False: cannot be
/// read.
template <class Visit>
bool each_number(const char* folder, const Visit& visit) {
  const std::unique_ptr<DIR, CloseDir> dir{::opendir(folder)};
  if (!dir) return false;
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    if (visit(std::string{entry->d_name})) break;
  }
  return true;
}

// proc_pid_stat(5): pid (comm) state ppid pgrp ... num_threads is the 20th field. comm may hold
// anything, also ") Z 1 1": the last parenthesis ends it.
bool is_live_member(const std::string& stat, pid_t group) {
  const std::size_t comm_end = stat.rfind(')');
  if (comm_end == std::string::npos) return false;
  std::istringstream fields{stat.substr(comm_end + 1)};
  char state = 0;
  pid_t parent = 0;
  pid_t pgrp = 0;
  fields >> state >> parent >> pgrp;
  if (!fields || pgrp != group) return false;
  if (state != 'Z') return state != 'X';
  // A first thread that has ended while others run is shown as Z too.
  std::string skipped;
  for (int field = 6; field < 20; ++field) fields >> skipped;
  int threads = 0;
  fields >> threads;
  return threads > 1;
}

}  // namespace

std::vector<pid_t> children_in_proc() {
  std::vector<pid_t> children;
  each_number("/proc/self/task", [&](const std::string& thread) {
    std::ifstream file{"/proc/self/task/" + thread + "/children"};
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return false;
  });
  return children;
}

bool group_alive_in_proc(pid_t group) {
  bool alive = false;
  const bool readable = each_number("/proc", [&](const std::string& pid) {
    std::ifstream file{"/proc/" + pid + "/stat"};
    std::string stat;
    std::getline(file, stat, '\0');  // comm may hold a newline
    alive = is_live_member(stat, group);
    return alive;
  });
  return alive || !readable;
}

}  // namespace masterd::supervisor
