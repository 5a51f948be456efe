#include "config/paths.h"

#include <system_error>

namespace masterd::config {

std::string absolute_path(const std::string& path, const std::filesystem::path& dir) {
  std::string whole = (dir / path).lexically_normal().native();
  while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
  return whole;
}

std::filesystem::path absolute_folder(const std::filesystem::path& dir) {
  std::error_code error;  // a working directory that is gone: the path stays as given
  const auto whole = std::filesystem::absolute(dir.empty() ? "." : dir, error);
  return absolute_path("", error ? dir : whole);
}

}  // namespace masterd::config
