// child_setup -- what a child does between fork and exec, whichever backend forked it:
//
//   setsid -> its cgroup -> descriptors 0, 1, 2 and no other -> default handlers -> priorities,
//   limits, umask -> identity, capabilities -> chdir (as that user) -> no_new_privs, pdeathsig ->
//   empty signal mask
//
// The child may share the parent's memory, which stands still meanwhile: system calls only, no
// allocation, and what it writes is there when the parent goes on.
#pragma once

#include "supervisor/attributes.h"
#include "supervisor/program.h"

namespace masterd::supervisor {

/// Borrowed descriptors, above 2; -1 is /dev/null.
struct StandardStreams {
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Borrows all that it is given.
class ChildSetup {
 public:
  /// `cgroup_to_join`: the folder of a cgroup that the child writes itself into; -1: none.
  ChildSetup(const Program& program, const Attributes& attributes, StandardStreams streams,
             int cgroup_to_join, SpawnFailure& failure)
      : program_{program},
        attributes_{attributes},
        streams_{streams},
        cgroup_to_join_{cgroup_to_join},
        failure_{failure} {}

  /// In the child. Returns when all is done; else the child has ended.
  void run() const;
  /// In the child, when execve came back.
  [[noreturn]] void exec_failed(int error) const;

 private:
  void require(bool ok, SpawnStage stage) const;
  void join_cgroup() const;
  void take_descriptors() const;
  static void default_handlers();

  const Program& program_;
  const Attributes& attributes_;
  const StandardStreams streams_;
  const int cgroup_to_join_;
  SpawnFailure& failure_;
};

}  // namespace masterd::supervisor
