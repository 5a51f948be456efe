#include "tests/integration/program.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <system_error>

#include "tests/support/temp_folder.h"

namespace masterd::test {
namespace {

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void open(int fd, const std::string& path, int flags) {
    ::posix_spawn_file_actions_addopen(&actions_, fd, path.empty() ? "/dev/null" : path.c_str(),
                                       flags, 0600);
  }
  void duplicate(int from, int to) { ::posix_spawn_file_actions_adddup2(&actions_, from, to); }
  void close(int fd) { ::posix_spawn_file_actions_addclose(&actions_, fd); }
  void chdir(const std::string& folder) {
    ::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str());
  }
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

}  // namespace

Program::Program(const Plan& plan) {
  FileActions actions;
  if (plan.closed_descriptors) {
    for (const int fd : {0, 1, 2}) actions.close(fd);
  } else {
    if (plan.in_fd) {
      actions.duplicate(*plan.in_fd, 0);
    } else {
      actions.open(0, "", O_RDONLY);
    }
    if (plan.out_fd) {
      actions.duplicate(*plan.out_fd, 1);
    } else {
      actions.open(1, plan.out, O_WRONLY | O_CREAT | O_APPEND);
    }
    actions.open(2, plan.err, O_WRONLY | O_CREAT | O_APPEND);
  }
  if (!plan.cwd.empty()) actions.chdir(plan.cwd);
  // A test that is killed, by its time limit say, takes with it what it runs; a daemon then takes
  // its session down.
  std::vector<std::string> argv{"/usr/bin/setpriv", "--pdeathsig", "TERM"};
  argv.insert(argv.end(), plan.argv.begin(), plan.argv.end());
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) env.emplace_back(*entry);
  // getenv takes the first of a name.
  env.insert(env.begin(), plan.env.begin(), plan.env.end());
  const int error = ::posix_spawn(&pid_, argv.at(0).c_str(), actions.get(), nullptr,
                                  pointers(argv).data(), pointers(env).data());
  if (error != 0) throw std::system_error{error, std::generic_category(), argv.front()};
  pidfd_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd_ < 0) throw std::system_error{errno, std::generic_category(), "pidfd_open"};
}

Program::~Program() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    (void)wait();
  }
  ::close(pidfd_);
}

std::optional<int> Program::wait(std::chrono::milliseconds limit) {
  if (status_) return status_;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() < 0) return std::nullopt;
    pollfd ended{pidfd_, POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(left.count())) == 1) break;
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return status_;
}

void Program::signal(int signo) const { ::kill(pid_, signo); }

Finished run(Plan plan) {
  const TempFolder folder;
  if (!plan.out_fd) plan.out = folder.path("out");
  plan.err = folder.path("err");
  Program program{plan};
  return {program.wait().value_or(-1), contents(plan.out), contents(plan.err)};
}

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace masterd::test
