#include "daemon/trust.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

namespace masterd::daemon {
namespace {

std::string belongs_to(const std::string& path, uid_t other) {
  return fmt::format("{} belongs to uid {}, who may write it", path, other);
}

std::string fault_of(const std::string& path, uid_t owner) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  if (found.st_uid != 0 && found.st_uid != owner) return belongs_to(path, found.st_uid);
  // In a sticky folder others may add files but not replace ours (unlink(2)).
  const bool guarded = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX) != 0;
  const bool by_group = (found.st_mode & S_IWGRP) != 0 && found.st_gid != 0;
  const bool by_all = (found.st_mode & S_IWOTH) != 0;
  if (guarded || (!by_group && !by_all)) return {};
  return fmt::format("{} is writable by {} (mode {:04o})", path, by_all ? "everybody" : "its group",
                     found.st_mode & 07777U);
}

// A link in a folder like /tmp may be anybody's, and lead to a file that is above suspicion.
std::string fault_of_link(const std::string& path, uid_t owner) {
  struct stat link {};
  if (::lstat(path.c_str(), &link) != 0 || !S_ISLNK(link.st_mode)) return {};
  return link.st_uid == 0 || link.st_uid == owner ? std::string{} : belongs_to(path, link.st_uid);
}

}  // namespace

uid_t owner_of(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_uid : 0;
}

config::Diagnostics distrust(const std::string& path, uid_t owner) {
  std::string fault = fault_of_link(path, owner);
  if (fault.empty()) fault = fault_of(path, owner);
  if (fault.empty()) fault = fault_of(std::filesystem::path{path}.parent_path(), owner);
  if (fault.empty()) return {};
  return {{path, 0, 0, "", fmt::format("{}: a masterd that runs as root does not use it", fault)}};
}

}  // namespace masterd::daemon
