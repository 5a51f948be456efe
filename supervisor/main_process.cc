#include "supervisor/main_process.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <utility>

#include "supervisor/proc_fs.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kMaxPidFile = 64;  // bytes; more is no pid

bool contains(const std::vector<pid_t>& pids, pid_t pid) {
  return std::find(pids.begin(), pids.end(), pid) != pids.end();
}

}  // namespace

std::optional<pid_t> parse_pid_file(const std::string& text) {
  constexpr const char* kSpace = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kSpace);
  if (from == std::string::npos) return std::nullopt;
  const std::size_t to = text.find_last_not_of(kSpace) + 1;
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data() + from, text.data() + to, pid);
  if (error != std::errc{} || end != text.data() + to || pid < 1) return std::nullopt;
  return pid;
}

MainProcessFinder::Found MainProcessFinder::from_file(const std::vector<pid_t>& tree) const {
  std::ifstream file{pid_file_};
  if (!file) return {std::nullopt, false, false, fmt::format("{} is not there", pid_file_)};
  std::string text(kMaxPidFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const auto pid = parse_pid_file(text);
  if (!pid) return {std::nullopt, false, false, fmt::format("{} holds no pid", pid_file_)};
  if (!contains(tree, *pid)) {
    return {std::nullopt, false, false,
            fmt::format("{} names {}, which is no process of it", pid_file_, *pid)};
  }
  return {pid, true, false, {}};
}

MainProcessFinder::Found MainProcessFinder::find(const std::vector<pid_t>& tree,
                                                 std::optional<pid_t> told) const {
  if (told && contains(tree, *told)) return {told, true, false, {}};
  if (!pid_file_.empty()) return from_file(tree);
  std::vector<pid_t> roots;
  bool rests = false;  // the last of them
  for (const pid_t pid : tree) {
    ProcStat stat;
    if (read_stat(pid, stat) != Look::Found || contains(tree, stat.parent)) continue;
    roots.push_back(pid);
    rests = stat.state != 'R' && !stat.exiting;
  }
  if (roots.size() == 1) return {roots.front(), false, rests, {}};
  if (roots.empty()) return {std::nullopt, false, false, "nothing of it is left"};
  return {std::nullopt, false, false,
          fmt::format("{} processes of it are left: {}; a pid_file would tell which", roots.size(),
                      fmt::join(roots, ", "))};
}

}  // namespace masterd::supervisor
