#include "config/readable_by.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>

namespace masterd::config {

namespace {

bool granted(uid_t user, const struct stat& status, mode_t owner, mode_t other) {
  return (status.st_mode & (status.st_uid == user ? owner : other)) != 0;
}

}  // namespace

bool readable_by(uid_t user, int fd) {
  if (user == 0) return true;
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !granted(user, status, S_IRUSR, S_IROTH)) return false;
  // A deleted file has no folder that would tell who could reach it.
  if (status.st_nlink == 0) return false;
  std::error_code failed;
  auto folder = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), failed);
  if (failed || !folder.is_absolute()) return false;
  while (folder != folder.root_path()) {
    folder = folder.parent_path();
    if (::stat(folder.c_str(), &status) != 0 || !granted(user, status, S_IXUSR, S_IXOTH)) {
      return false;
    }
  }
  return true;
}

}  // namespace masterd::config
