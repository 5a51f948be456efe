#include "supervisor/spawn_error.h"

#include <fmt/format.h>

#include <cstring>

namespace masterd::supervisor {
namespace {

std::string describe(SpawnStage stage, const std::string& object, int error) {
  // Both are reentrant and untranslated (glibc 2.32); null for a number that is no errno.
  const char* text = strerrordesc_np(error);
  const char* name = strerrorname_np(error);
  return fmt::format("{}{}{}: {} ({})", to_string(stage), object.empty() ? "" : " ", object,
                     text == nullptr ? "unknown error" : text,
                     name == nullptr ? std::to_string(error) : name);
}

}  // namespace

std::string_view to_string(SpawnStage stage) {
  switch (stage) {
    case SpawnStage::Lookup:
      return "lookup";
    case SpawnStage::Pipe:
      return "pipe";
    case SpawnStage::Fork:
      return "fork";
    case SpawnStage::Session:
      return "session";
    case SpawnStage::Descriptors:
      return "descriptors";
    case SpawnStage::Chdir:
      return "chdir";
    case SpawnStage::Exec:
      return "exec";
    case SpawnStage::Watch:
      return "watch";
  }
  return "?";
}

SpawnError::SpawnError(SpawnStage stage, const std::string& object, int error)
    : std::runtime_error{describe(stage, object, error)}, stage_{stage}, error_{error} {}

}  // namespace masterd::supervisor
