#include "daemon/list_request.h"

#include <chrono>

namespace masterd::daemon {
namespace {

namespace json = boost::json;

/// What a turn of the loop may spend; one file or folder more than that at most.
constexpr std::chrono::milliseconds kSlice{3};

json::object entry_json(const ConfigEntry& entry) {
  json::object out{{"name", entry.name}, {"path", entry.path}, {"description", entry.description}};
  if (!entry.profile.empty()) out["profile"] = entry.profile;
  if (entry.error) out["error"] = *entry.error;
  return out;
}

}  // namespace

std::optional<Answer> ListRequest::decide() {
  const fsm::Deadline slice = loop_.now() + kSlice;
  while ((more_ = list_.step())) {
    if (loop_.now() >= slice) return std::nullopt;
  }
  json::array configs;
  const bool truncated = list_.truncated();
  for (const ConfigEntry& entry : list_.take()) configs.push_back(entry_json(entry));
  json::object result{{"configs", std::move(configs)}};
  if (truncated) result["truncated"] = true;
  return Answer{std::move(result)};
}

proto::Error ListRequest::timed_out() const {
  return proto::application_error("timeout", "the files could not be looked at in time");
}

}  // namespace masterd::daemon
