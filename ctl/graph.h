// graph -- who requires whom, as text for `dot` of Graphviz. Pure.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

namespace masterd::ctl {

/// A result of `status` as a digraph: groups are clusters, an arrow goes from each coprocess to
/// what it requires (a whole group: to its frame), the colour is the state. Throws Failure without
/// a session.
std::string render_graph(const boost::json::value& status);

/// {"session","coprocesses":[{"name","group"?,"state","requires"}]}. Throws as above.
boost::json::object graph_json(const boost::json::value& status);

/// A quoted ID of the DOT language.
std::string dot_quoted(std::string_view text);

}  // namespace masterd::ctl
