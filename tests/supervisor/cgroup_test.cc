// The cgroups themselves: where they are looked for, what they leave, and what happens when
// somebody takes one away.
#include "supervisor/cgroup.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <fstream>

#include "supervisor/cgroup_mount.h"
#include "supervisor/proc_fs.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::cgroup_folder;
using supervisor::CgroupLeaf;

// ---- the mount table ----

constexpr const char* kHybrid =
    "40 31 0:37 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:7 master:3 - cgroup2 cgroup2 rw\n";

TEST(CgroupFolderTest, IsBelowTheMountOfVersion2) {
  EXPECT_EQ(cgroup_folder(kHybrid, "/"), "/sys/fs/cgroup/unified");
  EXPECT_EQ(cgroup_folder(kHybrid, "/a.slice/b.service"),
            "/sys/fs/cgroup/unified/a.slice/b.service");
}

TEST(CgroupFolderTest, AMountOfAPartShowsOnlyThatPart) {
  const std::string part = "9 1 0:38 /a /mnt/a rw - cgroup2 none rw\n";
  EXPECT_EQ(cgroup_folder(part, "/a/b"), "/mnt/a/b");
  EXPECT_EQ(cgroup_folder(part, "/a"), "/mnt/a");
  EXPECT_EQ(cgroup_folder(part, "/ab"), std::nullopt);
  EXPECT_EQ(cgroup_folder(part, "/"), std::nullopt);
  EXPECT_EQ(cgroup_folder(part + kHybrid, "/c"), "/sys/fs/cgroup/unified/c") << "the next one does";
}

TEST(CgroupFolderTest, EscapesAreUndone) {
  EXPECT_EQ(cgroup_folder("9 1 0:38 / /mnt/a\\040b rw - cgroup2 none rw\n", "/"), "/mnt/a b");
}

TEST(CgroupFolderTest, WithoutVersion2ThereIsNone) {
  EXPECT_EQ(cgroup_folder("9 1 0:1 / /x rw - cgroup cgroup rw,cgroup2\n", "/"), std::nullopt);
  EXPECT_EQ(cgroup_folder("", "/"), std::nullopt);
  EXPECT_EQ(cgroup_folder("garbage\n\n - cgroup2", "/"), std::nullopt);
}

// ---- real ones ----

class CgroupTest : public ChildFixture {
 protected:
  /// The folder of the only leaf.
  std::filesystem::path leaf() const {
    for (const auto& entry : std::filesystem::directory_iterator{folder()}) {
      if (entry.is_directory()) return entry.path();
    }
    return {};
  }
  std::filesystem::path folder() const { return cgroup_search.cgroups->folder(); }
  static void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream out{file};
    out << text << std::flush;
    EXPECT_TRUE(out) << file;
  }
  void expect_cgroup_of(Launched& run) {
    const auto path = supervisor::cgroup_of(run.process->pid());
    ASSERT_TRUE(path);
    EXPECT_NE(path->find("/under-test."), std::string::npos) << *path;
  }
};

TEST_P(CgroupTest, AChildIsBornInALeafOfItsOwnName) {
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  expect_cgroup_of(*run);
  EXPECT_EQ(leaf().parent_path(), folder());
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_EQ(leaf(), "") << "it is removed when it is gone";
}

TEST_P(CgroupTest, AFailedLaunchLeavesNoLeaf) {
  EXPECT_EQ(failure_of(spec_of({"/nonexistent"})).error(), ENOENT);
  EXPECT_EQ(leaf(), "");
}

TEST_P(CgroupTest, TheSubtreeGoesWithItsOwnerAlsoWhileProcessesEnd) {
  const auto at = folder();
  { const auto run = launch(shell("sleep 1000 & setsid sleep 1000 & exec sleep 1000")); }
  cgroup_search.cgroups.reset();
  EXPECT_FALSE(std::filesystem::exists(at));
}

TEST_P(CgroupTest, TwoOwnersInOneProcessAreApart) {
  const auto other = supervisor::find_cgroups(loop);
  ASSERT_TRUE(other.cgroups) << other.why_not;
  EXPECT_NE(other.cgroups->folder(), folder().string());
}

TEST_P(CgroupTest, CgroupsThatAChildMakesBelowItsOwnAreOfTheTreeAndRemoved) {
  const auto run = launch(shell("exec sleep 1000"));
  const auto inner = leaf() / "inner";
  std::filesystem::create_directory(inner);
  write(inner / "cgroup.procs", std::to_string(run->process->pid()));
  EXPECT_EQ(run->process->tree(), std::vector{run->process->pid()});
  EXPECT_TRUE(run->process->owns(run->process->pid()));
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_EQ(leaf(), "");
}

