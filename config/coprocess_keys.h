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
  /// The name in the file that this one is an instance of; empty: it is none.
  std::string family;
  Where instances_where;
  Where output_file_where;
  bool off = false;  // by its `when`, `unless` or `for_each`: checked as the others, then left out
};

struct GroupDraft {
  GroupSpec spec;  // requires_ as written
  Where where;     // of its table, or of the first coprocess that names it
  std::vector<Text> requires_;
};

/// [defaults] of a document, if it has them, into a nameless spec that holds what was said before.
void read_defaults(TableReader& root, const Scope& scope, CoprocessSpec& spec);
/// Keys that the table has replace those of `defaults`; the tables restart, success, stop and
/// output key by key, `env` and `limits` name by name. What `defaults` has and a coprocess of this
/// type cannot have is left out. `scope` is as for any of the file; where the coprocess is off it
/// may miss values.
CoprocessDraft read_coprocess(const std::string& name, const CoprocessSpec& defaults,
                              TableReader& table, Scope scope);
GroupDraft read_group(const std::string& name, TableReader& table, const Scope& scope);

}  // namespace masterd::config
