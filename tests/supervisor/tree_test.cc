// "Gone" means the whole tree: what left the group is found, killed and waited for, with a cgroup
// and without, in a daemon and in a host.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "supervisor/proc_fs.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::ExitStatus;
using Kind = ExitStatus::Kind;

bool alive(pid_t pid) {
  supervisor::ProcStat stat;
  return supervisor::read_stat(pid, stat) == supervisor::Look::Found && stat.alive();
}

class TreeTest : public ChildFixture {
 protected:
  /// The pids that the script has printed, once there are `count` of them.
  std::vector<pid_t> pids_of(Launched& run, std::size_t count) {
    std::vector<pid_t> pids;
    const bool told = run_until(loop, [&] {
      pids.clear();
      std::istringstream lines{run.out.substr(0, run.out.rfind('\n') + 1)};
      for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
      return pids.size() >= count;
    });
    EXPECT_TRUE(told) << run.out << run.err;
    pids.resize(count, -1);
    return pids;
  }
  void expect_killed_with_all(Launched& run, const std::vector<pid_t>& pids) {
    EXPECT_EQ(run.process->signal_group(SIGKILL), 0);
    ASSERT_TRUE(until_gone(run));
    EXPECT_TRUE(run.process->tree().empty());
    for (const pid_t pid : pids) EXPECT_FALSE(alive(pid)) << pid;
  }
  std::string make_fifo(const std::string& name) const {
    const std::string fifo = folder.path(name);
    EXPECT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    return fifo;
  }
  TempFolder folder;
};

// What makes itself a daemon by the book, and tells its pid: setsid, a second fork, the first gone.
std::string daemon(const std::string& body) {
  return "setsid sh -c \"sh -c 'echo \\$\\$; " + body + "' & exit 0\"";
}

TEST_P(TreeTest, S4_ASetsidDescendantIsOfTheTreeAndKilledWithIt) {
  const auto run = launch(shell("setsid sh -c 'echo $$; exec sleep 1000' & wait"));
  const auto pids = pids_of(*run, 1);
  const auto tree = run->process->tree();
  EXPECT_EQ(tree.front(), run->process->pid()) << "the leader comes first";
  EXPECT_NE(std::find(tree.begin(), tree.end(), pids[0]), tree.end());
  EXPECT_TRUE(run->process->owns(pids[0]));
  EXPECT_TRUE(run->process->owns(run->process->pid()));
  EXPECT_FALSE(run->process->owns(::getpid()));
  EXPECT_FALSE(run->process->owns(1));
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, D14_ADoubleForkedDescendantKeepsItFromBeingGone) {
  const auto run = launch(shell(daemon("exec sleep 1000")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  EXPECT_EQ(run->process->tree(), pids);
  EXPECT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 0, false}));
  ::kill(pids[0], SIGTERM);
  EXPECT_TRUE(until_gone(*run)) << "it ended by itself";
  EXPECT_TRUE(no_such_process(run->process->pid()));
}

// ---- a tree that is kept ----

/// Leaves one in its group and one in a session of its own, and tells both.
const char* const kLeavesTwo =
    "sh -c 'echo $$; exec sleep 1000' & setsid sh -c 'echo $$; exec sleep 1000' & ";

TEST_P(TreeTest, KeptItLivesOnWithoutItsMainProcessAndEndsBySignals) {
  const auto run = launch(shell(std::string{kLeavesTwo} + "exit 0"));
  const auto pids = pids_of(*run, 2);
  ASSERT_TRUE(until_exited(*run));
  run->process->keep_tree();
  EXPECT_TRUE(no_such_process(run->process->pid())) << "no zombie is left";
  EXPECT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 0, false}));
  EXPECT_EQ(run->process->signal(SIGTERM), ESRCH);
  EXPECT_THAT(run->process->tree(), testing::UnorderedElementsAreArray(pids));
  for (const pid_t pid : pids) EXPECT_TRUE(run->process->owns(pid));
  EXPECT_EQ(run->process->signal_group(0), 0);
  EXPECT_FALSE(run->process->gone().is_set());
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  ASSERT_TRUE(until_gone(*run));
  EXPECT_TRUE(run->process->tree().empty());
  for (const pid_t pid : pids) EXPECT_FALSE(alive(pid)) << pid;
  EXPECT_EQ(run->process->signal_group(SIGKILL), ESRCH);
}

TEST_P(TreeTest, KeptItIsGoneAtTheNextLookWhenItHasEndedMeanwhile) {
  const auto run = launch(shell(std::string{kLeavesTwo} + "exit 0"));
  const auto pids = pids_of(*run, 2);
  ASSERT_TRUE(until_exited(*run));
  run->process->keep_tree();
  for (const pid_t pid : pids) {
    ::kill(pid, SIGKILL);
    EXPECT_TRUE(until_dead(pid));
  }
  run->process->signal_group(0);
  EXPECT_TRUE(until_gone(*run));
}

