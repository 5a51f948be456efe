// fake_process -- a Launcher whose processes a test moves by hand: nothing forks, no time passes.
//
// A launched FakeProcess stays in FakeLauncher::processes (also after its machine destroyed it), so
// a test can look at what was done to it: signals, reaping, killing.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "config/spec.h"
#include "supervisor/process.h"
#include "supervisor/spawn_error.h"

namespace masterd::test {

/// What happened to one process; owned by the launcher, outlives the process object.
struct FakeRecord {
  std::string name;
  pid_t pid = 0;
  std::vector<int> signals;         // to the group
  std::vector<int> leader_signals;  // to the leader alone
  bool leader_exited = false;
  bool gone = false;
  bool reaped = false;  // its end was looked at when nothing of it was left
  bool destroyed = false;
  std::optional<supervisor::ExitStatus> status;
  std::vector<int> obeys{SIGKILL, SIGTERM};  // group signals that end leader and group at once
  std::vector<std::string> command;
  std::map<std::string, std::string> env;  // what the launch added
  bool helper = false;
  bool lives_on = false;
  std::vector<pid_t> tree;  // empty: the leader alone, while it lives
  std::string stdin_bytes;  // what was written to it
  int stdin_error = 0;      // errno of every write_stdin
  int adopt_error = 0;      // errno of every adopt
  bool kept = false;        // keep_tree() was called
  supervisor::Launcher::Output output;
  int suspended_by = 0;
  fsm::Event suspended_event;
  fsm::Event exited_event;
  fsm::Event gone_event;

  /// The leader ends; the group too unless `members_stay`.
  void end(supervisor::ExitStatus how, bool members_stay = false) {
    leader_exited = true;
    status = how;
    exited_event.set();
    if (!members_stay) end_group();
  }
  void end_with(int code) { end({supervisor::ExitStatus::Kind::Exited, code, false}); }
  void end_by(int signo) { end({supervisor::ExitStatus::Kind::Signalled, signo, false}); }
  void suspend(int signo) {
    suspended_by = signo;
    suspended_event.set();
  }
  void end_group() {
    gone = true;
    gone_event.set();
  }
};

class FakeProcess final : public supervisor::Process {
 public:
  explicit FakeProcess(FakeRecord& record) : record_{record} {}
  ~FakeProcess() override { record_.destroyed = true; }

  [[nodiscard]] pid_t pid() const override { return record_.pid; }
  [[nodiscard]] fsm::Event& exited() override { return record_.exited_event; }
  [[nodiscard]] fsm::Event& gone() override { return record_.gone_event; }
  [[nodiscard]] fsm::Event& suspended() override { return record_.suspended_event; }
  [[nodiscard]] int suspended_by() const override { return record_.suspended_by; }
  int signal_group(int signo) override {
    if (record_.gone) return ESRCH;
    record_.signals.push_back(signo);
    for (const int obeyed : record_.obeys) {
      if (obeyed != signo) continue;
      if (record_.leader_exited) {
        record_.end_group();
      } else {
        record_.end_by(signo);
      }
    }
    return 0;
  }
  int signal(int signo) override {
    if (record_.leader_exited) return ESRCH;
    record_.leader_signals.push_back(signo);
    return 0;
  }
  std::optional<supervisor::ExitStatus> reap() override {
    if (record_.gone) record_.reaped = true;
    return record_.status;
  }
  [[nodiscard]] std::vector<pid_t> tree() const override {
    if (!record_.tree.empty() || record_.leader_exited) return record_.tree;
    return {record_.pid};
  }
  [[nodiscard]] bool owns(pid_t pid) const override {
    const std::vector<pid_t> all = tree();
    return std::find(all.begin(), all.end(), pid) != all.end();
  }
  void adopt(pid_t main) override {
    if (record_.adopt_error != 0) {
      throw std::system_error{record_.adopt_error, std::generic_category(), "adopt"};
    }
    record_.pid = main;
    record_.leader_exited = false;
    record_.status.reset();
    record_.exited_event.reset();
  }
  void keep_tree() override { record_.kept = true; }
  int write_stdin(std::string_view bytes) override {
    if (record_.stdin_error == 0) record_.stdin_bytes += bytes;
    return record_.stdin_error;
  }

 private:
  FakeRecord& record_;
};

class FakeLauncher final : public supervisor::Launcher {
 public:
  using Launcher::launch;
  std::unique_ptr<supervisor::Process> launch(supervisor::Launch launch) override {
    ++launches;
    const config::CoprocessSpec& spec = launch.spec;
    if (const int error = std::exchange(fail_next, fail_always)) {
      throw supervisor::SpawnError{
          supervisor::SpawnStage::Exec,
          launch.command.empty() ? spec.command.at(0) : launch.command.at(0), error};
    }
    auto& record = processes.emplace_back(std::make_unique<FakeRecord>());
    record->name = launch.name();
    record->pid = next_pid++;
    record->command = launch.command.empty() ? spec.command : std::move(launch.command);
    record->env = std::move(launch.env);
    record->helper = launch.helper();
    record->lives_on = launch.lives_on;
    record->output = std::move(launch.output);
    if (deaf) record->obeys = {SIGKILL};
    if (unkillable) record->obeys.clear();
    return std::make_unique<FakeProcess>(*record);
  }

  /// The newest process of that name (of a command about a coprocess: NAME.ROLE); nullptr: it was
  /// never launched.
  [[nodiscard]] FakeRecord* of(const std::string& name) const {
    for (auto it = processes.rbegin(); it != processes.rend(); ++it) {
      if ((*it)->name == name) return it->get();
    }
    return nullptr;
  }

  std::deque<std::unique_ptr<FakeRecord>> processes;
  pid_t next_pid = 1000;
  int launches = 0;
  int fail_next = 0;    // errno of the next launch
  int fail_always = 0;  // errno of every launch after it
  bool deaf = false;    // new processes obey SIGKILL only
  bool unkillable = false;
};

}  // namespace masterd::test
