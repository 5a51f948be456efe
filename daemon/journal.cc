#include "daemon/journal.h"

#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <vector>

// The place in our source is nothing for the operator.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

namespace masterd::daemon {

bool leads_to_journal(const char* stream, int fd) {
  if (stream == nullptr) return false;
  const std::string_view text{stream};
  const char* const end = text.data() + text.size();
  dev_t device = 0;
  ino_t inode = 0;
  const auto first = std::from_chars(text.data(), end, device);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ':') return false;
  const auto second = std::from_chars(first.ptr + 1, end, inode);
  if (second.ec != std::errc{} || second.ptr != end) return false;
  struct stat found {};
  return ::fstat(fd, &found) == 0 && found.st_dev == device && found.st_ino == inode;
}

// sd_journal_sendv() answers 0 for a record that went nowhere (journal-send.c: "Fail silently if
// the journal is not available").
bool journal_listens() { return ::access("/run/systemd/journal/socket", W_OK) == 0; }

int send_to_journal(std::initializer_list<JournalField> fields) {
  std::vector<std::string> texts;
  texts.reserve(fields.size());
  for (const auto& [name, value] : fields) {
    if (!value.empty()) texts.push_back(std::string{name} + "=" + std::string{value});
  }
  std::vector<iovec> parts;
  parts.reserve(texts.size());
  for (std::string& text : texts) parts.push_back({text.data(), text.size()});
  return -::sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
}

}  // namespace masterd::daemon
