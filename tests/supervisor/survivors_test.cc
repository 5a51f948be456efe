// Who is taken for a survivor, and who is not: real processes, looked at by what a ledger says.
#include "supervisor/survivors.h"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "supervisor/ledger.h"
#include "supervisor/survivors_fsm.h"
#include "tests/supervisor/child_fixture.h"

namespace masterd::test {
namespace {

using supervisor::Birth;
using supervisor::Section;
using supervisor::SurvivorSearch;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* kSleep = "exec sleep 1000";

class SurvivorsTest : public ChildFixture {
 protected:
  SurvivorsTest() {
    ledger_.open(folder_.path("children"), "", [](const std::string& what) { FAIL() << what; });
  }

  /// Written down, and its lines collected.
  Launched& run(const std::string& script, bool lives_on = false) {
    Launched& run = *runs_.emplace_back(std::make_unique<Launched>());
    const config::CoprocessSpec spec = shell(script);
    supervisor::Launch launch{spec};
    launch.output = [&run](supervisor::Stream, std::string_view bytes) { run.out += bytes; };
    launch.lives_on = lives_on;
    run.process = noted_.launch(std::move(launch));
    return run;
  }
  pid_t pid_from(Launched& run) {
    EXPECT_TRUE(run_until(loop, [&] { return run.out.find('\n') != std::string::npos; }));
    return static_cast<pid_t>(std::stol(run.out));
  }
  /// What a successor would read.
  Section section() const {
    std::ifstream file{folder_.path("children")};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return supervisor::parse_ledger(text).sections.at(0);
  }
  /// The same without what the environments of processes could tell.
  Section unmarked() const {
    Section section = this->section();
    section.instance = "no-such-instance";
    return section;
  }
  static std::vector<pid_t> found(SurvivorSearch& search) {
    std::vector<pid_t> pids;
    const auto survivors = search.look().value();
    for (const auto& survivor : survivors) pids.push_back(survivor.pid);
    return pids;
  }
  static std::vector<pid_t> found(const Section& section) {
    SurvivorSearch search{{section}};
    return found(search);
  }

  TempFolder folder_;
  supervisor::Ledger ledger_;
  supervisor::ChildLauncher noted_{loop, *exits, cgroup_search.cgroups.get(), &ledger_};
  std::vector<std::unique_ptr<Launched>> runs_;
};

TEST_P(SurvivorsTest, AMainProcessIsFoundByItsPidAndStart) {
  Launched& a = run(kSleep);
  EXPECT_THAT(found(unmarked()), ElementsAre(a.process->pid()));
}

TEST_P(SurvivorsTest, AnotherProcessThatHasGotItsPidIsNotTakenForIt) {
  run(kSleep);
  Section section = unmarked();
  --section.births.at(0).start;
  EXPECT_THAT(found(section), IsEmpty());
  section.births.at(0).start += 2;
  EXPECT_THAT(found(section), IsEmpty());
}

TEST_P(SurvivorsTest, AMemberIsFoundByTheSessionOfAMainProcessThatIsDead) {
  Launched& a = run("env -i sleep 1000 & echo $!");
  const pid_t member = pid_from(a);
  ASSERT_TRUE(until_exited(a));
  Section section = unmarked();
  EXPECT_THAT(found(section), ElementsAre(member));
  ++section.births.at(0).start;
  EXPECT_THAT(found(section), IsEmpty()) << "its leader is another one, dead or alive";
}

TEST_P(SurvivorsTest, ThoseThatLeftTheSessionAreFoundByTheMark) {
  const pid_t away =
      pid_from(run("setsid sh -c 'sh -c \"echo \\$\\$; exec sleep 1000\" & exit 0'"));
  Section section = this->section();
  section.births.clear();
  EXPECT_THAT(found(section), Contains(away));
  section.instance = "0123456789abcdef";
  EXPECT_THAT(found(section), IsEmpty());
  section = this->section();
  section.births.clear();
  section.start += 1'000'000'000;
  EXPECT_THAT(found(section), IsEmpty()) << "older than that masterd";
}

TEST_P(SurvivorsTest, ADescendantIsFoundAndRememberedWhenItsParentsAreGone) {
  Launched& a = run("setsid env -i sh -c 'echo $$; exec sleep 1000' & wait");
  const pid_t away = pid_from(a);
  const pid_t leader = a.process->pid();
  SurvivorSearch search{{unmarked()}};
  EXPECT_THAT(found(search), UnorderedElementsAre(leader, away));
  EXPECT_EQ(a.process->signal(SIGKILL), 0);
  ASSERT_TRUE(until_exited(a));
  EXPECT_THAT(found(search), ElementsAre(away));
  ::kill(away, SIGKILL);  // the tree has never seen it
}

TEST_P(SurvivorsTest, NeitherThisProcessNorWhatItCameOfIsEverOne) {
  Section section = unmarked();
  for (const pid_t pid : {::getpid(), ::getppid(), 1}) {
    supervisor::ProcStat stat;
    ASSERT_EQ(supervisor::read_stat(pid, stat), supervisor::Look::Found);
    section.births.push_back(Birth{"aa", pid, stat.start, false, "a"});
  }
  const auto pids = found(section);
  EXPECT_THAT(pids, Not(Contains(::getpid())));
  EXPECT_THAT(pids, Not(Contains(::getppid())));
  EXPECT_THAT(pids, Not(Contains(1)));
}

TEST_P(SurvivorsTest, AGuardIsToldFromTheOthersAndKnownWithWhatItStarts) {
  run(kSleep);
  run("env -i sleep 1000", true);
  SurvivorSearch search{{section()}};
  const auto survivors = search.look().value();
  EXPECT_EQ(std::count_if(survivors.begin(), survivors.end(),
                          [](const auto& survivor) { return survivor.guard; }),
            std::ptrdiff_t(survivors.size()) - 1);
  runs_.back()->process->signal_group(SIGKILL);
}

TEST_P(SurvivorsTest, AllAreEndedAlsoOneThatIsStopped) {
  Launched& a = run(kSleep);
  Launched& b = run("kill -STOP $$");
  const auto is_stopped = [&] {  // no event tells
    supervisor::ProcStat stat;
    return supervisor::read_stat(b.process->pid(), stat) == supervisor::Look::Found &&
           stat.state == 'T';
  };
  for (int i = 0; i < 20'000 && !is_stopped(); ++i) loop.run_once(std::chrono::milliseconds{1});
  ASSERT_TRUE(is_stopped());
  std::vector<std::string> said;
  supervisor::SurvivorsFsm fsm{loop, {section()}, [&](bool trouble, const std::string& what) {
                                 EXPECT_FALSE(trouble) << what;
                                 said.push_back(what);
                               }};
  fsm.start();
  fsm.on_end([this] { loop.stop(); });
  const fsm::Watch limit = loop.at(loop.now() + std::chrono::seconds{20}, [this] { loop.stop(); });
  loop.run();
  ASSERT_TRUE(fsm.ended());
  EXPECT_TRUE(until_gone(a));
  EXPECT_TRUE(until_gone(b));
  EXPECT_EQ(a.process->reap()->to_string(), "killed by SIGTERM");
  EXPECT_THAT(said.back(), "2 survivors have ended");
}

INSTANTIATE_TEST_SUITE_P(Every, SurvivorsTest,
                         testing::Values(Source::Sigchld, Source::SigchldCgroup), source_name);

}  // namespace
}  // namespace masterd::test
