#include "ctl/graph.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

#include "ctl/exit_code.h"
#include "ctl/json_text.h"
#include "ctl/state_colours.h"
#include "ctl/table.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

struct Node {
  std::string name;
  std::string group;
  std::string state;
  std::vector<std::string> requires_;
};

struct Graph {
  std::string session;
  std::vector<Node> nodes;  // in file order
};

Graph read(const json::value& status) {
  const json::value* session = member(status, "session");
  if (session == nullptr || session->is_null()) throw Failure{kFailed, "there is no session"};
  Graph graph{text(*session, "name"), {}};
  for (const json::value& c : list(status, "coprocesses")) {
    Node node{text(c, "name"), text(c, "group"), text(c, "state"), {}};
    for (const json::value& name : list(c, "requires")) {
      if (name.is_string()) node.requires_.emplace_back(std::string_view{name.get_string()});
    }
    graph.nodes.push_back(std::move(node));
  }
  return graph;
}

/// What may stand between the quotes of a DOT string.
std::string dot_escaped(std::string_view text) {
  std::string out;
  for (const char c : escape(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string node_line(const Node& node) {
  // The \n between the two is DOT's own escape for a new line.
  return fmt::format("{} [label=\"{}\\n{}\", fillcolor=\"{}\"];\n", dot_quoted(node.name),
                     dot_escaped(node.name), dot_escaped(node.state), state_colour(node.state));
}

std::string cluster(const std::string& group) { return dot_quoted("cluster_" + group); }

}  // namespace

std::string dot_quoted(std::string_view text) { return "\"" + dot_escaped(text) + "\""; }

std::string render_graph(const json::value& status) {
  const Graph graph = read(status);
  std::map<std::string, std::vector<const Node*>> groups;
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    names.insert(node.name);
    if (!node.group.empty()) groups[node.group].push_back(&node);
  }
  std::string out = fmt::format(
      "digraph {} {{\n"
      "  rankdir=LR;\n"
      "  compound=true;\n"
      "  node [shape=box, style=filled, fontname=\"sans-serif\"];\n",
      dot_quoted(graph.session));
  for (const auto& [group, members] : groups) {
    out += fmt::format("  subgraph {} {{\n    label={};\n", cluster(group), dot_quoted(group));
    for (const Node* node : members) out += "    " + node_line(*node);
    out += "  }\n";
  }
  for (const Node& node : graph.nodes) {
    if (node.group.empty()) out += "  " + node_line(node);
  }
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.requires_) {
      const auto group = groups.find(name);
      if (group != groups.end()) {
        // An arrow needs a node at its end; lhead cuts it off at the frame.
        out += fmt::format("  {} -> {} [lhead={}];\n", dot_quoted(node.name),
                           dot_quoted(group->second.front()->name), cluster(name));
      } else if (names.count(name) != 0) {
        out += fmt::format("  {} -> {};\n", dot_quoted(node.name), dot_quoted(name));
      }  // else a group without members: nothing is waited for
    }
  }
  return out + "}\n";
}

json::object graph_json(const json::value& status) {
  const Graph graph = read(status);
  json::array coprocesses;
  for (const Node& node : graph.nodes) {
    json::object c{{"name", node.name}};
    if (!node.group.empty()) c["group"] = node.group;
    c["state"] = node.state;
    c["requires"] = json::array(node.requires_.begin(), node.requires_.end());
    coprocesses.push_back(std::move(c));
  }
  return {{"session", graph.session}, {"coprocesses", std::move(coprocesses)}};
}

}  // namespace masterd::ctl
