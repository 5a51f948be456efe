#include "supervisor/user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>

#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kFirstBuffer = 1024;
constexpr std::size_t kLongestEntry = std::size_t{1} << 20U;  // a group may have many members
constexpr int kMostGroups = 65536;                            // NGROUPS_MAX, linux/limits.h

[[noreturn]] void refuse(const std::string& who, int error) {
  throw SpawnError{SpawnStage::User, who, error};
}

std::optional<unsigned> number(const std::string& text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // -1 is "no change" to set*id(2): nobody.
  if (error != std::errc{} || end != text.data() + text.size() || value == ~0U) return std::nullopt;
  return value;
}

/// `ask(entry, buffer, size, result)` is a get*_r call: grows the buffer as it asks for. False:
/// there is no such entry.
template <class Entry, class Ask>
bool look_up(std::vector<char>& buffer, Entry& entry, const std::string& who, const Ask& ask) {
  for (buffer.resize(kFirstBuffer);; buffer.resize(buffer.size() * 4)) {
    Entry* found = nullptr;
    const int error = ask(&entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return true;
    if (error == ERANGE && buffer.size() < kLongestEntry) continue;
    // getpwnam(3): each of these is what some systems say for "not found".
    const bool unknown = error == 0 || error == ENOENT || error == ESRCH || error == EPERM;
    if (!unknown && error != EINTR) refuse(who, error);
    if (unknown) return false;
  }
}

gid_t group_id(const std::string& name) {
  std::vector<char> buffer;
  group entry{};
  const bool known = look_up(buffer, entry, "group " + name,
                             [&](auto... out) { return ::getgrnam_r(name.c_str(), out...); });
  if (known) return entry.gr_gid;
  if (const auto gid = number(name)) return *gid;
  refuse("of the unknown group '" + name + "'", ENOENT);
}

std::vector<gid_t> groups_of(const std::string& user, gid_t gid) {
  std::vector<gid_t> groups(64);
  while (true) {
    int count = static_cast<int>(groups.size());
    if (::getgrouplist(user.c_str(), gid, groups.data(), &count) >= 0) {
      groups.resize(static_cast<std::size_t>(count));
      return groups;
    }
    if (count > kMostGroups) refuse(user + ", which has too many groups", EINVAL);
    groups.resize(std::max(groups.size() * 2, static_cast<std::size_t>(count)));
  }
}

std::vector<gid_t> own_groups() {
  const int count = ::getgroups(0, nullptr);
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 0)));
  if (count < 0 || ::getgroups(count, groups.data()) < 0) refuse("of this process", errno);
  return groups;
}

/// An unprivileged process may be told to run things as the user that it is: nothing changes then,
/// though it may have other groups than the user's entry says, which it could not set.
bool keeps_groups(uid_t user) { return user != 0 && user == ::geteuid(); }

void resolve_user(const config::CoprocessSpec& spec, Identity& identity) {
  std::vector<char> buffer;
  passwd entry{};
  const auto number_given = number(spec.user);
  bool known = look_up(buffer, entry, spec.user,
                       [&](auto... out) { return ::getpwnam_r(spec.user.c_str(), out...); });
  if (!known && number_given) {
    known = look_up(buffer, entry, spec.user,
                    [&](auto... out) { return ::getpwuid_r(*number_given, out...); });
  }
  if (known) {
    identity.uid = entry.pw_uid;
    if (!keeps_groups(entry.pw_uid)) identity.gid = entry.pw_gid;
    identity.name = entry.pw_name;
    identity.home = entry.pw_dir;
    identity.shell = entry.pw_shell;
  } else if (number_given && (!spec.group_name.empty() || *number_given == ::geteuid())) {
    identity.uid = *number_given;  // such a user has no group but the one that is given, or ours
  } else if (number_given) {
    refuse(spec.user + ", which has no entry that tells its group", ENOENT);
  } else {
    refuse("'" + spec.user + "', who is unknown", ENOENT);
  }
}

}  // namespace

Identity resolve_identity(const config::CoprocessSpec& spec) {
  Identity identity;
  if (!spec.user.empty()) resolve_user(spec, identity);
  if (!spec.group_name.empty()) identity.gid = group_id(spec.group_name);
  if (spec.user.empty() && spec.supplementary_groups.empty()) return identity;
  std::vector<gid_t> groups;
  const bool ours = !identity.uid || *identity.uid == ::geteuid();
  if (ours && (identity.name.empty() || keeps_groups(::geteuid()))) {
    groups = own_groups();
  } else if (!identity.name.empty()) {
    groups = groups_of(identity.name, *identity.gid);
  }
  for (const std::string& name : spec.supplementary_groups) groups.push_back(group_id(name));
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  // An unprivileged parent may not set them, not even to what they are.
  std::vector<gid_t> already = own_groups();
  std::sort(already.begin(), already.end());
  already.erase(std::unique(already.begin(), already.end()), already.end());
  if (groups != already) identity.groups = std::move(groups);
  return identity;
}

}  // namespace masterd::supervisor
