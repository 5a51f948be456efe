// coprocess_keys -- the keys of [coprocess.X], [defaults] and [group.X], each read for itself.
//
// What depends on other names of the file (requirements, groups) is kept in drafts with its places,
// for dependencies.h to check.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "config/toml_reader.h"

namespace masterd::config {

struct CoprocessDraft {
  CoprocessSpec spec;  // requires_ and group as written
  Where where;
  Where group_where;  // of the value of `group`
  std::vector<Text> requires_;
};

struct GroupDraft {
  GroupSpec spec;  // requires_ as written
  Where where;     // of its table, or of the first coprocess that names it
  std::vector<Text> requires_;
};

/// [defaults]: a nameless spec to copy.
CoprocessSpec read_defaults(TableReader& table, const std::filesystem::path& dir);
/// Keys that the table has replace those of `defaults`: `restart` key by key, `env` variable by
/// variable, `stop.ladder` as a whole.
CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, const std::filesystem::path& dir);
GroupDraft read_group(const std::string& name, TableReader& table);

}  // namespace masterd::config
