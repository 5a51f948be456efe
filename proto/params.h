// params -- reads the named parameters of one request.
//
//   Params p{request.params};
//   const std::string name = p.required_string("name");
//   const auto lines = p.optional_uint("lines", 1, 10000).value_or(100);
//   if (const auto& error = p.finish()) return *error;
//
// The first thing that is wrong is kept and every later read returns an empty value, so a method
// reads all its parameters and looks at the error once. finish() also refuses the names that were
// never asked for.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/rpc.h"

namespace masterd::proto {

class Params {
 public:
  /// Keeps a reference: `params` outlives the reader. The names given to the reads are literals.
  explicit Params(const boost::json::object& params) : params_{params} {}
  explicit Params(boost::json::object&&) = delete;

  /// A string that is not empty.
  std::string required_string(std::string_view name);
  std::optional<std::string> optional_string(std::string_view name);
  /// A string out of `allowed`.
  std::string required_choice(std::string_view name,
                              std::initializer_list<std::string_view> allowed);
  std::optional<std::string> optional_choice(std::string_view name,
                                             std::initializer_list<std::string_view> allowed);
  bool optional_bool(std::string_view name, bool fallback);
  /// An integer from `min` to `max`.
  std::optional<std::uint64_t> optional_uint(std::string_view name, std::uint64_t min,
                                             std::uint64_t max);
  /// A duration: a number of seconds from 0 to `max`, with fractions; kept to the millisecond.
  std::optional<std::chrono::milliseconds> optional_seconds(
      std::string_view name, std::chrono::seconds max = std::chrono::seconds{3600});
  /// A list of at least one string, none of them empty.
  std::vector<std::string> required_strings(std::string_view name);
  std::optional<std::vector<std::string>> optional_strings(std::string_view name);

  /// Says that a parameter is wrong in a way that only the method can see. Kept if it is the first
  /// error.
  void refuse(std::string_view name, std::string_view why);
  /// Refuses parameters that were never asked for; returns error(). A name that is unknown is told
  /// rather than one that is missing: it is most likely a slip in that very name.
  const std::optional<Error>& finish();
  /// The first error: -32602 with data {"reason":"bad_params","param":NAME}.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  /// The parameter's value; null when it is absent or an error is already known.
  const boost::json::value* find(std::string_view name);
  const boost::json::value* require(std::string_view name, std::string_view expected);
  void miss(std::string_view name, std::string_view expected);
  std::vector<std::string> strings(std::string_view name, const boost::json::value& value);

  const boost::json::object& params_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
  bool missing_ = false;  // error_ is that a required parameter is absent
};

}  // namespace masterd::proto
