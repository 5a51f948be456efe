// attributes -- what a process is given besides its program: limits, priorities, identity, rights.
//
// Two halves. resolve() runs in the parent, where memory may be allocated and a failure is an
// exception. The apply_*() functions run in the child between fork and exec: it may share the
// memory of the parent, whose other threads may hold any lock, so they make system calls only.
// Those that set ids are raw ones: glibc's set*id() makes every thread of the process join in
// (nptl(7)), and would find the parent's.
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/spec.h"
#include "supervisor/spawn_error.h"
#include "supervisor/user.h"

namespace masterd::supervisor {

/// Where the child stopped. It writes this into the parent's memory.
struct SpawnFailure {
  SpawnStage stage = SpawnStage::Exec;
  int error = 0;          // 0: it did not
  std::size_t which = 0;  // Limits: of which of them
};

struct Attributes {
  struct Limit {
    std::string name;
    int resource;
    rlimit value;
  };
  struct Scheduling {
    int policy;
    sched_param parameters;
  };

  Identity identity;
  mode_t umask = 022;
  std::vector<Limit> limits;
  std::optional<int> nice;
  std::string oom_score_adj;  // as it is written; empty: none
  std::optional<Scheduling> scheduling;
  std::vector<unsigned long> cpus;  // a mask as sched_setaffinity(2) takes it; empty: none
  /// Bit n: capability n is kept. nullopt: no change.
  std::optional<std::uint64_t> capabilities;
  bool no_new_privs = false;
  int pdeathsig = 0;
  pid_t parent = 0;
};

/// Throws SpawnError{User}, and SpawnError{Capabilities} for an unknown name. A helper gets nothing
/// of spec.realtime.
Attributes resolve_attributes(const config::CoprocessSpec& spec, bool helper);

/// In the child, which still has the parent's rights. False: `failure` says why.
bool apply_priorities(const Attributes& attributes, SpawnFailure& failure);
/// In the child, after everything that needs the parent's rights. False: `failure` says why.
bool apply_identity(const Attributes& attributes, SpawnFailure& failure);
/// In the child, just before exec: a change of identity would undo pdeathsig (prctl(2)).
bool apply_last(const Attributes& attributes, SpawnFailure& failure);

/// What a failure was about, for SpawnError; empty: its stage says it all.
std::string attribute_of(const Attributes& attributes, const SpawnFailure& failure);

}  // namespace masterd::supervisor
