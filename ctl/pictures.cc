#include "ctl/pictures.h"

#include "ctl/blame.h"
#include "ctl/graph.h"
#include "ctl/plot.h"
#include "ctl/request.h"
#include "ctl/timeline.h"
#include "proto/rpc.h"

namespace masterd::ctl {
namespace {

constexpr int kAllHistory = 10'000;  // the daemon keeps no more (docs/protocol.md)

std::string as_line(const boost::json::object& object) { return proto::encode(object) + "\n"; }

}  // namespace

bool is_picture(const std::string& verb) {
  return verb == "blame" || verb == "plot" || verb == "graph";
}

std::string picture(proto::Client& client, const Invocation& in) {
  const auto status = client.call("status", {}, answer_timeout(in));
  if (in.verb == "graph") return in.json ? as_line(graph_json(status)) : render_graph(status);
  const Timeline timeline =
      make_timeline(status, client.call("history", {{"limit", kAllHistory}}, answer_timeout(in)));
  if (in.verb == "blame") return in.json ? as_line(blame_json(timeline)) : render_blame(timeline);
  return in.json ? as_line(timeline_json(timeline)) : render_plot(timeline, in.all);
}

}  // namespace masterd::ctl
