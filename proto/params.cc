#include "proto/params.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace masterd::proto {
namespace {

namespace json = boost::json;

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      break;
  }
  return "a number";
}

std::string expected(std::string_view what, const json::value& got) {
  return fmt::format("must be {}, not {}", what, kind_name(got));
}

}  // namespace

void Params::refuse(std::string_view name, std::string_view why) {
  if (error_) return;
  const std::string shown = sanitize_utf8(name.substr(0, 64));
  error_ = Error{kInvalidParams, fmt::format("parameter \"{}\" {}", shown, why),
                 json::object{{"reason", "bad_params"}, {"param", shown}}};
}

void Params::miss(std::string_view name, std::string_view what) {
  if (error_) return;
  refuse(name, fmt::format("is missing: {}", what));
  missing_ = true;
}

const json::value* Params::find(std::string_view name) {
  known_.push_back(name);
  if (error_) return nullptr;
  return params_.if_contains(json::string_view{name.data(), name.size()});
}

const json::value* Params::require(std::string_view name, std::string_view what) {
  const json::value* value = find(name);
  if (value == nullptr) miss(name, what);
  return value;
}

std::string Params::required_string(std::string_view name) {
  const json::value* value = require(name, "a string");
  if (value == nullptr) return {};
  if (!value->is_string()) {
    refuse(name, expected("a string", *value));
    return {};
  }
  if (value->get_string().empty()) refuse(name, "must not be empty");
  return std::string{std::string_view{value->get_string()}};
}

std::optional<std::string> Params::optional_string(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    refuse(name, expected("a string", *value));
    return std::nullopt;
  }
  return std::string{std::string_view{value->get_string()}};
}

std::optional<std::string> Params::optional_choice(
    std::string_view name, std::initializer_list<std::string_view> allowed) {
  std::optional<std::string> word = optional_string(name);
  if (!word || std::find(allowed.begin(), allowed.end(), *word) != allowed.end()) return word;
  refuse(name, fmt::format("must be one of {}; it is \"{}\"", fmt::join(allowed, ", "),
                           sanitize_utf8(word->substr(0, 64))));
  return std::nullopt;
}

std::string Params::required_choice(std::string_view name,
                                    std::initializer_list<std::string_view> allowed) {
  std::optional<std::string> word = optional_choice(name, allowed);
  if (!word) miss(name, fmt::format("one of {}", fmt::join(allowed, ", ")));
  return word.value_or(std::string{});
}

bool Params::optional_bool(std::string_view name, bool fallback) {
  const json::value* value = find(name);
  if (value == nullptr) return fallback;
  if (value->is_bool()) return value->get_bool();
  refuse(name, expected("true or false", *value));
  return fallback;
}

std::optional<std::uint64_t> Params::optional_uint(std::string_view name, std::uint64_t min,
                                                   std::uint64_t max) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  std::optional<std::uint64_t> number;
  if (value->is_uint64()) number = value->get_uint64();
  if (value->is_int64() && value->get_int64() >= 0) {
    number = static_cast<std::uint64_t>(value->get_int64());
  }
  if (number && *number >= min && *number <= max) return number;
  refuse(name,
         value->is_number()
             ? fmt::format("must be an integer from {} to {}; it is {}", min, max, encode(*value))
             : expected(fmt::format("an integer from {} to {}", min, max), *value));
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Params::optional_seconds(std::string_view name,
                                                                  std::chrono::seconds max) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) {
    refuse(name, expected(fmt::format("a number of seconds from 0 to {}", max.count()), *value));
    return std::nullopt;
  }
  const auto seconds = value->to_number<double>();
  // Written so that a NaN would fail too.
  if (!(seconds >= 0 && seconds <= static_cast<double>(max.count()))) {
    refuse(name,
           fmt::format("must be from 0 to {} seconds; it is {}", max.count(), encode(*value)));
    return std::nullopt;
  }
  const std::chrono::milliseconds rounded{std::llround(seconds * 1000)};
  // A tenth of a millisecond is a short wait, not none.
  return seconds > 0 ? std::max(rounded, std::chrono::milliseconds{1}) : rounded;
}

std::vector<std::string> Params::required_strings(std::string_view name) {
  const json::value* value = require(name, "a list of strings");
  return value == nullptr ? std::vector<std::string>{} : strings(name, *value);
}

std::optional<std::vector<std::string>> Params::optional_strings(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  return strings(name, *value);
}

std::vector<std::string> Params::strings(std::string_view name, const json::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr) {
    refuse(name, expected("a list of strings", value));
    return {};
  }
  if (list->empty()) refuse(name, "must not be an empty list");
  std::vector<std::string> items;
  for (const json::value& item : *list) {
    if (!item.is_string()) {
      refuse(name, fmt::format("must be a list of strings; item {} is {}", items.size() + 1,
                               kind_name(item)));
    } else if (item.get_string().empty()) {
      refuse(name, fmt::format("must be a list of names; item {} is empty", items.size() + 1));
    }
    if (error_) return {};
    items.emplace_back(std::string_view{item.get_string()});
  }
  return items;
}

const std::optional<Error>& Params::finish() {
  for (const auto& member : params_) {
    const std::string_view name{member.key()};
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    if (missing_) error_.reset();
    if (known_.empty()) {
      refuse(name, "is unknown: the method takes no parameters");
      break;
    }
    const std::string_view near = nearest(name, known_);
    refuse(name, near.empty() ? fmt::format("is unknown; known are {}", fmt::join(known_, ", "))
                              : fmt::format("is unknown; did you mean \"{}\"?", near));
    break;
  }
  return error_;
}

}  // namespace masterd::proto
