#include "config/dependencies.h"

#include <algorithm>
#include <map>
#include <set>

namespace masterd::config {

namespace {

// Nodes of the graph: for each group one that stands for its members (what requires it leads there)
// and one for what it requires (its members lead there); for each family one that stands for its
// instances. So the edges stay as many as the file has words.
struct Edge {
  std::size_t to;
  Where where;
};
enum class NodeKind { Coprocess, Members, Inherited };
struct Node {
  std::string name;
  NodeKind kind;
  std::vector<Edge> edges;
};

class Checker {
 public:
  Checker(const std::vector<GroupDraft>& groups, const std::vector<CoprocessDraft>& coprocesses,
          Report& report)
      : groups_{groups}, coprocesses_{coprocesses}, report_{report} {}

  void run() {
    add_coprocesses();
    add_families();
    add_groups();
    for (const CoprocessDraft& c : coprocesses_) {
      const std::size_t from = index_.at(c.spec.name);
      if (!c.spec.group.empty()) join(from, c);
      add_requirements(from, c.requires_,
                       [&](const std::string& name) { return self_coprocess(c, name); });
    }
    for (const GroupDraft& g : groups_) {
      if (groups_index_.count(g.spec.name) == 0) continue;
      add_requirements(groups_index_.at(g.spec.name) + 1, g.requires_,
                       [&](const std::string& name) { return self_group(g, name); });
    }
    find_cycles();
  }

 private:
  void add_coprocesses() {
    for (const CoprocessDraft& c : coprocesses_) {
      if (!index_.emplace(c.spec.name, nodes_.size()).second) {
        report_clash(c.spec.name);
        continue;
      }
      names_.push_back(c.spec.name);
      group_of_[c.spec.name] = c.spec.group;
      nodes_.push_back({c.spec.name, NodeKind::Coprocess, {}});
    }
  }

  void add_families() {
    std::map<std::string, std::size_t> families;
    for (const CoprocessDraft& c : coprocesses_) {
      if (c.family.empty()) continue;
      const auto [family, added] = families.emplace(c.family, nodes_.size());
      if (added) {
        if (!index_.emplace(c.family, nodes_.size()).second) report_clash(c.family);
        names_.push_back(c.family);
        group_of_[c.family] = c.spec.group;
        nodes_.push_back({c.family, NodeKind::Members, {}});
      }
      nodes_[family->second].edges.push_back({index_.at(c.spec.name), c.instances_where});
    }
  }

  // A file cannot name a coprocess twice: `instances` made one of the two.
  void report_clash(const std::string& name) {
    const auto made = std::find_if(
        coprocesses_.begin(), coprocesses_.end(),
        [&](const CoprocessDraft& c) { return c.spec.name == name && !c.family.empty(); });
    report_.error(made->instances_where,
                  fmt::format("makes '{}', which is the name of another coprocess", shown(name)));
  }

  void add_groups() {
    std::set<std::string> populated;
    for (const CoprocessDraft& c : coprocesses_) populated.insert(c.spec.group);
    std::vector<std::string> used{populated.begin(), populated.end()};
    for (const GroupDraft& g : groups_) {
      if (index_.count(g.spec.name) > 0) {
        report_.error(g.where,
                      fmt::format("'{}' names both a group and a coprocess", shown(g.spec.name)));
        continue;
      }
      // Were it allowed, what requires it would silently wait for nothing.
      if (populated.count(g.spec.name) == 0) {
        report_.error(g.where, fmt::format("no coprocess is in the group '{}'{}",
                                           shown(g.spec.name), did_you_mean(g.spec.name, used)));
      }
      index_[g.spec.name] = groups_index_[g.spec.name] = nodes_.size();
      names_.push_back(g.spec.name);
      nodes_.push_back({g.spec.name, NodeKind::Members, {}});
      nodes_.push_back({g.spec.name, NodeKind::Inherited, {}});
    }
  }

  void join(std::size_t member, const CoprocessDraft& c) {
    const auto group = groups_index_.find(c.spec.group);
    if (group == groups_index_.end()) return;  // a clash, reported
    nodes_[group->second].edges.push_back({member, c.group_where});
    nodes_[member].edges.push_back({group->second + 1, c.group_where});
  }

  static std::string self_coprocess(const CoprocessDraft& c, const std::string& name) {
    if (name == c.spec.name || (!name.empty() && name == c.family)) {
      return "a coprocess cannot require itself";
    }
    if (!name.empty() && name == c.spec.group) {
      return fmt::format("'{}' is in the group '{}' and cannot require it",
                         c.family.empty() ? c.spec.name : c.family, name);
    }
    return {};
  }

