#include "supervisor/program.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <string_view>
#include <utility>

#include "supervisor/env_file.h"
#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

using Environment = std::map<std::string, std::string, std::less<>>;

// sd_notify(3), sd_watchdog_enabled(3), sd_listen_fds(3): each is for the process that systemd
// started.
constexpr std::array<std::string_view, 6> kNotInherited{
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};

// What a program finds where nothing else is said (the default of execvp(3) has no sbin).
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Environment inherited_environment() {
  Environment env;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text{*entry};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    env.emplace(text.substr(0, equals), text.substr(equals + 1));  // the first wins, as in getenv
  }
  for (const std::string_view name : kNotInherited) {
    if (const auto found = env.find(name); found != env.end()) env.erase(found);
  }
  return env;
}

Environment child_environment(const Launch& launch, const Identity& identity,
                              const std::string& tree_id) {
  const config::CoprocessSpec& spec = launch.spec;
  Environment env = spec.clear_env ? Environment{{"PATH", kDefaultPath}} : inherited_environment();
  if (!identity.name.empty()) {
    env.insert_or_assign("HOME", identity.home);
    env.insert_or_assign("USER", identity.name);
    env.insert_or_assign("LOGNAME", identity.name);
    env.insert_or_assign("SHELL", identity.shell);
  }
  for (const std::string& name : spec.env_unset) env.erase(name);
  for (const std::string& file : spec.env_files) {
    for (auto& [name, value] : read_env_file(file)) env.insert_or_assign(name, std::move(value));
  }
  for (const auto& [name, value] : spec.env) env.insert_or_assign(name, value);
  env.insert_or_assign("MASTERD_COPROCESS", spec.name);
  env.insert_or_assign(kTreeIdVariable, tree_id);
  for (const auto& [name, value] : launch.env) env.insert_or_assign(name, value);
  return env;
}

// execve takes C strings: a NUL byte would silently cut one short.
void refuse_impossible_strings(const Launch& launch, const std::vector<std::string>& command) {
  const config::CoprocessSpec& spec = launch.spec;
  const auto refuse = [](const std::string& what) {
    throw SpawnError{SpawnStage::Lookup, what, EINVAL};
  };
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  if (command.empty()) refuse("of an empty command");
  for (std::size_t i = 0; i < command.size(); ++i) {
    if (has_nul(command[i])) refuse("command[" + std::to_string(i) + "], which has a NUL byte");
  }
  std::map<std::string, std::string> added = spec.env;
  for (const auto& [name, value] : launch.env) added.insert_or_assign(name, value);
  for (const auto& [name, value] : added) {
    if (name.empty() || name.find('=') != std::string::npos) {
      refuse("env, which has the name '" + name + "'");
    }
    if (has_nul(name) || has_nul(value)) refuse("env." + name + ", which has a NUL byte");
  }
  if (has_nul(spec.cwd)) refuse("cwd, which has a NUL byte");
}

// 0 for an executable regular file, else why it is none: ENOENT also for what is not to be
// mentioned.
int candidate_error(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno == EACCES ? EACCES : ENOENT;
  if (!S_ISREG(info.st_mode)) return ENOENT;
  return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : EACCES;
}

// As execvp(3) does it, but in the child's PATH and from the child's folder, and before the fork.
std::string look_up(const std::string& command, const Environment& env, const std::string& cwd) {
  const auto found = env.find("PATH");
  std::string_view rest = found == env.end() ? std::string_view{"/bin:/usr/bin"} : found->second;
  int error = ENOENT;
  while (true) {
    const std::size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    const std::string path =
        seen_from(cwd, (folder.empty() ? "." : std::string{folder}) + "/" + command);
    const int why = command.empty() ? ENOENT : candidate_error(path);
    if (why == 0) return path;
    if (why == EACCES) error = EACCES;
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  throw SpawnError{SpawnStage::Lookup, command, error};
}

}  // namespace

std::string seen_from(const std::string& cwd, const std::string& path) {
  return cwd.empty() || (!path.empty() && path.front() == '/') ? path : cwd + "/" + path;
}

Program resolve_program(const Launch& launch, const Identity& identity,
                        const std::string& tree_id) {
  const config::CoprocessSpec& spec = launch.spec;
  Program program;
  program.argv = launch.command.empty() ? spec.command : launch.command;
  refuse_impossible_strings(launch, program.argv);
  const Environment env = child_environment(launch, identity, tree_id);
  program.cwd = spec.cwd;
  const std::string& command = program.argv.front();
  // A command with a slash is left to execve: its own error is the truth.
  program.path = command.find('/') == std::string::npos ? look_up(command, env, spec.cwd) : command;
  for (const auto& [name, value] : env) program.env.push_back(name + "=" + value);
  return program;
}

}  // namespace masterd::supervisor
