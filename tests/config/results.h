// results -- takes a load's result apart; the wrong outcome throws, which fails the test with its
// text.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

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

}  // namespace masterd::config
