// masterctl shows a real session: what it waits for, its processes, how it came up.
#include <gmock/gmock.h>

#include "tests/integration/daemon_fixture.h"

namespace masterd::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

/// db is slow, app waits for it, bad gives up.
const std::string kStack =
    "[session]\nname = \"trial\"\n[group.app]\nrequires = [\"db\"]\n" +
    coprocess("db", "echo up; exec sleep 1000", "ready = { delay = \"120ms\" }\n") +
    coprocess("ui", kSleeper, "group = \"app\"\n") +
    coprocess("bad", "exit 3", "requires = [\"ui\"]\n");

class CtlPicturesTest : public DaemonTest {
 protected:
  Finished ctl(const std::vector<std::string>& args) const {
    Plan plan;
    plan.argv = {MASTERCTL, "--endpoint", control()};
    plan.argv.insert(plan.argv.end(), args.begin(), args.end());
    return run(plan);
  }
  /// stdout of what must succeed.
  std::string shown(const std::vector<std::string>& args) const {
    const Finished end = ctl(args);
    EXPECT_EQ(end.status, 0) << end.err;
    return end.out;
  }
  json::object as_json(std::vector<std::string> args) const {
    args.emplace_back("--json");
    return json::parse(shown(args)).as_object();
  }
  /// kStack, settled.
  void start_stack() {
    start();
    set_config(session_file(kStack), false);
    await_state("bad", "failed");
    await_session("running");
  }
  /// What a Python program prints that gets `input` in a file.
  std::string python(const std::string& program, const std::string& input) const {
    Plan plan;
    plan.argv = {"/usr/bin/python3", "-c", program, folder().file("input", input)};
    const Finished end = run(plan);
    EXPECT_EQ(end.status, 0) << end.err;
    return end.out;
  }
};

TEST_F(CtlPicturesTest, P15_StatusShowsWhatAStopWaitsForAndTheTimeLeft) {
  start_session(coprocess("deaf", kDeaf, term_grace("1h")));
  await_line({"deaf"}, "deaf");
  const pid_t pid = pid_of("deaf");
  call("stop", {{"names", {"deaf"}}});
  await_state("deaf", "stopping");
  EXPECT_THAT(shown({"status"}), AllOf(HasSubstr("stopping"), HasSubstr("SIGTERM, "),
                                       HasSubstr("s left; stop requested")));
  EXPECT_THAT(shown({"status", "deaf"}),
              AllOf(HasSubstr("deaf: stopping, wanted down\n"), HasSubstr("type: simple\n"),
                    HasSubstr("still alive: " + std::to_string(pid))));
  stop("deaf", true);
}

TEST_F(CtlPicturesTest, StatusShowsWhatAStartWaitsFor) {
  start();
  set_config(
      session_file(coprocess("a", kSleeper, "ready = { notify = true, timeout = \"1h\" }\n")),
      false);
  await_state("a", "starting");
  EXPECT_THAT(shown({"status"}), HasSubstr("no READY=1 came, "));
  const json::object a = coprocess_status("a");
  EXPECT_LE(a.at("time_left_s").as_double(), 3600.0);
  EXPECT_GT(a.at("time_left_s").as_double(), 3000.0);
}

TEST_F(CtlPicturesTest, TreeShowsChildrenUnderTheirParentsAndWhatGotAway) {
  start_session(coprocess("a",
                          "sleep 1001 & setsid sh -c 'sleep 1002 & exec sleep 1003' & echo up; "
                          "exec sleep 1000") +
                coprocess("b", kSleeper));
  await_line({"a"}, "up");
  const std::string leader = std::to_string(pid_of("a"));
  // setsid and its shell take a moment to be what they become.
  ASSERT_TRUE(eventually([&] {
    return shown({"tree", "a"}).find("sleep 1002") != std::string::npos;
  }));
  const std::string tree = shown({"tree", "a"});
  EXPECT_THAT(tree, StartsWith("a\n`-- " + leader + " S sleep 1000\n    |-- "));
  EXPECT_THAT(tree, ContainsRegex("    \\|-- [0-9]+ S sleep 1001\n"));
  EXPECT_THAT(shown({"tree"}),
              HasSubstr("\nb\n`-- " + std::to_string(pid_of("b")) + " S sleep 1000\n"));
  const json::object b = as_json({"tree", "b"}).at("coprocesses").at(0).as_object();
  EXPECT_EQ(b.at("processes").at(0).at("ppid"), daemon().pid());
  EXPECT_EQ(ctl({"tree", "nobody"}).status, 2);
}

