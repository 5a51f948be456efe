// world -- what is in the namespaces that own_namespaces made for one test, and what is left in
// them.
#pragma once

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

namespace masterd::test {

/// Whose machine it is.
enum class Who {
  User,         // a masterd of an ordinary user, the .ini is his
  RootForUser,  // a masterd of root; the .ini belongs to an ordinary user, whom all then runs as
  Root,         // a masterd of root, the .ini is root's; rtapi_app works as RTAPI_UID says
};

inline constexpr uid_t kMachinist = 3000;  // as in own_namespaces
inline constexpr const char* kMachinistHome = "/tmp/machinist";
inline constexpr const char* kRootHome = "/tmp/root";

/// Why the tests cannot run here; empty: they can.
std::string missing_for_linuxcnc();

class World {
 public:
  /// masterd, its profiles and mover.py as if they were installed in /tmp/masterd: the tree that
  /// they were built in may be closed to the ordinary user. Remembers what is there already.
  World();

  [[nodiscard]] std::string masterd() const { return "/tmp/masterd/bin/masterd"; }
  [[nodiscard]] std::string mover() const { return "/tmp/masterd/mover.py"; }

  /// What is there besides process 1, this one, and `known` ones: processes, shared memory, files
  /// in /tmp and the homes. One a line, for the message.
  [[nodiscard]] std::vector<std::string> left(const std::set<pid_t>& known) const;

  /// SIGKILL to every process but process 1 and this one, until none is left.
  static void kill_all();
  /// Processes of that name.
  static std::vector<pid_t> named(const std::string& name);

 private:
  [[nodiscard]] static std::set<std::string> files();

  std::set<std::string> files_;
};

}  // namespace masterd::test
