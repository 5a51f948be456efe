#include "config/limits.h"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace masterd::config {

namespace {

enum class Unit { Bytes, Count };

struct Known {
  std::string_view name;
  int resource;
  Unit unit;
  std::uint64_t highest = std::numeric_limits<std::int64_t>::max();
};

// getrlimit(2), by name. cpu is in seconds, rttime in microseconds; nice is 20 less the nice value,
// and rtprio a priority.
constexpr std::array kKnown{
    Known{"as", RLIMIT_AS, Unit::Bytes},
    Known{"core", RLIMIT_CORE, Unit::Bytes},
    Known{"cpu", RLIMIT_CPU, Unit::Count},
    Known{"data", RLIMIT_DATA, Unit::Bytes},
    Known{"fsize", RLIMIT_FSIZE, Unit::Bytes},
    Known{"locks", RLIMIT_LOCKS, Unit::Count},
    Known{"memlock", RLIMIT_MEMLOCK, Unit::Bytes},
    Known{"msgqueue", RLIMIT_MSGQUEUE, Unit::Bytes},
    Known{"nice", RLIMIT_NICE, Unit::Count, 40},
    Known{"nofile", RLIMIT_NOFILE, Unit::Count},
    Known{"nproc", RLIMIT_NPROC, Unit::Count},
    Known{"rss", RLIMIT_RSS, Unit::Bytes},
    Known{"rtprio", RLIMIT_RTPRIO, Unit::Count, 99},
    Known{"rttime", RLIMIT_RTTIME, Unit::Count},
    Known{"sigpending", RLIMIT_SIGPENDING, Unit::Count},
    Known{"stack", RLIMIT_STACK, Unit::Bytes},
};
static_assert(kKnown.size() == std::size_t{RLIM_NLIMITS});

constexpr bool bounded(const Known& known) { return known.highest <= 100; }

using Value = std::optional<std::uint64_t>;  // nullopt: unlimited

std::optional<Value> read_value(TableReader& table, std::string_view key, const Known& known) {
  std::string expected = known.unit == Unit::Bytes
                             ? "bytes, a size such as \"64M\", or \"unlimited\""
                             : "a number without a unit, or \"unlimited\"";
  if (bounded(known)) expected = fmt::format("a number from 0 to {}", known.highest);
  const auto found = table.word(key, expected);
  if (!found) return std::nullopt;
  if (found->value == "unlimited" && known.resource == RLIMIT_NOFILE) {
    // do_prlimit() of the kernel refuses more than fs.nr_open, also to root.
    table.error(found->where, "the kernel has no unlimited nofile; give a number");
    return std::nullopt;
  }
  if (found->value == "unlimited" && !bounded(known)) return Value{};
  const bool digits = found->value.find_first_not_of("0123456789") == std::string::npos;
  const auto value = parse_size(found->value);
  if (value && (digits || known.unit == Unit::Bytes) && *value <= known.highest) {
    return Value{value};
  }
  table.error(found->where, fmt::format("expected {}; found '{}'", expected, shown(found->value)));
  return std::nullopt;
}

bool above(const Value& a, const Value& b) { return b && (!a || *a > *b); }

// Soft and hard; nothing after an error.
std::optional<std::pair<Value, Value>> read_pair(TableReader& table, const Known& known) {
  if (!table.has_table(known.name)) {
    const auto both = read_value(table, known.name, known);
    if (!both) return std::nullopt;
    return std::pair{*both, *both};
  }
  TableReader pair = *table.table(known.name);
  const auto soft = read_value(pair, "soft", known);
  const auto hard = read_value(pair, "hard", known);
  for (const char* key : {"soft", "hard"}) {
    if (!pair.has(key)) pair.error(pair.where(), fmt::format("'{}' is missing", key));
  }
  pair.finish();
  if (!soft || !hard) return std::nullopt;
  if (above(*soft, *hard))
    pair.error(pair.where_key("soft"), "the soft limit is above the hard one");
  return std::pair{*soft, *hard};
}

}  // namespace

void read_limits(TableReader& coprocess, std::vector<LimitSpec>& limits) {
  auto table = coprocess.table("limits");
  if (!table) return;
  for (const Known& known : kKnown) {
    const auto pair = read_pair(*table, known);
    if (!pair) continue;
    LimitSpec limit{std::string{known.name}, known.resource, pair->first, pair->second};
    const auto place =
        std::lower_bound(limits.begin(), limits.end(), limit,
                         [](const LimitSpec& a, const LimitSpec& b) { return a.name < b.name; });
    if (place != limits.end() && place->name == limit.name) {
      *place = std::move(limit);
    } else {
      limits.insert(place, std::move(limit));
    }
  }
  table->finish();
}

}  // namespace masterd::config
