// state_colours -- the colour of each state in pictures (`plot`, `graph`), in one place.
#pragma once

#include <array>
#include <string_view>
#include <utility>

namespace masterd::ctl {

/// In the order of a life. Light enough for black text on them.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kStateColours{{
    {"waiting", "#d0d0d0"},
    {"starting", "#ffc845"},
    {"running", "#6cc46c"},
    {"stopping", "#8fb8de"},
    {"backoff", "#f5954a"},
    {"exited", "#b5dfb0"},
    {"stopped", "#f0f0f0"},
    {"failed", "#e8605a"},
}};

/// White for a word from another version.
constexpr std::string_view state_colour(std::string_view state) {
  for (const auto& [word, colour] : kStateColours) {
    if (word == state) return colour;
  }
  return "#ffffff";
}

}  // namespace masterd::ctl
