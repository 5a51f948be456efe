// child_fixture -- real children in a real loop, with either exit source.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/types.h>
#include <sys/wait.h>

extern "C" {  // glibc 2.36 declares it without C linkage
#include <sys/pidfd.h>
}

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fsm/clock.h"
#include "fsm/event_loop.h"
#include "supervisor/cgroup.h"
#include "supervisor/child.h"
#include "supervisor/exit_source.h"
#include "supervisor/owned_fd.h"
#include "supervisor/spawn_error.h"
#include "tests/support/run_until.h"
#include "tests/support/temp_folder.h"

namespace masterd::test {

/// How ends are learned, and whether a process gets a cgroup.
enum class Source { Sigchld, Pidfd, SigchldCgroup, PidfdCgroup };

inline bool uses_cgroup(Source source) {
  return source == Source::SigchldCgroup || source == Source::PidfdCgroup;
}
inline bool is_subreaper(Source source) {
  return source == Source::Sigchld || source == Source::SigchldCgroup;
}

inline std::unique_ptr<supervisor::ExitSource> make_exits(Source source, fsm::EventLoop& loop) {
  return is_subreaper(source) ? supervisor::make_sigchld_exits(loop)
                              : supervisor::make_pidfd_exits(loop);
}

inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    ++count;
  }
  return count;
}

/// Neither a process nor a zombie has this pid (root or not: EPERM would mean that one has).
inline bool no_such_process(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

/// Waits for the end of any process by its own event, whoever is to reap it.
inline bool until_dead(pid_t pid) {
  const supervisor::OwnedFd fd{::pidfd_open(pid, 0)};
  if (!fd) return errno == ESRCH;
  pollfd ended{fd.get(), POLLIN, 0};
  return ::poll(&ended, 1, 20'000) == 1;
}

/// A launched process with what it has written.
struct Launched {
  std::string out;
  std::string err;
  std::unique_ptr<supervisor::Process> process;
};

class ChildFixture : public testing::TestWithParam<Source> {
 protected:
  /// A test leaves no child behind, not even to the next test of the same process. Waits for what
  /// was killed; would wait for ever for what was forgotten alive.
  ~ChildFixture() override {
    cgroup_search.cgroups.reset();
    exits.reset();
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }

  void SetUp() override {
    if (uses_cgroup(GetParam()) && !cgroup_search.cgroups) {
      GTEST_SKIP() << "no cgroup here: " << cgroup_search.why_not;
    }
  }

  static config::CoprocessSpec spec_of(std::vector<std::string> command) {
    config::CoprocessSpec spec;
    spec.name = "under-test";
    spec.command = std::move(command);
    spec.cwd = "/";
    return spec;
  }
  static config::CoprocessSpec shell(const std::string& script) {
    return spec_of({"/bin/sh", "-c", script});
  }

  std::unique_ptr<Launched> launch(const config::CoprocessSpec& spec) {
    auto run = std::make_unique<Launched>();
    Launched& into = *run;
    run->process =
        launcher.launch(spec, [&into](supervisor::Stream stream, std::string_view bytes) {
          (stream == supervisor::Stream::Stdout ? into.out : into.err) += bytes;
        });
    return run;
  }
  bool until_exited(Launched& run) {
    return run_until(loop, [&] { return run.process->exited().is_set(); });
  }
  bool until_gone(Launched& run) {
    return run_until(loop, [&] { return run.process->gone().is_set(); });
  }
  bool until_says(Launched& run, const std::string& text) {
    return run_until(loop, [&] { return run.out.find(text) != std::string::npos; });
  }
  /// Runs it to its end: the status, and the output in `run`.
  std::optional<supervisor::ExitStatus> end_of(Launched& run) {
    if (!until_gone(run)) return std::nullopt;
    return run.process->reap();
  }
  /// stdout of a script that must end well.
  std::string output_of(const config::CoprocessSpec& spec) {
    const auto run = launch(spec);
    const auto status = end_of(*run);
    EXPECT_TRUE(status && status->success()) << run->err;
    return run->out;
  }
  /// Launches what cannot be; the error.
  supervisor::SpawnError failure_of(const config::CoprocessSpec& spec) {
    try {
      (void)launch(spec);
    } catch (const supervisor::SpawnError& error) {
      return error;
    }
    ADD_FAILURE() << "it was launched";
    return {supervisor::SpawnStage::Lookup, "", 0};
  }

  fsm::SteadyClock clock;
  fsm::EventLoop loop{clock};
  std::unique_ptr<supervisor::ExitSource> exits = make_exits(GetParam(), loop);
  supervisor::CgroupSearch cgroup_search =
      uses_cgroup(GetParam()) ? supervisor::find_cgroups(loop) : supervisor::CgroupSearch{};
  supervisor::ChildLauncher launcher{loop, *exits, cgroup_search.cgroups.get()};
};

inline std::string source_name(const testing::TestParamInfo<Source>& info) {
  return std::string{is_subreaper(info.param) ? "Sigchld" : "Pidfd"} +
         (uses_cgroup(info.param) ? "Cgroup" : "");
}

inline auto every_source() {
  return testing::Values(Source::Sigchld, Source::Pidfd, Source::SigchldCgroup,
                         Source::PidfdCgroup);
}

}  // namespace masterd::test
