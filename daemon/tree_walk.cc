#include "daemon/tree_walk.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "proto/text.h"
#include "supervisor/owned_fd.h"
#include "supervisor/proc_fs.h"

namespace masterd::daemon {
namespace {

namespace json = boost::json;
using supervisor::ProcStat;

/// What a turn of the loop may spend; one coprocess more than that at most.
constexpr std::chrono::milliseconds kSlice{3};
constexpr std::size_t kMaxCommand = 4096;

/// The first kMaxCommand bytes; empty when it cannot be read.
std::string beginning_of(const std::string& path) {
  const supervisor::OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return {};
  std::array<char, kMaxCommand> buffer;
  ssize_t size = 0;
  do {
    size = ::read(fd.get(), buffer.data(), buffer.size());
  } while (size < 0 && errno == EINTR);
  return size > 0 ? std::string{buffer.data(), static_cast<std::size_t>(size)} : std::string{};
}

/// One line of valid UTF-8: the arguments with a space between, control characters as '?'.
std::string printable(std::string bytes) {
  while (!bytes.empty() && (bytes.back() == '\0' || bytes.back() == '\n')) bytes.pop_back();
  for (char& c : bytes) {
    if (c == '\0') {
      c = ' ';
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      c = '?';
    }
  }
  return proto::sanitize_utf8(bytes);
}

// A process has the lock of its memory while it is stuck in the kernel, and the kernel takes that
// lock to read a command line (access_remote_vm(), mm/memory.c): a look at a process in state D
// could make the daemon stand. Its short name is read without the lock.
std::string command_of(pid_t pid, const ProcStat& stat) {
  const std::string folder = "/proc/" + std::to_string(pid);
  if (stat.state != 'D') {
    std::string line = printable(beginning_of(folder + "/cmdline"));
    if (!line.empty()) return line;
  }
  return "[" + printable(beginning_of(folder + "/comm")) + "]";
}

}  // namespace

json::array processes_json(const std::vector<pid_t>& pids) {
  json::array out;
  for (const pid_t pid : pids) {
    ProcStat stat;
    if (supervisor::read_stat(pid, stat) != supervisor::Look::Found) continue;
    out.push_back(json::object{{"pid", pid},
                               {"ppid", stat.parent},
                               {"state", std::string(1, stat.state)},
                               {"command", command_of(pid, stat)}});
  }
  return out;
}

TreeWalk::TreeWalk(const DaemonFsm& fsm, const fsm::EventLoop& loop,
                   std::optional<std::string> name)
    : fsm_{fsm}, loop_{loop}, session_number_{fsm.sessions()} {
  if (name) {
    names_.push_back(std::move(*name));
    return;
  }
  for (const auto& view : fsm.session()->supervisor().views()) names_.push_back(view.name);
}

std::optional<Answer> TreeWalk::decide() {
  const SessionFsm* session = fsm_.sessions() == session_number_ ? fsm_.session() : nullptr;
  const fsm::Deadline slice = loop_.now() + kSlice;
  while (next_ < names_.size()) {
    const std::string& name = names_[next_++];
    // What left since the walk began has no processes any more.
    if (session == nullptr || !session->supervisor().has(name)) continue;
    coprocesses_.push_back(json::object{
        {"name", name}, {"processes", processes_json(session->supervisor().tree(name))}});
    if (loop_.now() >= slice && next_ < names_.size()) return std::nullopt;
  }
  return Answer{json::object{{"coprocesses", coprocesses_}}};
}

proto::Error TreeWalk::timed_out() const {
  return proto::application_error("timeout", "the processes could not be looked at in time");
}

}  // namespace masterd::daemon
