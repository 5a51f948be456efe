// load -- a TOML file or text to plain specs, or everything that is wrong with it at once.
//
//   bytes --source_text--> bounded UTF-8 --toml_reader--> typed keys --coprocess_keys,
//   instances--> coprocesses --dependencies, instances--> spec
//
// Each stage runs only when the one before found nothing; within a stage every error is reported,
// in file order, at most kMaxDiagnostics of them. Nothing is partly loaded.
//
// Sizes and key depth are bounded before toml++ sees the text: a 100 000-part dotted key crashes
// toml++ 3.3 (it recurses once a part). It also recurses up to 256 levels into nested values, so
// never call this on a coroutine's stack.
//
// Reentrant: no state outside the calls. Nothing escapes but std::bad_alloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/spec.h"

namespace masterd::config {

using Diagnostics = std::vector<Diagnostic>;
using LoadResult = std::variant<SessionSpec, Diagnostics>;  // Diagnostics is never empty

inline constexpr std::size_t kMaxFileBytes = 1024 * 1024;
/// The parts of one dotted key; session files need four.
inline constexpr std::size_t kMaxKeyParts = 16;
/// Groups and coprocesses of one session together.
inline constexpr std::size_t kMaxNames = 8192;
inline constexpr unsigned kMaxInstances = 512;
/// Of all coprocesses together, with what they have from [defaults] and with their instances: their
/// text, and a word for each string. A small file must not become gigabytes.
inline constexpr std::size_t kMaxExpandedBytes = std::size_t{64} * 1024 * 1024;
/// Names in all `requires` together, with what is inherited and instances written out.
inline constexpr std::size_t kMaxRequirements = 500'000;
/// Of one regular expression; see pattern.h.
inline constexpr std::size_t kMaxPatternBytes = 512;
inline constexpr std::size_t kMaxPatternBrackets = 32;
inline constexpr std::size_t kMaxPatternStates = 2000;
/// One more may follow them, without a position, that counts the rest.
inline constexpr std::size_t kMaxDiagnostics = 100;

/// Reads and validates a session file. The config folder is the folder of `path` as given (symbolic
/// links are not resolved); diagnostics carry `path` as given. `defaults` (DaemonSpec::defaults)
/// hold below the file's own [defaults].
LoadResult load_file(const std::filesystem::path& path, const CoprocessSpec& defaults = {});
/// `origin` is the file name in diagnostics, and its stem the session's name where the text gives
/// none; `dir` is ${config.dir} and the default cwd (made absolute against the working directory).
LoadResult load_text(std::string_view text, const std::string& origin,
                     const std::filesystem::path& dir, const CoprocessSpec& defaults = {});

/// False for TOML of another kind: a profile, or what has neither [session] nor [coprocess]. What
/// is no TOML or cannot be read is taken for a broken session file.
bool is_session_file(const std::filesystem::path& path);

/// masterd.toml: endpoints, events, config_dirs, profiles, cgroups, [log], [hook], [defaults].
std::variant<DaemonSpec, Diagnostics> load_daemon_file(const std::filesystem::path& path);

/// A number with a unit, "100ms", "1.5s", "2m", "1h", that comes to whole milliseconds, 0 to 24 h;
/// nullopt when it is none. No sign, no spaces, no sum of units; the unit is required, also for 0.
std::optional<milliseconds> parse_duration(std::string_view text);
/// "4096", "64K", "10M", "1G" (of 1024) to a number of bytes; nullopt when it is none or needs more
/// than 63 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// "SIGTERM", "term", "15", "SIGRTMIN+1", "RTMAX-1" to a signal number, 1 to 64. Case does not
/// matter.
std::optional<int> parse_signal(std::string_view text);
/// "SIGTERM" for 15, "SIGRTMIN+1" for 35; "SIG32" for the nameless. parse_signal() takes each back.
std::string signal_name(int signo);
/// Names match [A-Za-z0-9_-]{1,64}.
bool valid_name(std::string_view name);

}  // namespace masterd::config
