#include "config/toml_reader.h"

#include <algorithm>
#include <exception>
#include <new>
#include <tuple>

namespace masterd::config {

namespace {

Where at(const toml::source_region& source, std::string key) {
  return {source.begin.line, source.begin.column, std::move(key)};
}

// The parts of a dotted key as TOML writes them: bare, or in quotes.
std::string dotted(const std::string& parent, std::string_view key) {
  constexpr std::string_view kBare =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  const bool bare = !key.empty() && key.find_first_not_of(kBare) == std::string_view::npos;
  const std::string part = bare ? shown(key) : '"' + shown(key) + '"';
  return parent.empty() ? part : parent + "." + part;
}

std::string element(const std::string& key, std::size_t index) {
  return fmt::format("{}[{}]", key, index);
}

std::string describe(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return fmt::format("the string '{}'", shown(**node.as_string()));
    case toml::node_type::integer:
      return fmt::format("the integer {}", **node.as_integer());
    case toml::node_type::floating_point:
      return fmt::format("the float {}", **node.as_floating_point());
    case toml::node_type::boolean:
      return **node.as_boolean() ? "true" : "false";
    default:
      return "a date or time";
  }
}

// toml++ keeps tables sorted by key; people read them as written.
std::vector<std::pair<const toml::key*, const toml::node*>> in_file_order(const toml::table& t) {
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (const auto& [key, node] : t) entries.emplace_back(&key, &node);
  const auto place = [](const toml::key* key) {
    return std::make_tuple(key->source().begin.line, key->source().begin.column);
  };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const auto& a, const auto& b) { return place(a.first) < place(b.first); });
  return entries;
}

constexpr std::string_view kDurationForm =
    "a duration such as \"100ms\", \"5s\", \"2m\" or \"1h\", in whole milliseconds, at most 24h";
constexpr std::string_view kSignalForm =
    "a signal such as \"SIGTERM\", \"INT\" or \"SIGRTMIN+1\", or a number from 1 to 64";
constexpr std::string_view kRungForm =
    "\"none\", a signal such as \"SIGTERM\" or \"INT\", or a number from 1 to 64";
constexpr std::string_view kCommandsForm =
    "an array of commands, such as [[\"PROGRAM\", \"ARGUMENT\"]]";
constexpr std::string_view kCommandForm = "an array of strings or a table with 'command'";

}  // namespace

std::optional<toml::table> parse_toml(std::string_view text, Report& report) {
  // The library is built with exceptions. parse_error is what it documents; anything else that a
  // file could bring out of it must not escape either.
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    report.error(at(error.source(), ""), fmt::format("TOML: {}", shown(error.description(), 200)));
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    report.error({}, fmt::format("TOML: {}", shown(error.what(), 200)));
  }
  return std::nullopt;
}

Where TableReader::where_key(std::string_view key) const {
  for (const auto& [known, node] : *table_) {
    if (known.str() == key) return at(known.source(), dotted(where_.key, key));
  }
  return where_;
}

const toml::node* TableReader::take(std::string_view key) {
  known_.emplace_back(key);
  return table_->get(key);
}

Where TableReader::child(const toml::node& node, std::string_view key) const {
  return at(node.source(), dotted(where_.key, key));
}

void TableReader::wrong_type(const toml::node& node, const Where& where,
                             std::string_view expected) {
  report_->error(where, fmt::format("expected {}; found {}", expected, describe(node)));
}

void TableReader::wrong_value(const Text& found, std::string_view expected) {
  report_->error(found.where, fmt::format("expected {}; found '{}'", expected, shown(found.value)));
}

std::optional<Text> TableReader::text(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* string = node->as_string()) return Text{string->get(), child(*node, key)};
  wrong_type(*node, child(*node, key), "a string");
  return std::nullopt;
}

std::string TableReader::line(std::string_view key) {
  const auto found = text(key);
  if (!found) return {};
  for (const char c : found->value) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      report_->error(found->where, "a control character; expected one line of text");
      return {};
    }
  }
  return found->value;
}

std::optional<TableReader::Elements> TableReader::elements(const toml::node& node,
                                                           const Where& where,
                                                           std::string_view expected) {
  const toml::array* array = node.as_array();
  if (array == nullptr) {
    wrong_type(node, where, expected);
    return std::nullopt;
  }
  Elements found;
  for (const toml::node& item : *array) {
    found.emplace_back(&item, at(item.source(), element(where.key, found.size())));
  }
  return found;
}

