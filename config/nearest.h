// nearest -- "did you mean": the known name closest to a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace masterd::config {

/// The candidate within a third of the name's length (1 to 3 edits: insert, delete, replace, swap
/// neighbours; case is an edit); the first of equals; empty when none is that near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace masterd::config
