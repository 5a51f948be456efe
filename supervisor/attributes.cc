#include "supervisor/attributes.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>

#include "config/capabilities.h"

namespace masterd::supervisor {
namespace {

// Where 16-bit ids came first, the calls with whole ones have another name (setresuid(2)).
#ifdef SYS_setresuid32
constexpr long kSetGroups = SYS_setgroups32;
constexpr long kSetGid = SYS_setresgid32;
constexpr long kSetUid = SYS_setresuid32;
#else
constexpr long kSetGroups = SYS_setgroups;
constexpr long kSetGid = SYS_setresgid;
constexpr long kSetUid = SYS_setresuid;
#endif
constexpr int kMostCapabilities = 64;
constexpr std::size_t kBitsPerWord = sizeof(unsigned long) * CHAR_BIT;
constexpr std::size_t kMaskWords = 8192 / kBitsPerWord;  // NR_CPUS of the largest kernel (x86)

int policy_of(config::RealtimeSpec::Policy policy) {
  using Policy = config::RealtimeSpec::Policy;
  switch (policy) {
    case Policy::Fifo:
      return SCHED_FIFO;
    case Policy::RoundRobin:
      return SCHED_RR;
    case Policy::Batch:
      return SCHED_BATCH;
    case Policy::Idle:
      return SCHED_IDLE;
    case Policy::Other:
      break;
  }
  return SCHED_OTHER;
}

std::vector<unsigned long> mask_of(const std::vector<unsigned>& cpus) {
  std::vector<unsigned long> mask;
  for (const unsigned cpu : cpus) {
    const std::size_t word = cpu / kBitsPerWord;
    // There is no such one anywhere, and a mask of any size is no help.
    if (word >= kMaskWords) throw SpawnError{SpawnStage::Affinity, std::to_string(cpu), EINVAL};
    if (mask.size() <= word) mask.resize(word + 1);
    mask[word] |= 1UL << (cpu % kBitsPerWord);
  }
  return mask;
}

std::uint64_t capability_set(const std::vector<std::string>& names) {
  const std::vector<std::string>& known = config::capability_names();
  std::uint64_t set = 0;
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), config::normal_capability(name));
    if (found == known.end()) throw SpawnError{SpawnStage::Capabilities, name, EINVAL};
    set |= std::uint64_t{1} << static_cast<unsigned>(found - known.begin());
  }
  return set;
}

bool fail(SpawnFailure& failure, SpawnStage stage, int error, std::size_t which = 0) {
  failure = {stage, error, which};
  return false;
}

bool write_oom_score_adj(const std::string& value) {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written =
      ::write(fd, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  const int error = errno;
  ::close(fd);
  errno = error;
  return written;
}

// The kernel takes a mask of which it has but one CPU, and leaves out the others in silence.
bool set_affinity(const std::vector<unsigned long>& cpus) {
  const std::size_t size = cpus.size() * sizeof(unsigned long);
  if (::syscall(SYS_sched_setaffinity, 0, size, cpus.data()) != 0) return false;
  std::array<unsigned long, kMaskWords> got{};
  if (::syscall(SYS_sched_getaffinity, 0, sizeof got, got.data()) < 0) return false;
  for (std::size_t word = 0; word < cpus.size(); ++word) {
    if ((cpus[word] & ~got[word]) != 0) {
      errno = EINVAL;
      return false;
    }
  }
  return true;
}

bool kept(std::uint64_t set, int capability) {
  return (set >> static_cast<unsigned>(capability) & 1U) != 0;
}

// While there still is CAP_SETPCAP: what is not in the bounding set, no exec can bring back, not
// even to root.
bool drop_bounding_set(std::uint64_t keep) {
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    const int had = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (had < 0) break;  // EINVAL: the kernel knows no more
    if (had == 1 && !kept(keep, capability) && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) {
      return false;
    }
  }
  return true;
}

