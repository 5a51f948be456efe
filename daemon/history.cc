#include "daemon/history.h"

#include <algorithm>
#include <utility>

namespace masterd::daemon {

void History::add(HistoryEntry entry) {
  entries_.push_back(std::move(entry));
  if (entries_.size() > max_entries_) entries_.pop_front();
}

std::vector<HistoryEntry> History::find(std::optional<std::string_view> name,
                                        std::uint64_t since_seq, std::size_t limit) const {
  std::vector<HistoryEntry> found;
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    if (entry->seq <= since_seq || found.size() == limit) break;
    if (!name || entry->name == *name) found.push_back(*entry);
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace masterd::daemon
