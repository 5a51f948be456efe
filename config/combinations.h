// combinations -- keys of one coprocess that are right each for itself and make no sense together.
#pragma once

#include "config/toml_reader.h"

namespace masterd::config {

/// `spec` is what `table` and the defaults came to. What the table itself says is an error; what
/// came from the defaults is left out of `spec`, so that a default for most can stay a default.
void check_combinations(TableReader& table, CoprocessSpec& spec);

}  // namespace masterd::config