std::optional<std::vector<Text>> TableReader::texts_of(const toml::node& node, const Where& where,
                                                       std::string_view expected) {
  const auto items = elements(node, where, expected);
  if (!items) return std::nullopt;
  std::vector<Text> found;
  for (const auto& [item, place] : *items) {
    if (const auto* string = item->as_string()) {
      found.push_back({string->get(), place});
    } else {
      wrong_type(*item, place, "a string");
    }
  }
  if (found.size() != items->size()) return std::nullopt;
  return found;
}

std::optional<std::vector<Text>> TableReader::texts(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return texts_of(*node, child(*node, key), "an array of strings");
}

std::optional<std::vector<Text>> TableReader::text_or_texts(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* string = node->as_string()) {
    return std::vector<Text>{{string->get(), child(*node, key)}};
  }
  return texts_of(*node, child(*node, key), "a string or an array of strings");
}

std::optional<Text> TableReader::word_of(const toml::node& node, const Where& where,
                                         std::string_view expected) {
  if (const auto* string = node.as_string()) return Text{string->get(), where};
  if (const auto* number = node.as_integer()) return Text{std::to_string(number->get()), where};
  wrong_type(node, where, expected);
  return std::nullopt;
}

std::optional<Text> TableReader::word(std::string_view key, std::string_view expected) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return word_of(*node, child(*node, key), expected);
}

std::optional<std::vector<std::pair<std::string, Text>>> TableReader::text_table(
    std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const Where where = child(*node, key);
  const toml::table* table = node->as_table();
  if (table == nullptr) {
    wrong_type(*node, where, "a table of strings");
    return std::nullopt;
  }
  std::vector<std::pair<std::string, Text>> found;
  for (const auto& [name, value] : in_file_order(*table)) {
    const Where place = at(value->source(), dotted(where.key, name->str()));
    if (const auto* string = value->as_string()) {
      found.emplace_back(std::string{name->str()}, Text{string->get(), place});
    } else {
      wrong_type(*value, place, "a string");
    }
  }
  return found;
}

std::optional<bool> TableReader::flag(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* value = node->as_boolean()) return value->get();
  wrong_type(*node, child(*node, key), "true or false");
  return std::nullopt;
}

std::optional<std::int64_t> TableReader::integer(std::string_view key, std::int64_t low,
                                                 std::int64_t high) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value != nullptr && value->get() >= low && value->get() <= high) return value->get();
  wrong_type(*node, child(*node, key), fmt::format("an integer from {} to {}", low, high));
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> TableReader::integers(std::string_view key,
                                                               std::int64_t low,
                                                               std::int64_t high) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto items = elements(*node, child(*node, key), "an array of integers");
  if (!items) return std::nullopt;
  std::vector<std::int64_t> found;
  for (const auto& [item, place] : *items) {
    const auto* value = item->as_integer();
    if (value != nullptr && value->get() >= low && value->get() <= high) {
      found.push_back(value->get());
    } else {
      wrong_type(*item, place, fmt::format("an integer from {} to {}", low, high));
    }
  }
  return found;
}

std::optional<double> TableReader::number(std::string_view key, double low, double high) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const std::optional<double> value = node->value<double>();  // also of an integer
  if (node->is_number() && value && *value >= low && *value <= high) return value;
  wrong_type(*node, child(*node, key), fmt::format("a number from {} to {}", low, high));
  return std::nullopt;
}

std::optional<std::uint64_t> TableReader::size(std::string_view key, std::uint64_t low,
                                               std::uint64_t high) {
  const std::string expected =
      fmt::format("a size such as \"64K\", \"10M\" or \"1G\", or bytes, from {} to {}", low, high);
  const auto found = word(key, expected);
  if (!found) return std::nullopt;
  const auto value = parse_size(found->value);
  if (value && *value >= low && *value <= high) return value;
  wrong_value(*found, expected);
  return std::nullopt;
}

std::optional<milliseconds> TableReader::duration(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto* string = node->as_string();
  if (string == nullptr) {
    wrong_type(*node, child(*node, key), kDurationForm);
    return std::nullopt;
  }
  const auto value = parse_duration(string->get());
  if (!value) wrong_value({string->get(), child(*node, key)}, kDurationForm);
  return value;
}

std::optional<milliseconds> TableReader::duration_above_zero(std::string_view key) {
  const auto value = duration(key);
  if (!value || *value > milliseconds{0}) return value;
  error(child(*table_->get(key), key), "expected a duration above 0");
  return std::nullopt;
}