TEST_P(TreeTest, KeptItsOutputStillComes) {
  const std::string fifo = make_fifo("go");
  const auto run = launch(shell("(read x < " + fifo + "; echo late) & exit 0"));
  ASSERT_TRUE(until_exited(*run));
  run->process->keep_tree();
  std::ofstream{fifo} << "go\n";
  EXPECT_TRUE(until_says(*run, "late"));
}

TEST_P(TreeTest, KeptItIsKilledWithItsProcess) {
  const auto run = launch(shell(std::string{kLeavesTwo} + "exit 0"));
  const auto pids = pids_of(*run, 2);
  ASSERT_TRUE(until_exited(*run));
  run->process->keep_tree();
  run->process.reset();
  for (const pid_t pid : pids) EXPECT_TRUE(until_dead(pid)) << pid;
}

TEST_P(TreeTest, KeptOnesWithoutEnvironmentAreFoundToo) {
  const auto run = launch(shell("env -i sh -c 'echo $$; exec sleep 1000' & exit 0"));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  run->process->keep_tree();
  expect_killed_with_all(*run, pids);
}

// ---- killed ----

TEST_P(TreeTest, M10_AfterAKillNothingIsLeftOfManyEscapedDescendants) {
  std::string script;
  for (int i = 0; i < 10; ++i) script += daemon("trap : TERM HUP INT; exec sleep 1000") + "; ";
  const auto run = launch(shell(script + "exit 0"));
  const auto pids = pids_of(*run, 10);
  ASSERT_TRUE(until_exited(*run));
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, C3_ATermDeafGrandchildInItsOwnSessionGetsTheTermAndThenTheKill) {
  const auto run = launch(
      shell(daemon("trap \\\"echo deaf\\\" TERM; echo 0; while :; do sleep 1000 & wait; done")));
  const auto pids = pids_of(*run, 2);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  ASSERT_TRUE(until_says(*run, "deaf"));
  EXPECT_FALSE(run->process->gone().is_set());
  expect_killed_with_all(*run, {pids[0]});
}

TEST_P(TreeTest, ADescendantThatClearedItsEnvironmentIsFoundByItsParents) {
  const auto run = launch(shell("env -i setsid sh -c 'echo $$; exec sleep 1000' & wait"));
  expect_killed_with_all(*run, pids_of(*run, 1));
}

TEST_P(TreeTest, OneWithoutEnvironmentOnceSeenIsFoundAlsoWhenItsParentsAreDead) {
  const auto run = launch(shell("env -i setsid sh -c 'echo $$; exec sleep 1000' & wait"));
  const auto pids = pids_of(*run, 1);
  EXPECT_EQ(run->process->signal_group(SIGWINCH), 0) << "a look";
  EXPECT_EQ(run->process->signal(SIGKILL), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, AStoppedEscapedMemberEndsByTerm) {
  const auto run = launch(shell(daemon("exec sleep 1000")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->process->signal_group(SIGSTOP), 0);
  EXPECT_EQ(run->process->signal_group(SIGTERM), 0);
  EXPECT_TRUE(until_gone(*run));
  EXPECT_FALSE(alive(pids[0]));
}

/// Not where only a look at all processes could tell (supervisor/tree.h).
class StormTest : public TreeTest {};

TEST_P(StormTest, AStormOfForksEndsByAKill) {
  // No generation outlives the next one's birth; each is a session of its own.
  const std::string storm = folder.file(
      "storm", "#!/bin/sh\n[ $1 = 100 ] && echo raging\nsetsid $0 $(($1 + 1)) &\nexit 0\n", 0755);
  const auto run = launch(spec_of({storm, "0"}));
  ASSERT_TRUE(until_says(*run, "raging"));
  EXPECT_EQ(run->process->signal_group(SIGKILL), 0);
  ASSERT_TRUE(until_gone(*run));
  const auto all = supervisor::all_processes();
  ASSERT_TRUE(all);
  for (const pid_t pid : *all) {
    std::ifstream file{"/proc/" + std::to_string(pid) + "/cmdline"};
    std::string text;
    std::getline(file, text, '\n');  // it may end meanwhile
    EXPECT_EQ(text.find(storm), std::string::npos) << pid;
  }
}

TEST_P(TreeTest, DestructionKillsWhatLeftTheGroup) {
  auto run = launch(shell(daemon("exec sleep 1000") + "; sleep 1000"));
  const auto pids = pids_of(*run, 1);
  const pid_t leader = run->process->pid();
  run.reset();
  EXPECT_TRUE(until_dead(pids[0]));
  EXPECT_TRUE(run_until(loop, [&] { return no_such_process(leader); }));
}

TEST_P(TreeTest, TheTreesOfTwoLaunchesOfOneNameAreApart) {
  const auto one = launch(shell(daemon("exec sleep 1000")));
  const auto other = launch(shell(daemon("exec sleep 1000")));
  const auto pids_one = pids_of(*one, 1);
  const auto pids_other = pids_of(*other, 1);
  ASSERT_TRUE(until_exited(*one));
  ASSERT_TRUE(until_exited(*other));
  EXPECT_FALSE(one->process->owns(pids_other[0]));
  expect_killed_with_all(*one, pids_one);
  EXPECT_TRUE(alive(pids_other[0]));
  EXPECT_FALSE(other->process->gone().is_set());
  expect_killed_with_all(*other, pids_other);
}

TEST_P(TreeTest, ASenderThatHasJustEndedIsStillOwned) {
  // Its parent does not wait: the zombie stays.
  const auto run = launch(shell("setsid sh -c 'echo $$' & exec sleep 1000"));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_dead(pids[0]));
  EXPECT_TRUE(run->process->owns(pids[0]));
  expect_killed_with_all(*run, {});
}

TEST_P(TreeTest, ALaunchLeavesNothingHoweverItEnds) {
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 200; ++i) {
    const auto run = launch(shell(i % 10 == 0 ? daemon("exec sleep 1000") : "exit 0"));
    ASSERT_TRUE(until_exited(*run));
    if (i % 10 == 0) run->process->signal_group(SIGKILL);
    ASSERT_TRUE(until_gone(*run));
  }
  EXPECT_EQ(open_descriptors(), before);
  if (cgroup_search.cgroups) {
    std::size_t leaves = 0;
    for (const auto& entry : std::filesystem::directory_iterator{cgroup_search.cgroups->folder()}) {
      leaves += entry.is_directory() ? 1 : 0;
    }
    EXPECT_EQ(leaves, 0u);
  }
}

