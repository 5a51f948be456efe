// session_keys -- the table [session].
#pragma once

#include "config/process_keys.h"
#include "config/toml_reader.h"

namespace masterd::config {

/// Reads it from the document into name, description, before, after, fail_safe, user and env.
/// Without a name the session is called as the stem of `file`. In a profile both are made names.
void read_session(TableReader& root, const std::filesystem::path& file, const Scope& scope,
                  SessionSpec& spec);

}  // namespace masterd::config
