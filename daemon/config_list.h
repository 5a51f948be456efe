// config_list -- the configurations below the configured folders: the config picker.
//
//   folders --step()--> files that may be one --step()--> entries --take()--> sorted
//
// Session files (*.toml with [session] or [coprocess]) and files that a profile is for. Links to
// folders are not followed, so there are no loops and nothing outside is looked at; a link to a
// file counts as that file. What is hidden (".git") is skipped. One file that is broken hides none.
//
// With hundreds of files this takes longer than a loop may stand still: whoever has time does one
// step after the other.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/profile_set.h"

namespace masterd::daemon {

class ConfigStore;

/// One configuration that can be picked by name.
struct ConfigEntry {
  std::string name;  // of its session; of a broken one perhaps only the file's stem
  std::string path;
  std::string description;
  std::string profile;               // empty: a session file
  std::optional<std::string> error;  // the first diagnostic
};

class ConfigList {
 public:
  /// What is looked at of a file that a profile maps: all, or only what it is called.
  enum class Look { All, Names };
  static constexpr unsigned kMaxDepth = 8;  // folders below a configured one
  static constexpr std::size_t kMaxVisited = 10'000;

  /// The store must outlive the list. The profiles are those of now.
  explicit ConfigList(const ConfigStore& store, Look look = Look::All,
                      std::size_t max_visited = kMaxVisited);
  /// Looks at one folder or one file more. False: there is none left.
  bool step();
  /// Whether there were more files and folders than are looked at.
  [[nodiscard]] bool truncated() const { return visited_ > max_visited_; }
  /// By name, then path.
  std::vector<ConfigEntry> take();

 private:
  struct Folder {
    std::string path;
    unsigned depth;
  };

  void open(const Folder& folder);
  void look_at(const std::string& path);
  void look_at_session(const std::string& path);
  void look_at_mapped(const std::string& path);

  const ConfigStore& store_;
  const Look look_;
  const std::size_t max_visited_;
  const ProfileSet profiles_;
  std::deque<Folder> folders_;
  std::deque<std::string> files_;
  std::set<std::string> seen_;
  std::size_t visited_ = 0;
  std::vector<ConfigEntry> entries_;
};

}  // namespace masterd::daemon
