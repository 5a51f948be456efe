#include "supervisor/spawn_error.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstring>

namespace masterd::supervisor {
namespace {

constexpr std::array kNames{std::string_view{"user"},         std::string_view{"env-file"},
                            std::string_view{"lookup"},       std::string_view{"pipe"},
                            std::string_view{"cgroup"},       std::string_view{"fork"},
                            std::string_view{"session"},      std::string_view{"descriptors"},
                            std::string_view{"oom-score"},    std::string_view{"nice"},
                            std::string_view{"scheduler"},    std::string_view{"affinity"},
                            std::string_view{"limits"},       std::string_view{"capabilities"},
                            std::string_view{"setgroups"},    std::string_view{"setgid"},
                            std::string_view{"setuid"},       std::string_view{"chdir"},
                            std::string_view{"no-new-privs"}, std::string_view{"pdeathsig"},
                            std::string_view{"exec"},         std::string_view{"watch"}};
static_assert(kNames.size() == static_cast<std::size_t>(SpawnStage::Watch) + 1);

std::string describe(SpawnStage stage, const std::string& object, int error) {
  // Both are reentrant and untranslated (glibc 2.32); null for a number that is no errno.
  const char* text = strerrordesc_np(error);
  const char* name = strerrorname_np(error);
  return fmt::format("{}{}{}: {} ({})", to_string(stage), object.empty() ? "" : " ", object,
                     text == nullptr ? "unknown error" : text,
                     name == nullptr ? std::to_string(error) : name);
}

}  // namespace

std::string_view to_string(SpawnStage stage) { return kNames.at(static_cast<std::size_t>(stage)); }

SpawnError::SpawnError(SpawnStage stage, const std::string& object, int error)
    : std::runtime_error{describe(stage, object, error)}, stage_{stage}, error_{error} {}

}  // namespace masterd::supervisor