// ---- a forking one ----

TEST_P(TreeTest, ADaemonIsAdoptedAndItsEndIsToldWithItsStatus) {
  const std::string fifo = make_fifo("fifo");
  const auto run = launch(shell(daemon("read word <" + fifo + "; exit 5")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  const pid_t leader = run->process->pid();
  ASSERT_EQ(run->process->reap(), (ExitStatus{Kind::Exited, 0, false}));
  ASSERT_EQ(run->process->tree(), pids);
  run->process->adopt(pids[0]);
  EXPECT_EQ(run->process->pid(), pids[0]);
  EXPECT_TRUE(no_such_process(leader)) << "nothing depends on its zombie any more";
  EXPECT_FALSE(run->process->exited().is_set());
  EXPECT_FALSE(run->process->reap());
  EXPECT_FALSE(run->process->gone().is_set());
  std::ofstream{fifo} << "\n";
  ASSERT_TRUE(until_gone(*run));
  EXPECT_TRUE(run->process->exited().is_set());
  // In a host orphans go to another reaper, who gets the status.
  EXPECT_EQ(run->process->reap(),
            is_subreaper(GetParam()) ? (ExitStatus{Kind::Exited, 5, false}) : ExitStatus::lost());
}

TEST_P(TreeTest, AnAdoptedDaemonIsSignalledAndLeavesItsOwnDescendantsToTheTree) {
  const auto run = launch(shell(daemon("setsid sleep 1000 & exec sleep 1000")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  ASSERT_TRUE(run_until(loop, [&] { return run->process->tree().size() == 2; }));
  run->process->adopt(pids[0]);
  EXPECT_EQ(run->process->tree().front(), pids[0]);
  EXPECT_EQ(run->process->signal(SIGTERM), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_FALSE(run->process->gone().is_set());
  EXPECT_EQ(run->process->tree().size(), 1u);
  EXPECT_EQ(run->process->signal(SIGTERM), ESRCH);
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, AnAdoptedProcessWhoseParentLivesIsWatchedToo) {
  // The shell waits for its child: the status is the shell's to know.
  const auto run =
      launch(shell(daemon("sh -c \\\"echo \\\\\\$\\\\\\$; exec sleep 1000\\\"; exec sleep 1000")));
  const auto pids = pids_of(*run, 2);
  ASSERT_TRUE(until_exited(*run));
  run->process->adopt(pids[1]);
  EXPECT_EQ(run->process->signal(SIGKILL), 0);
  ASSERT_TRUE(until_exited(*run));
  EXPECT_EQ(run->process->reap(), ExitStatus::lost());
  EXPECT_FALSE(run->process->gone().is_set()) << "its parent lives";
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, NobodyCanBeAdoptedThatIsNoProcess) {
  const auto run = launch(shell(daemon("exec sleep 1000")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  const pid_t leader = run->process->pid();
  try {
    run->process->adopt(4194000);  // above any pid_max that is in use here
    ADD_FAILURE();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ESRCH);
  }
  EXPECT_EQ(run->process->pid(), leader);
  EXPECT_TRUE(run->process->exited().is_set());
  expect_killed_with_all(*run, pids);
}

TEST_P(TreeTest, DestructionAfterAnAdoptionKillsAll) {
  auto run = launch(shell(daemon("exec sleep 1000")));
  const auto pids = pids_of(*run, 1);
  ASSERT_TRUE(until_exited(*run));
  run->process->adopt(pids[0]);
  run.reset();
  EXPECT_TRUE(until_dead(pids[0]));
}

INSTANTIATE_TEST_SUITE_P(Any, TreeTest, every_source(), source_name);
INSTANTIATE_TEST_SUITE_P(Any, StormTest,
                         testing::Values(Source::Sigchld, Source::SigchldCgroup,
                                         Source::PidfdCgroup),
                         source_name);

}  // namespace
}  // namespace masterd::test
