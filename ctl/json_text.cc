#include "ctl/json_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "proto/rpc.h"

namespace masterd::ctl {

namespace json = boost::json;

const json::value* member(const json::value& value, std::string_view name) {
  const auto* object = value.if_object();
  return object == nullptr ? nullptr
                           : object->if_contains(json::string_view{name.data(), name.size()});
}

/// A scalar as a cell; empty for what is absent or null.
std::string text(const json::value& value, std::string_view name) {
  const json::value* found = member(value, name);
  if (found == nullptr || found->is_null()) return {};
  if (found->is_string()) return std::string{std::string_view{found->get_string()}};
  if (found->is_bool()) return found->get_bool() ? "yes" : "no";
  return proto::encode(*found);
}

std::optional<double> number(const json::value& value, std::string_view name) {
  const json::value* found = member(value, name);
  if (found == nullptr || !found->is_number()) return std::nullopt;
  return found->to_number<double>();
}

std::string duration(const json::value& value, std::string_view name) {
  const auto seconds = number(value, name);
  return seconds ? human_duration(*seconds) : std::string{};
}

const json::array& list(const json::value& value, std::string_view name) {
  static const json::array kNone;
  const json::value* found = member(value, name);
  return found == nullptr || !found->is_array() ? kNone : found->get_array();
}

std::string joined(const json::array& items) {
  std::vector<std::string> words;
  for (const json::value& item : items) {
    words.push_back(item.is_string() ? escape(std::string_view{item.get_string()})
                                     : proto::encode(item));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

Colour colour_of(std::string_view state) {
  if (state == "running") return Colour::Green;
  if (state == "failed") return Colour::Red;
  if (state == "starting" || state == "stopping" || state == "backoff" || state == "waiting") {
    return Colour::Yellow;
  }
  return Colour::None;
}

Table::Cell state_cell(const json::value& value, std::string_view name) {
  std::string state = text(value, name);
  const Colour colour = colour_of(state);
  return {std::move(state), colour};
}

std::string last_exit(const json::value& coprocess) {
  const json::value* exit = member(coprocess, "last_exit");
  if (exit == nullptr) return {};
  const std::string signal = text(*exit, "signal");
  return signal.empty() ? "code " + text(*exit, "code") : signal;
}

}  // namespace masterd::ctl
