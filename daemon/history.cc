#include "daemon/history.h"

#include <algorithm>
#include <iterator>

namespace masterd::daemon {

void History::add(HistoryEntry entry) {
  Seqs& seqs = of_name_[entry.name];
  if (!seqs.empty()) ranks_.erase(rank_of(seqs));
  seqs.push_back(entry.seq);
  ranks_.insert(rank_of(seqs));
  entries_.emplace_hint(entries_.end(), entry.seq, std::move(entry));
  if (entries_.size() > max_entries_) forget_one();
}

void History::forget_one() {
  const auto last = std::prev(ranks_.end());
  const auto oldest = entries_.find(~last->second);
  const auto of = of_name_.find(oldest->second.name);
  ranks_.erase(last);
  entries_.erase(oldest);
  of->second.pop_front();
  if (of->second.empty()) {
    of_name_.erase(of);
  } else {
    ranks_.insert(rank_of(of->second));
  }
}

std::vector<HistoryEntry> History::find(std::optional<std::string_view> name,
                                        std::uint64_t since_seq, std::size_t limit) const {
  std::vector<HistoryEntry> found;
  if (name) {
    const auto of = of_name_.find(*name);
    if (of == of_name_.end()) return found;
    const Seqs& seqs = of->second;
    for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
      if (*seq <= since_seq || found.size() == limit) break;
      found.push_back(entries_.at(*seq));
    }
  } else {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->first <= since_seq || found.size() == limit) break;
      found.push_back(entry->second);
    }
  }
  std::reverse(found.begin(), found.end());
  return found;
}

}  // namespace masterd::daemon
