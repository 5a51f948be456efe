#include "ctl/tree.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <vector>

#include "ctl/json_text.h"
#include "ctl/table.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

struct Node {
  const json::value* process;
  std::string indent;  // of its own line
  bool last;
};

/// The line of one process and what stands under it; each process once, whatever the parents say. A
/// list of work, not a recursion: a chain of processes may be long.
std::string branches(const json::array& processes) {
  std::map<std::string, std::vector<const json::value*>> children;  // by the parent's pid
  std::set<std::string> pids;
  for (const json::value& process : processes) pids.insert(text(process, "pid"));
  std::vector<const json::value*> roots;
  for (const json::value& process : processes) {
    const std::string parent = text(process, "ppid");
    const bool has_parent = pids.count(parent) != 0 && parent != text(process, "pid");
    (has_parent ? children[parent] : roots).push_back(&process);
  }

  std::string out;
  std::vector<Node> todo;
  const auto push = [&todo](const std::vector<const json::value*>& level,
                            const std::string& indent) {
    for (auto it = level.rbegin(); it != level.rend(); ++it) {
      todo.push_back({*it, indent, it == level.rbegin()});
    }
  };
  push(roots, "");
  while (!todo.empty()) {
    const Node node = todo.back();
    todo.pop_back();
    const std::string pid = text(*node.process, "pid");
    out +=
        fmt::format("{}{} {} {} {}\n", node.indent, node.last ? "`--" : "|--", escape(pid),
                    escape(text(*node.process, "state")), escape(text(*node.process, "command")));
    const auto found = children.find(pid);
    if (found == children.end()) continue;
    push(found->second, node.indent + (node.last ? "    " : "|   "));
    children.erase(found);
  }
  return out;
}

}  // namespace

std::string render_tree(const json::value& result) {
  std::string out;
  for (const json::value& c : list(result, "coprocesses")) {
    const std::string lines = branches(list(c, "processes"));
    out += escape(text(c, "name")) + (lines.empty() ? ": no process" : "") + "\n" + lines;
  }
  return out;
}

}  // namespace masterd::ctl
