#include "daemon/config_list.h"

#include <algorithm>
#include <filesystem>
#include <tuple>
#include <utility>

#include "daemon/config_store.h"

namespace masterd::daemon {

namespace fs = std::filesystem;

ConfigList::ConfigList(const ConfigStore& store, Look look, std::size_t max_visited)
    : store_{store}, look_{look}, max_visited_{max_visited}, profiles_{store.profiles()} {
  for (const std::string& dir : store.dirs()) folders_.push_back({dir, 0});
}

bool ConfigList::step() {
  if (!files_.empty()) {
    const std::string file = std::move(files_.front());
    files_.pop_front();
    look_at(file);
  } else if (!folders_.empty()) {
    const Folder folder = std::move(folders_.front());
    folders_.pop_front();
    open(folder);
  }
  return !files_.empty() || !folders_.empty();
}

// Near ones first, so that it is the deep ones that are too many.
void ConfigList::open(const Folder& folder) {
  std::error_code error;
  for (fs::directory_iterator entry{folder.path, error}, end; !error && entry != end;
       entry.increment(error)) {
    if (++visited_ > max_visited_) {
      folders_.clear();
      return;
    }
    const fs::path& path = entry->path();
    if (path.filename().native().front() == '.') continue;
    std::error_code ignored;
    if (entry->symlink_status(ignored).type() == fs::file_type::directory) {
      if (folder.depth < kMaxDepth) folders_.push_back({path.native(), folder.depth + 1});
    } else if ((path.extension() == ".toml" || profiles_.takes(path.native())) &&
               entry->is_regular_file(ignored) && seen_.insert(path.native()).second) {
      files_.push_back(path.native());
    }
  }
}

void ConfigList::look_at(const std::string& path) {
  if (profiles_.takes(path)) {
    look_at_mapped(path);
  } else {
    look_at_session(path);
  }
}

void ConfigList::look_at_session(const std::string& path) {
  ConfigEntry entry{fs::path{path}.stem(), path, {}, {}, {}};
  const Loaded loaded = store_.load_session_file(path);
  if (const auto* spec = std::get_if<config::SessionSpec>(&loaded)) {
    entry.name = spec->name;
    entry.description = spec->description;
  } else if (config::is_session_file(path)) {
    entry.error = first_fault(loaded);
  } else {
    return;
  }
  entries_.push_back(std::move(entry));
}

void ConfigList::look_at_mapped(const std::string& path) {
  ConfigEntry entry{fs::path{path}.stem(), path, {}, {}, {}};
  const auto found = profiles_.map(path);
  if (std::holds_alternative<ProfileSet::NoProfile>(found)) return;
  if (const auto* mapped = std::get_if<ProfileSet::Mapped>(&found)) {
    config::Title title = mapped->title();
    entry.name = std::move(title.name);
    entry.description = std::move(title.description);
    entry.profile = mapped->profile.name();
    if (look_ == Look::All) {
      const auto loaded = mapped->load();
      const auto* wrong = std::get_if<config::Diagnostics>(&loaded);
      if (wrong != nullptr) entry.error = wrong->front().to_string();
    }
  } else {
    entry.error = std::get<config::Diagnostics>(found).front().to_string();
  }
  entries_.push_back(std::move(entry));
}

std::vector<ConfigEntry> ConfigList::take() {
  std::sort(entries_.begin(), entries_.end(), [](const ConfigEntry& a, const ConfigEntry& b) {
    return std::tie(a.name, a.path) < std::tie(b.name, b.path);
  });
  return std::move(entries_);
}

}  // namespace masterd::daemon
