// dependencies -- checks that the names of a session fit together, before anything depends on it.
//
// Groups and coprocesses share one name space. To require a group is to require each of its
// members; a member inherits what its group requires. The name that `instances` stands at is that
// of a family: to require it is to require each instance. The result must be a directed graph
// without cycles.
#pragma once

#include <vector>

#include "config/coprocess_keys.h"

namespace masterd::config {

/// Reports clashes, unknown names, repeated ones, groups without members, requirements of oneself,
/// and for each knot of cycles at least one, named in full.
void check_dependencies(const std::vector<GroupDraft>& groups,
                        const std::vector<CoprocessDraft>& coprocesses, Report& report);

}  // namespace masterd::config
