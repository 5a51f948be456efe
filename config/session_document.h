// session_document -- a parsed session file or profile, to a spec.
#pragma once

#include "config/process_keys.h"
#include "config/toml_reader.h"

namespace masterd::config {

/// `file` is what the session is called after where the document gives no name. [profile] must be
/// known to `root` before, if it may be there. `outer`: what holds where the document's own
/// [defaults] say nothing; without a cwd it is the scope's folder. Nothing when an error was
/// reported, and nothing when scope.may_miss: then the document is only checked.
std::optional<SessionSpec> read_document(TableReader& root, const std::filesystem::path& file,
                                         const Scope& scope, const CoprocessSpec& outer,
                                         Report& report);

}  // namespace masterd::config
