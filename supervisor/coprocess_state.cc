#include "supervisor/coprocess_state.h"

#include <array>

namespace masterd::supervisor {
namespace {

constexpr std::array<std::string_view, 8> kWords{"waiting", "starting", "running", "stopping",
                                                 "backoff", "exited",   "stopped", "failed"};
static_assert(kWords.size() == static_cast<std::size_t>(State::Failed) + 1);

}  // namespace

std::string_view to_string(State state) { return kWords[static_cast<std::size_t>(state)]; }

std::string_view to_string(Desired desired) { return desired == Desired::Up ? "up" : "down"; }

std::optional<State> state_from_string(std::string_view word) {
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    if (kWords[i] == word) return static_cast<State>(i);
  }
  return std::nullopt;
}

}  // namespace masterd::supervisor
