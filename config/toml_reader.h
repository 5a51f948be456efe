// toml_reader -- typed access to a parsed TOML table that reports everything wrong with it.
//
// A getter names a key once: that makes the key known, checks the type and the value, and reports
// what is wrong. finish() then reports each key that no getter named. So there is no second list of
// known keys. A getter gives nothing both for a key that is absent and for one that was bad: the
// default stays, and the report is not empty.
//
// A reader borrows the table and the report: both must outlive it.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/nearest.h"
#include "config/report.h"

// The header form of the library would abort on "[." (an assertion of 3.3).
#if !defined(TOML_HEADER_ONLY) || TOML_HEADER_ONLY
#error "link toml++ as the shared library (tomlplusplus::tomlplusplus)"
#endif
#include <toml++/toml.h>

namespace masterd::config {

/// A syntax error is reported (toml++ stops at its first).
std::optional<toml::table> parse_toml(std::string_view text, Report& report);

/// A command as written: an array of strings, or a table of `command` and `timeout`.
struct CommandText {
  Where where;
  std::vector<Text> argv;
  std::optional<milliseconds> timeout;
};

class TableReader {
 public:
  TableReader(const toml::table& table, Where where, Report& report)
      : table_{&table}, where_{std::move(where)}, report_{&report} {}

  /// Where the table's own key stands; 1:1 for the whole file.
  [[nodiscard]] const Where& where() const { return where_; }
  /// Where `key` stands, or the table when it is absent.
  [[nodiscard]] Where where_key(std::string_view key) const;
  [[nodiscard]] bool empty() const { return table_->empty(); }
  [[nodiscard]] bool has(std::string_view key) const { return table_->contains(key); }
  /// As has(), and makes the key known.
  bool says(std::string_view key) { return take(key) != nullptr; }
  [[nodiscard]] bool has_table(std::string_view key) const {
    const toml::node* node = table_->get(key);
    return node != nullptr && node->is_table();
  }
  [[nodiscard]] Report& report() { return *report_; }
  void error(const Where& where, std::string message) { report_->error(where, std::move(message)); }

  std::optional<Text> text(std::string_view key);
  /// One line of text without control characters; empty when absent.
  std::string line(std::string_view key);
  /// An array of strings.
  std::optional<std::vector<Text>> texts(std::string_view key);
  /// A string, or an array of them.
  std::optional<std::vector<Text>> text_or_texts(std::string_view key);
  /// A string or an integer, as text.
  std::optional<Text> word(std::string_view key, std::string_view expected);
  /// A table of strings, its keys in file order: (key as the last part of `where.key`, value).
  std::optional<std::vector<std::pair<std::string, Text>>> text_table(std::string_view key);
  std::optional<bool> flag(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  /// An array of such integers.
  std::optional<std::vector<std::int64_t>> integers(std::string_view key, std::int64_t low,
                                                    std::int64_t high);
  /// A float or an integer.
  std::optional<double> number(std::string_view key, double low, double high);
  /// Bytes: an integer, or a string with K, M or G.
  std::optional<std::uint64_t> size(std::string_view key, std::uint64_t low, std::uint64_t high);
  std::optional<milliseconds> duration(std::string_view key);
  std::optional<milliseconds> duration_above_zero(std::string_view key);
  /// A signal by name or number.
  std::optional<int> signal(std::string_view key);
  /// The same, or "none": kNoSignal.
  std::optional<int> signal_or_none(std::string_view key);
  std::optional<std::vector<int>> signals(std::string_view key);
  template <class T>
  std::optional<T> choice(std::string_view key,
                          const std::vector<std::pair<std::string, T>>& choices);

  std::optional<TableReader> table(std::string_view key);
  /// A table whose keys are names and whose values are tables, in file order.
  std::vector<std::pair<std::string, TableReader>> named_tables(std::string_view key);
  /// An array of tables.
  std::optional<std::vector<TableReader>> tables(std::string_view key);
  std::optional<CommandText> command(std::string_view key);
  /// An array of commands.
  std::optional<std::vector<CommandText>> commands(std::string_view key);

  /// `key` is refused here with this message rather than as unknown.
  void refuse(std::string_view key, std::string message);
  /// Reports every key that no getter has named.
  void finish();

 private:
  using Elements = std::vector<std::pair<const toml::node*, Where>>;

  const toml::node* take(std::string_view key);
  // The elements of `node`, each with its place.
  std::optional<Elements> elements(const toml::node& node, const Where& where,
                                   std::string_view expected);
  std::optional<std::vector<Text>> texts_of(const toml::node& node, const Where& where,
                                            std::string_view expected);
  std::optional<Text> word_of(const toml::node& node, const Where& where,
                              std::string_view expected);
  std::optional<int> signal_of(const toml::node& node, const Where& where);
  std::optional<CommandText> command_of(const toml::node& node, const Where& where);
  [[nodiscard]] Where child(const toml::node& node, std::string_view key) const;
  void wrong_type(const toml::node& node, const Where& where, std::string_view expected);
  void wrong_value(const Text& found, std::string_view expected);

  const toml::table* table_;
  Where where_;
  Report* report_;
  std::vector<std::string> known_;  // named by a getter: what hints may offer
  std::vector<std::string> refused_;
};

template <class T>
std::optional<T> TableReader::choice(std::string_view key,
                                     const std::vector<std::pair<std::string, T>>& choices) {
  const std::optional<Text> found = text(key);
  if (!found) return std::nullopt;
  std::vector<std::string> words;
  for (const auto& [word, value] : choices) {
    if (word == found->value) return value;
    words.push_back(word);
  }
  report_->error(found->where,
                 fmt::format("expected one of {}; found '{}'{}", fmt::join(words, ", "),
                             shown(found->value), did_you_mean(found->value, words)));
  return std::nullopt;
}

}  // namespace masterd::config