TEST_F(CtlPicturesTest, BlameShowsTheSlowestFirstAndTheWhole) {
  start_stack();
  const std::string text = shown({"blame"});
  EXPECT_THAT(text, ContainsRegex("^ *[0-9.]+m?s db\n"));  // it alone has to wait
  EXPECT_THAT(text, ContainsRegex("trial was ready [0-9.]+m?s after it began\n$"));
  const json::object blame = as_json({"blame"});
  EXPECT_EQ(blame.at("coprocesses").at(0).at("name"), "db");
  EXPECT_GE(blame.at("coprocesses").at(0).at("time_s").as_double(), 0.119);
  EXPECT_GE(blame.at("ready_s").as_double(), 0.119);
}

TEST_F(CtlPicturesTest, PlotIsXmlWithARowForEachCoprocess) {
  start_stack();
  const std::string rows = python(R"(
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == '{http://www.w3.org/2000/svg}svg', root.tag
width, height = float(root.get('width')), float(root.get('height'))
for e in root.iter('{http://www.w3.org/2000/svg}rect'):
    if e.get('width') == '100%': continue
    assert 0 <= float(e.get('x')) and float(e.get('x')) + float(e.get('width')) <= width
    assert 0 <= float(e.get('y')) and float(e.get('y')) + float(e.get('height')) <= height
for row in root.iter('{http://www.w3.org/2000/svg}g'):
    words = [bar.get('class') for bar in row if bar.tag.endswith('rect')]
    print(row[0].text.split()[0], *words)
)",
                                  shown({"plot", "--all"}));
  EXPECT_EQ(rows,
            "db waiting starting running\n"
            "ui waiting starting running\n"
            "bad waiting starting running failed\n");
  const json::object data = as_json({"plot"});
  EXPECT_EQ(data.at("session"), "trial");
  EXPECT_EQ(data.at("coprocesses").at(2).at("phases").at(3).at("state"), "failed");
}

TEST_F(CtlPicturesTest, GraphHasTheGroupsTheArrowsAndTheStates) {
  start_stack();
  const std::string dot = shown({"graph"});
  EXPECT_THAT(dot, StartsWith("digraph \"trial\" {\n"));
  EXPECT_THAT(dot, HasSubstr("subgraph \"cluster_app\" {\n    label=\"app\";\n    \"ui\" "));
  EXPECT_THAT(dot, HasSubstr("\"bad\" [label=\"bad\\nfailed\""));
  EXPECT_THAT(dot, HasSubstr("  \"ui\" -> \"db\";\n"));  // by its group
  EXPECT_THAT(dot, HasSubstr("  \"bad\" -> \"ui\";\n"));
  EXPECT_EQ(as_json({"graph"}).at("coprocesses").at(1),
            json::parse(R"({"name":"ui","group":"app","state":"running","requires":["db"]})"));
}

TEST_F(CtlPicturesTest, WithoutASessionThereIsNothingToShow) {
  start();
  for (const char* verb : {"blame", "plot", "graph", "tree"}) {
    const Finished end = ctl({verb});
    EXPECT_EQ(end.status, 1) << verb;
    EXPECT_THAT(end.err, HasSubstr("there is no session")) << verb;
    EXPECT_EQ(end.out, "") << verb;
  }
}

}  // namespace
}  // namespace masterd::test
