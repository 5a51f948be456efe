// coprocess_keys -- the keys of [coprocess.X], [defaults] and [group.X], each read for itself.
//
// What depends on other names of the file (requirements, groups) is kept in drafts with its places,
// for dependencies.h and instances.h.
#pragma once

#include <string>
#include <vector>

#include "config/process_keys.h"
#include "config/toml_reader.h"

namespace masterd::config {

struct CoprocessDraft {
  CoprocessSpec spec;  // requires_ and group as written, expanded
  Where where;
  Where group_where;  // of the value of `group`
  std::vector<Text> requires_;
  /// The name in the file that `instances` made this one from; empty when the key is absent.
  std::string family;
  Where instances_where;
  Where output_file_where;
  bool off = false;  // by its `when`: checked as the others, then left out
};

struct GroupDraft {
  GroupSpec spec;  // requires_ as written
  Where where;     // of its table, or of the first coprocess that names it
  std::vector<Text> requires_;
};

/// [defaults]: a nameless spec to copy.
CoprocessSpec read_defaults(TableReader& table, const Scope& scope);
/// Keys that the table has replace those of `defaults`; the tables restart, success, stop and
/// output key by key, `env` and `limits` name by name. What `defaults` has and a coprocess of this
/// type cannot have is left out.
CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, const Scope& scope);
GroupDraft read_group(const std::string& name, TableReader& table);

}  // namespace masterd::config
