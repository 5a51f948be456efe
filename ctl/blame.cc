#include "ctl/blame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "ctl/table.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;

struct Taken {
  const Bar* bar;
  std::optional<double> time_s;
};

/// The slowest first; those without a time last; equal ones in file order.
std::vector<Taken> by_time(const Timeline& timeline) {
  std::vector<Taken> all;
  for (const Bar& bar : timeline.bars) {
    std::optional<double> time;
    // The wire has milliseconds: rounded to them, no digits appear that nobody measured.
    if (bar.ready_s) time = std::round((*bar.ready_s - *bar.started_s) * 1000) / 1000;
    all.push_back({&bar, time});
  }
  std::stable_sort(all.begin(), all.end(), [](const Taken& a, const Taken& b) {
    return a.time_s.value_or(-1) > b.time_s.value_or(-1);
  });
  return all;
}

std::string exact(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f}ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.3f}s", seconds);
  return human_duration(seconds);
}

std::string without(std::size_t failed) {
  return failed == 0 ? "" : fmt::format(", without {} that failed", failed);
}

}  // namespace

std::string render_blame(const Timeline& timeline) {
  std::string out;
  for (const Taken& taken : by_time(timeline)) {
    const std::string name = escape(taken.bar->name);
    out += taken.time_s ? fmt::format("{:>8} {}\n", exact(*taken.time_s), name)
                        : fmt::format("{:>8} {} ({})\n", "-", name, escape(taken.bar->state));
  }
  const std::string session = escape(timeline.session);
  out += timeline.ready_s ? fmt::format("{} was ready {} after it began{}\n", session,
                                        exact(*timeline.ready_s), without(never_came_up(timeline)))
                          : fmt::format("{} is not ready yet, {} after it began\n", session,
                                        exact(timeline.end_s));
  return out;
}

json::object blame_json(const Timeline& timeline) {
  json::array coprocesses;
  for (const Taken& taken : by_time(timeline)) {
    json::object c{{"name", taken.bar->name}, {"state", taken.bar->state}};
    if (taken.time_s) c["time_s"] = *taken.time_s;
    coprocesses.push_back(std::move(c));
  }
  json::object out{{"session", timeline.session}};
  if (timeline.ready_s) out["ready_s"] = *timeline.ready_s;
  out["coprocesses"] = std::move(coprocesses);
  return out;
}

}  // namespace masterd::ctl
