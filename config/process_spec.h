// process_spec -- what a process is given when it is spawned, and where its output goes. Plain
// data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace masterd::config {

/// One resource limit of setrlimit(2).
struct LimitSpec {
  std::string name;  // "nofile"
  int resource = 0;  // RLIMIT_NOFILE
  /// nullopt: unlimited. Not above `hard`. In the unit of the kernel.
  std::optional<std::uint64_t> soft;
  std::optional<std::uint64_t> hard;
  bool operator==(const LimitSpec&) const = default;
};

/// Scheduling (sched(7)) and the CPUs to run on.
struct RealtimeSpec {
  enum class Policy { Fifo, RoundRobin, Batch, Idle, Other };
  Policy policy = Policy::Other;
  int priority = 0;            // 1 to 99 for Fifo and RoundRobin, else 0
  std::vector<unsigned> cpus;  // ascending, each once; empty: no change
  bool operator==(const RealtimeSpec&) const = default;
};

struct OutputSpec {
  bool capture_stdout = true;  // false: /dev/null
  bool capture_stderr = true;
  std::size_t ring_bytes = std::size_t{64} * 1024;           // the newest lines that `logs` shows
  bool log = true;                                           // to the daemon's own log
  std::string file;                                          // absolute; empty: none
  std::uint64_t max_size = std::uint64_t{10} * 1024 * 1024;  // of the file, then it is rotated
  unsigned keep = 5;                                         // rotated files besides it
  bool operator==(const OutputSpec&) const = default;
};

/// What it reads: nothing (/dev/null), or what write_stdin sends.
enum class StdinKind { Null, Pipe };

}  // namespace masterd::config
