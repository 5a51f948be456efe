#include "ctl/graph.h"

#include <gtest/gtest.h>

#include "ctl/exit_code.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

const json::value kStatus = json::parse(R"({"session":{"name":"two-stage"},"coprocesses":[
  {"name":"rt-host","group":"rt","state":"running"},
  {"name":"rt-log","group":"rt","state":"failed"},
  {"name":"db","state":"exited"},
  {"name":"ui","group":"app","state":"waiting","requires":["db","rt","no-members"]}]})");

TEST(Graph, GroupsAreClustersAndRequirementsArrows) {
  EXPECT_EQ(render_graph(kStatus), R"(digraph "two-stage" {
  rankdir=LR;
  compound=true;
  node [shape=box, style=filled, fontname="sans-serif"];
  subgraph "cluster_app" {
    label="app";
    "ui" [label="ui\nwaiting", fillcolor="#d0d0d0"];
  }
  subgraph "cluster_rt" {
    label="rt";
    "rt-host" [label="rt-host\nrunning", fillcolor="#6cc46c"];
    "rt-log" [label="rt-log\nfailed", fillcolor="#e8605a"];
  }
  "db" [label="db\nexited", fillcolor="#b5dfb0"];
  "ui" -> "db";
  "ui" -> "rt-host" [lhead="cluster_rt"];
}
)");
}

TEST(Graph, NamesAreQuoted) {
  EXPECT_EQ(dot_quoted("a"), "\"a\"");
  EXPECT_EQ(dot_quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(dot_quoted("a\nb"), "\"a\\\\nb\"");
  const std::string text = render_graph(json::parse(
      R"({"session":{"name":"\"]; x"},"coprocesses":[{"name":"\"]; y","state":"\"z"}]})"));
  EXPECT_NE(text.find(R"(digraph "\"]; x" {)"), std::string::npos);
  EXPECT_NE(text.find(R"("\"]; y" [label="\"]; y\n\"z",)"), std::string::npos);
}

TEST(Graph, AsJsonItHasNodesAndEdges) {
  EXPECT_EQ(json::value(graph_json(kStatus)), json::parse(R"({"session":"two-stage","coprocesses":[
    {"name":"rt-host","group":"rt","state":"running","requires":[]},
    {"name":"rt-log","group":"rt","state":"failed","requires":[]},
    {"name":"db","state":"exited","requires":[]},
    {"name":"ui","group":"app","state":"waiting","requires":["db","rt","no-members"]}]})"));
}

TEST(Graph, WithoutASessionItFails) {
  EXPECT_THROW(render_graph(json::parse(R"({"session":null,"coprocesses":[]})")), Failure);
  EXPECT_THROW(graph_json(json::parse("{}")), Failure);
}

TEST(Graph, StrangeAnswersAreNoHarm) {
  for (const char* status : {R"({"session":5})", R"({"session":{},"coprocesses":[1,{}]})",
                             R"({"session":{},"coprocesses":[{"requires":[1,{}],"group":4}]})"}) {
    EXPECT_NO_THROW(render_graph(json::parse(status))) << status;
    EXPECT_NO_THROW(graph_json(json::parse(status))) << status;
  }
}

}  // namespace
}  // namespace masterd::ctl