// After the change of the user: it empties the effective set, also with PR_SET_KEEPCAPS. Ambient
// ones outlive the exec of a program that has none of its own (capabilities(7)).
bool take_capabilities(std::uint64_t keep) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  data[0] = {static_cast<std::uint32_t>(keep), static_cast<std::uint32_t>(keep),
             static_cast<std::uint32_t>(keep)};
  data[1] = {static_cast<std::uint32_t>(keep >> 32U), static_cast<std::uint32_t>(keep >> 32U),
             static_cast<std::uint32_t>(keep >> 32U)};
  if (::syscall(SYS_capset, &header, data.data()) != 0) return false;
  for (int capability = 0; capability < kMostCapabilities; ++capability) {
    if (kept(keep, capability) &&
        ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

Attributes resolve_attributes(const config::CoprocessSpec& spec, bool helper) {
  Attributes attributes;
  attributes.identity = resolve_identity(spec);
  if (spec.umask) attributes.umask = *spec.umask;
  for (const config::LimitSpec& limit : spec.limits) {
    attributes.limits.push_back(
        {limit.name,
         limit.resource,
         {limit.soft.value_or(RLIM_INFINITY), limit.hard.value_or(RLIM_INFINITY)}});
  }
  attributes.nice = spec.nice;
  if (spec.oom_score_adj) attributes.oom_score_adj = std::to_string(*spec.oom_score_adj);
  if (spec.realtime && !helper) {
    attributes.scheduling = {policy_of(spec.realtime->policy), {spec.realtime->priority}};
    attributes.cpus = mask_of(spec.realtime->cpus);
  }
  if (spec.capabilities) attributes.capabilities = capability_set(*spec.capabilities);
  attributes.no_new_privs = spec.no_new_privs;
  attributes.pdeathsig = spec.pdeathsig.value_or(0);
  attributes.parent = ::getpid();
  return attributes;
}

bool apply_priorities(const Attributes& attributes, SpawnFailure& failure) {
  ::umask(attributes.umask);
  if (!attributes.oom_score_adj.empty() && !write_oom_score_adj(attributes.oom_score_adj)) {
    return fail(failure, SpawnStage::OomScore, errno);
  }
  if (attributes.nice && ::setpriority(PRIO_PROCESS, 0, *attributes.nice) != 0) {
    return fail(failure, SpawnStage::Nice, errno);
  }
  // Without SCHED_RESET_ON_FORK: the threads of a realtime program are realtime, too.
  if (attributes.scheduling && ::sched_setscheduler(0, attributes.scheduling->policy,
                                                    &attributes.scheduling->parameters) != 0) {
    return fail(failure, SpawnStage::Scheduler, errno);
  }
  if (!attributes.cpus.empty() && !set_affinity(attributes.cpus)) {
    return fail(failure, SpawnStage::Affinity, errno);
  }
  for (std::size_t i = 0; i < attributes.limits.size(); ++i) {
    const Attributes::Limit& limit = attributes.limits[i];
    if (::syscall(SYS_prlimit64, 0, limit.resource, &limit.value, nullptr) != 0) {
      return fail(failure, SpawnStage::Limits, errno, i);
    }
  }
  return true;
}

bool apply_identity(const Attributes& attributes, SpawnFailure& failure) {
  const Identity& identity = attributes.identity;
  if (attributes.capabilities) {
    if (!drop_bounding_set(*attributes.capabilities) ||
        ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {  // exec clears it
      return fail(failure, SpawnStage::Capabilities, errno);
    }
  }
  if (identity.groups &&
      ::syscall(kSetGroups, identity.groups->size(), identity.groups->data()) != 0) {
    return fail(failure, SpawnStage::SetGroups, errno);
  }
  if (identity.gid && ::syscall(kSetGid, *identity.gid, *identity.gid, *identity.gid) != 0) {
    return fail(failure, SpawnStage::SetGid, errno);
  }
  if (identity.uid && ::syscall(kSetUid, *identity.uid, *identity.uid, *identity.uid) != 0) {
    return fail(failure, SpawnStage::SetUid, errno);
  }
  if (attributes.capabilities && !take_capabilities(*attributes.capabilities)) {
    return fail(failure, SpawnStage::Capabilities, errno);
  }
  return true;
}

bool apply_last(const Attributes& attributes, SpawnFailure& failure) {
  if (attributes.no_new_privs && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(failure, SpawnStage::NoNewPrivs, errno);
  }
  if (attributes.pdeathsig == 0) return true;
  if (::prctl(PR_SET_PDEATHSIG, attributes.pdeathsig) != 0) {
    return fail(failure, SpawnStage::Pdeathsig, errno);
  }
  // It may have died before the call, and would not die again.
  if (::getppid() != attributes.parent) return fail(failure, SpawnStage::Pdeathsig, ESRCH);
  return true;
}

std::string attribute_of(const Attributes& attributes, const SpawnFailure& failure) {
  const Identity& identity = attributes.identity;
  switch (failure.stage) {
    case SpawnStage::OomScore:
      return attributes.oom_score_adj;
    case SpawnStage::Nice:
      return std::to_string(attributes.nice.value_or(0));
    case SpawnStage::Limits:
      return attributes.limits.at(failure.which).name;
    case SpawnStage::SetGid:
      return std::to_string(identity.gid.value_or(0));
    case SpawnStage::SetUid:
      return identity.name.empty() ? std::to_string(identity.uid.value_or(0)) : identity.name;
    default:
      return "";
  }
}

}  // namespace masterd::supervisor
