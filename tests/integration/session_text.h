// session_text -- session files in one line a coprocess.
#pragma once

#include <string>

namespace masterd::test {

/// Ends at SIGTERM.
inline constexpr const char* kSleeper = "exec sleep 1000";
/// Ignores SIGTERM from its line "deaf" on.
inline constexpr const char* kDeaf = "trap '' TERM; echo deaf; exec sleep 1000";

/// A coprocess that runs a shell's `script`. `keys`: further lines of the table.
inline std::string coprocess(const std::string& name, const std::string& script,
                             const std::string& keys = {}) {
  return "[coprocess." + name + "]\ncommand = [\"/bin/sh\", \"-c\", '''" + script + "''']\n" +
         keys + "\n";
}

inline std::string term_grace(const std::string& grace) {
  return "stop = { ladder = [{ signal = \"SIGTERM\", grace = \"" + grace + "\" }] }\n";
}
/// For a shell that may just be forking when it is told to end: its child then misses the signal,
/// and the group waits for SIGKILL.
inline const std::string kForkingShell = term_grace("200ms");
inline std::string requires_(const std::string& name) { return "requires = [\"" + name + "\"]\n"; }

inline const std::string kAlways = "restart = { policy = \"always\", delay = \"0s\", limit = 0 }\n";
/// Dies and is not started again for the length of a test.
inline const std::string kLongBackoff =
    "restart = { policy = \"always\", delay = \"1h\", max_delay = \"1h\" }\n";

}  // namespace masterd::test