TEST_P(CgroupTest, AFrozenTreeEndsByTerm) {
  const auto run = launch(shell("setsid sleep 1000 & echo up; exec sleep 1000"));
  ASSERT_TRUE(until_says(*run, "up"));
  write(leaf() / "cgroup.freeze", "1");
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  EXPECT_TRUE(until_gone(*run));
}

TEST_P(CgroupTest, ATreeThatWasMovedAwayAndItsLeafRemovedIsFoundByItsMark) {
  const auto run = launch(shell("setsid sh -c 'echo $$; exec sleep 1000' & exec sleep 1000"));
  ASSERT_TRUE(until_says(*run, "\n"));
  const pid_t escaped = std::stoi(run->out);
  const auto elsewhere = folder().string() + "-elsewhere";
  std::filesystem::create_directory(elsewhere);
  const auto old = leaf();
  for (const pid_t pid : run->process->tree()) {
    write(elsewhere + "/cgroup.procs", std::to_string(pid));
  }
  ASSERT_EQ(::rmdir(old.c_str()), 0);
  EXPECT_EQ(run->process->tree().size(), 2u);
  EXPECT_TRUE(run->process->owns(escaped));
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_TRUE(until_dead(escaped));
  EXPECT_TRUE(run_until(loop, [&] { return ::rmdir(elsewhere.c_str()) == 0; }));
}

TEST_P(CgroupTest, ASubtreeThatWasRemovedIsMadeAgain) {
  ASSERT_EQ(::rmdir(folder().c_str()), 0);
  const auto run = launch(spec_of({"/bin/sleep", "1000"}));
  expect_cgroup_of(*run);
}

TEST_P(CgroupTest, ANameMayHoldAnything) {
  auto spec = spec_of({"/bin/sleep", "1000"});
  spec.name = "../a/b\nc";
  const auto run = launch(spec);
  EXPECT_EQ(leaf().parent_path(), folder());
}

// Ends the process that it is in: 0 when without clone3 the child still is in its cgroup.
[[noreturn]] void launch_without_clone3(int error) {
  std::array filter{
      sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{filter.size(), filter.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    ::_exit(4);
  }
  int result = 3;
  {
    const fsm::SteadyClock clock;
    fsm::EventLoop loop{clock};
    const auto exits = make_exits(Source::Pidfd, loop);
    const auto search = supervisor::find_cgroups(loop);
    if (!search.cgroups) ::_exit(5);
    supervisor::ChildLauncher launcher{loop, *exits, search.cgroups.get()};
    config::CoprocessSpec spec;
    spec.name = "a";
    spec.command = {"/bin/sh", "-c", "grep 0:: /proc/self/cgroup; ls /proc/$$/fd"};
    std::string out;
    try {
      const auto process =
          launcher.launch(spec, [&](supervisor::Stream, std::string_view bytes) { out += bytes; });
      const bool gone = run_until(loop, [&] { return process->gone().is_set(); });
      const std::size_t end = out.find('\n');
      const bool at_home = out.substr(0, end).find("/masterd-" + std::to_string(::getpid()) +
                                                   "/a.1") != std::string::npos;
      result = gone && at_home && out.substr(end + 1) == "0\n1\n2\n" ? 0 : 2;
    } catch (const supervisor::SpawnError& failure) {
      result = failure.error() == EAGAIN && failure.stage() == supervisor::SpawnStage::Fork ? 7 : 6;
    }
  }
  ::_exit(result);
}

TEST_P(CgroupTest, WhereClone3IsRefusedTheChildJoinsItsCgroupItself) {
  EXPECT_EXIT(launch_without_clone3(ENOSYS), testing::ExitedWithCode(0), "");
  EXPECT_EXIT(launch_without_clone3(EPERM), testing::ExitedWithCode(0), "");
}

TEST_P(CgroupTest, AForkThatFailsForWantOfProcessesIsNotTriedTwice) {
  EXPECT_EXIT(launch_without_clone3(EAGAIN), testing::ExitedWithCode(7), "");
}

INSTANTIATE_TEST_SUITE_P(Any, CgroupTest,
                         testing::Values(Source::SigchldCgroup, Source::PidfdCgroup), source_name);

}  // namespace
}  // namespace masterd::test
