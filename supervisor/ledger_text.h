// ledger_text -- what a ledger says, as text and as data. Pure.
//
//   daemon BOOT NAMESPACE PID START INSTANCE [INODE FOLDER]     begins the section of one masterd
//   born ID PID START NAME       a main process of a launch, also an adopted one
//   guard ID PID START NAME      the same, of one that outlives masterd on purpose
//   gone ID                      nothing of the launch lives
//
// The last line may be torn. Whatever is no such line is skipped, and counted.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace masterd::supervisor {

/// One main process. Its pid and its start name it for ever (within a boot).
struct Birth {
  std::string id;  // of its tree (kTreeIdVariable); begins with the instance of its masterd
  pid_t pid = 0;
  std::uint64_t start = 0;  // ProcStat::start
  bool guard = false;
  std::string name;
  bool operator==(const Birth&) const = default;
};

/// One masterd, and what it had started that was not gone.
struct Section {
  std::string boot;           // of the kernel: pids of another one mean nothing
  std::string pid_namespace;  // likewise
  pid_t pid = 0;
  std::uint64_t start = 0;
  std::string instance;  // hexadecimal digits, no other masterd's
  std::uint64_t cgroup_inode = 0;
  std::string cgroup;  // the folder of its subtree; empty: it had none
  std::vector<Birth> births;
  bool operator==(const Section&) const = default;
};

struct LedgerText {
  std::vector<Section> sections;
  std::size_t skipped = 0;  // lines
};
LedgerText parse_ledger(std::string_view text);

/// The line, with its end.
std::string line_of(const Birth& birth);
std::string gone_line(const std::string& id);
/// The whole section.
std::string text_of(const Section& section);

}  // namespace masterd::supervisor
