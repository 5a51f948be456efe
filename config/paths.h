// paths -- the paths of a file, made absolute by text alone: nothing here looks at the disk.
#pragma once

#include <filesystem>
#include <string>

namespace masterd::config {

/// The folder that relative paths of a file count from: absolute, normalised, no slash at the end.
std::filesystem::path absolute_folder(const std::filesystem::path& dir);

/// `path` counted from `dir` (absolute), normalised, no slash at the end.
std::string absolute_path(const std::string& path, const std::filesystem::path& dir);

}  // namespace masterd::config