  std::string self_group(const GroupDraft& g, const std::string& name) const {
    if (name == g.spec.name) return "a group cannot require itself";
    const auto group = group_of_.find(name);
    if (group != group_of_.end() && group->second == g.spec.name) {
      return fmt::format("'{}' is in the group '{}', which cannot require it", name, g.spec.name);
    }
    return {};
  }

  template <class SelfRule>
  void add_requirements(std::size_t from, const std::vector<Text>& required, SelfRule&& self) {
    std::set<std::string> seen;
    for (const Text& item : required) {
      if (!seen.insert(item.value).second) {
        report_.error(item.where, fmt::format("'{}' is listed twice", shown(item.value)));
      } else if (const std::string message = self(item.value); !message.empty()) {
        report_.error(item.where, message);
      } else if (const auto found = index_.find(item.value); found == index_.end()) {
        report_.error(item.where, fmt::format("no group or coprocess is called '{}'{}",
                                              shown(item.value), did_you_mean(item.value, names_)));
      } else {
        nodes_[from].edges.push_back({found->second, item.where});
      }
    }
  }

  // Depth first from each coprocess in file order; a step back onto the path closes a cycle. One
  // that touches a reported cycle is not reported again. Iterative: a chain may be kMaxNames long.
  void find_cycles() {
    enum class Mark { New, OnPath, Done };
    struct Step {
      std::size_t node;
      std::size_t next_edge = 0;
    };
    std::vector<Mark> marks(nodes_.size(), Mark::New);
    std::set<std::size_t> reported;
    for (std::size_t root = 0; root < nodes_.size(); ++root) {
      if (marks[root] != Mark::New) continue;
      marks[root] = Mark::OnPath;
      std::vector<Step> path{{root}};
      while (!path.empty()) {
        Step& top = path.back();
        if (top.next_edge == nodes_[top.node].edges.size()) {
          marks[top.node] = Mark::Done;
          path.pop_back();
          continue;
        }
        const Edge& edge = nodes_[top.node].edges[top.next_edge++];
        if (marks[edge.to] == Mark::New) {
          marks[edge.to] = Mark::OnPath;
          path.push_back({edge.to});
        } else if (marks[edge.to] == Mark::OnPath) {
          std::vector<std::size_t> cycle;
          for (auto step = path.rbegin(); cycle.empty() || cycle.back() != edge.to; ++step) {
            cycle.push_back(step->node);
          }
          std::reverse(cycle.begin(), cycle.end());
          report_cycle(std::move(cycle), reported);
        }
      }
    }
  }

  // `cycle` lists its nodes once, in the order in which each requires the next.
  void report_cycle(std::vector<std::size_t> cycle, std::set<std::size_t>& reported) {
    const bool known = std::any_of(cycle.begin(), cycle.end(),
                                   [&](std::size_t n) { return reported.count(n) > 0; });
    reported.insert(cycle.begin(), cycle.end());
    if (known) return;
    // Coprocesses have the lowest numbers, in file order: begin with the first.
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    std::string chain;
    const Where* place = nullptr;  // of the first requirement; belonging to a group is none
    for (std::size_t i = 0; i < cycle.size(); ++i) {
      const Node& node = nodes_[cycle[i]];
      const std::size_t next = cycle[(i + 1) % cycle.size()];
      const bool inherits = nodes_[next].kind == NodeKind::Inherited;
      if (node.kind != NodeKind::Inherited) chain += shown(node.name);
      chain += inherits ? fmt::format(" (in {})", shown(nodes_[next].name)) : " -> ";
      if (place == nullptr && node.kind != NodeKind::Members && !inherits) {
        place = &edge_between(node, next).where;
      }
    }
    chain += shown(nodes_[cycle.front()].name);
    report_.error(*place, "dependency cycle: " + chain);
  }

  static const Edge& edge_between(const Node& node, std::size_t to) {
    return *std::find_if(node.edges.begin(), node.edges.end(),
                         [&](const Edge& edge) { return edge.to == to; });
  }

  const std::vector<GroupDraft>& groups_;
  const std::vector<CoprocessDraft>& coprocesses_;
  Report& report_;
  std::vector<Node> nodes_;
  std::map<std::string, std::size_t> index_;         // what a name in `requires` leads to
  std::map<std::string, std::size_t> groups_index_;  // the first node of a group
  std::map<std::string, std::string> group_of_;
  std::vector<std::string> names_;
};

}  // namespace

void check_dependencies(const std::vector<GroupDraft>& groups,
                        const std::vector<CoprocessDraft>& coprocesses, Report& report) {
  Checker{groups, coprocesses, report}.run();
}

}  // namespace masterd::config
