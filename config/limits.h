// limits -- the key `limits`: resource limits by the names of setrlimit(2).
#pragma once

#include <vector>

#include "config/toml_reader.h"

namespace masterd::config {

/// Each limit that the table names replaces the one of that name in `limits`.
void read_limits(TableReader& coprocess, std::vector<LimitSpec>& limits);

}  // namespace masterd::config
