#include "daemon/pending.h"

#include <fmt/format.h>

#include <utility>

namespace masterd::daemon {

Pending::Pending(fsm::EventLoop& loop) : loop_{loop} {}
Pending::~Pending() = default;

void Pending::add(Reply reply, std::unique_ptr<SlowRequest> request, fsm::Deadline deadline) {
  if (reply.open_of_client() > kMaxOfClient) {
    reply.error(proto::application_error(
        "too_many_pending",
        fmt::format("at most {} requests of one client may wait at a time", kMaxOfClient)));
    return;
  }
  const Id id = next_id_++;
  for (const std::string& name : request->names()) by_name_.emplace(name, id);
  auto timer = loop_.at(deadline, [this, id] {
    const auto found = entries_.find(id);
    const auto decided = found->second.request->decide();  // what came in this very turn counts
    answer(id, decided ? *decided : Answer{found->second.request->timed_out()});
  });
  entries_.emplace(id, Entry{std::move(reply), std::move(request), std::move(timer)});
  dirty_.insert(id);
  loop_.schedule(look_);
}

void Pending::changed(const std::string& name, std::string_view to) {
  const auto [first, last] = by_name_.equal_range(name);
  if (first == last) return;
  for (auto found = first; found != last; ++found) {
    entries_.at(found->second).request->saw(name, to);
    dirty_.insert(found->second);
  }
  loop_.schedule(look_);
}

void Pending::look_at_all() {
  for (const auto& [id, entry] : entries_) dirty_.insert(id);
  loop_.schedule(look_);
}

void Pending::decide_dirty() {
  for (const Id id : std::exchange(dirty_, {})) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) continue;
    SlowRequest& request = *found->second.request;
    if (const auto decided = request.decide()) {
      answer(id, *decided);
    } else if (request.unfinished()) {
      dirty_.insert(id);
      loop_.schedule(look_);
    }
  }
}

void Pending::close(const proto::Error& error) {
  while (!entries_.empty()) {
    const auto& [id, entry] = *entries_.begin();
    const auto decided = entry.request->decide();
    answer(id, decided ? *decided : Answer{error});
  }
}

void Pending::answer(Id id, const Answer& answer) {
  const auto found = entries_.find(id);
  for (const std::string& name : found->second.request->names()) {
    const auto [first, last] = by_name_.equal_range(name);
    for (auto it = first; it != last; ++it) {
      if (it->second != id) continue;
      by_name_.erase(it);
      break;
    }
  }
  Entry entry = std::move(found->second);
  entries_.erase(found);
  if (const auto* error = std::get_if<proto::Error>(&answer)) {
    entry.reply.error(*error);
  } else {
    entry.reply.result(std::get<boost::json::value>(answer));
  }
}

}  // namespace masterd::daemon
