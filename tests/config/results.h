// results -- takes a load's result apart; the wrong outcome throws, which fails the test with its
// text.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "config/load.h"

namespace masterd::config {

inline std::string all_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& d : diagnostics) text += d.to_string() + "\n";
  return text;
}

template <class Spec>
Spec loaded(std::variant<Spec, Diagnostics> result) {
  if (const auto* wrong = std::get_if<Diagnostics>(&result)) {
    throw std::runtime_error{"refused:\n" + all_of(*wrong)};
  }
  return std::get<Spec>(std::move(result));
}

template <class Spec>
Diagnostics refused(std::variant<Spec, Diagnostics> result) {
  if (!std::holds_alternative<Diagnostics>(result)) throw std::runtime_error{"was not refused"};
  return std::get<Diagnostics>(std::move(result));
}

// The one session of a text, and its last coprocess.
inline SessionSpec session(std::string_view text) {
  return loaded(load_text(text, "test.toml", "/etc/masterd"));
}
inline CoprocessSpec coprocess(std::string_view text) { return session(text).coprocesses.back(); }

template <class Named>
std::vector<std::string> names(const std::vector<Named>& all) {
  std::vector<std::string> found;
  for (const Named& one : all) found.push_back(one.name);
  return found;
}

}  // namespace masterd::config