std::optional<int> TableReader::signal_of(const toml::node& node, const Where& where) {
  const auto found = word_of(node, where, kSignalForm);
  if (!found) return std::nullopt;
  const auto value = parse_signal(found->value);
  if (!value) wrong_value(*found, kSignalForm);
  return value;
}

std::optional<int> TableReader::signal(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return signal_of(*node, child(*node, key));
}

std::optional<int> TableReader::signal_or_none(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto found = word_of(*node, child(*node, key), kRungForm);
  if (!found) return std::nullopt;
  const auto value = found->value == "none" ? std::optional{kNoSignal} : parse_signal(found->value);
  if (!value) wrong_value(*found, kRungForm);
  return value;
}

std::optional<std::vector<int>> TableReader::signals(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto items = elements(*node, child(*node, key), "an array of signals");
  if (!items) return std::nullopt;
  std::vector<int> found;
  for (const auto& [item, place] : *items) {
    if (const auto value = signal_of(*item, place)) found.push_back(*value);
  }
  return found;
}

std::optional<TableReader> TableReader::table(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  if (const toml::table* table = node->as_table()) {
    return TableReader{*table, where_key(key), *report_};
  }
  wrong_type(*node, child(*node, key), "a table");
  return std::nullopt;
}

std::vector<std::pair<std::string, TableReader>> TableReader::named_tables(std::string_view key) {
  std::vector<std::pair<std::string, TableReader>> found;
  const std::optional<TableReader> outer = table(key);
  if (!outer) return found;
  for (const auto& [name, node] : in_file_order(*outer->table_)) {
    const Where place = at(name->source(), dotted(outer->where_.key, name->str()));
    if (const toml::table* inner = node->as_table()) {
      found.emplace_back(std::string{name->str()}, TableReader{*inner, place, *report_});
    } else {
      wrong_type(*node, place, fmt::format("a table, as in [{}.NAME]", key));
    }
  }
  return found;
}

std::optional<std::vector<TableReader>> TableReader::tables(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const auto items = elements(*node, child(*node, key), "an array of tables");
  if (!items) return std::nullopt;
  std::vector<TableReader> found;
  for (const auto& [item, place] : *items) {
    if (const toml::table* table = item->as_table()) {
      found.emplace_back(*table, place, *report_);
    } else {
      wrong_type(*item, place, "a table");
    }
  }
  return found;
}

std::optional<CommandText> TableReader::command_of(const toml::node& node, const Where& where) {
  const toml::table* table = node.as_table();
  if (table == nullptr) {
    auto argv = texts_of(node, where, kCommandForm);
    if (!argv) return std::nullopt;
    return CommandText{where, std::move(*argv), std::nullopt};
  }
  TableReader reader{*table, where, *report_};
  auto argv = reader.texts("command");
  if (!reader.has("command")) error(where, "'command' is missing");
  const auto timeout = reader.duration_above_zero("timeout");
  reader.finish();
  if (!argv) return std::nullopt;
  return CommandText{reader.where_key("command"), std::move(*argv), timeout};
}

std::optional<CommandText> TableReader::command(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  return command_of(*node, node->is_table() ? where_key(key) : child(*node, key));
}

std::optional<std::vector<CommandText>> TableReader::commands(std::string_view key) {
  const toml::node* node = take(key);
  if (node == nullptr) return std::nullopt;
  const Where where = child(*node, key);
  const auto items = elements(*node, where, kCommandsForm);
  if (!items) return std::nullopt;
  if (!items->empty() && items->front().first->is_string()) {
    report_->error(where, fmt::format("expected {}; found one command alone", kCommandsForm));
    return std::nullopt;
  }
  std::vector<CommandText> found;
  for (const auto& [item, place] : *items) {
    if (auto command = command_of(*item, place)) found.push_back(std::move(*command));
  }
  return found;
}

void TableReader::refuse(std::string_view key, std::string message) {
  refused_.emplace_back(key);
  if (has(key)) report_->error(where_key(key), std::move(message));
}

void TableReader::finish() {
  const auto in = [](const std::vector<std::string>& names, std::string_view key) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  for (const auto& [key, node] : *table_) {
    if (in(known_, key.str()) || in(refused_, key.str())) continue;
    std::string hint = did_you_mean(key.str(), known_);
    if (hint.empty()) hint = fmt::format("; known here: {}", fmt::join(known_, ", "));
    report_->error(at(key.source(), dotted(where_.key, key.str())), "unknown key" + hint);
  }
}

}  // namespace masterd::config
