#include "config/shell_words.h"

#include <algorithm>

#include "config/report.h"

namespace masterd::config {

namespace {

constexpr std::string_view kBlank = " \t";

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || is_digit(c);
}
/// Stands for itself in a word, wherever it is but at the word's begin.
constexpr bool is_plain(char c) {
  return is_name(c) || (static_cast<unsigned char>(c) & 0x80U) != 0 ||
         std::string_view{"/.-+,:@%=#~^"}.find(c) != std::string_view::npos;
}

/// A line after its backslashes: which characters were taken by one?
struct Unquoted {
  std::string text;
  std::string taken;  // '1' beside such a character

  [[nodiscard]] bool blank(std::size_t i) const { return is_blank(text[i]) && taken[i] == '0'; }
};

ShellWords split(const Unquoted& line, unsigned number) {
  std::size_t begin = 0;
  std::size_t end = line.text.size();
  while (begin < end && line.blank(begin)) ++begin;
  while (end > begin && line.blank(end - 1)) --end;
  std::size_t gap = begin;
  while (gap < end && !line.blank(gap)) ++gap;
  std::size_t rest = gap;
  while (rest < end && line.blank(rest)) ++rest;
  return {line.text.substr(begin, gap - begin), line.text.substr(rest, end - rest), number};
}

/// The variable that `text` begins with, which is a $; its length is taken from the text.
std::optional<std::string> take_variable(std::string_view& text) {
  const bool braced = text.size() > 1 && text[1] == '{';
  const std::size_t begin = braced ? 2 : 1;
  std::size_t end = begin;
  while (end < text.size() && is_name(text[end])) ++end;
  if (end == begin || is_digit(text[begin])) return std::nullopt;
  if (braced && (end == text.size() || text[end] != '}')) return std::nullopt;
  std::string name{text.substr(begin, end - begin)};
  text.remove_prefix(end + (braced ? 1 : 0));
  return name;
}

}  // namespace

std::optional<ShellWords> ShellLines::next() {
  Unquoted line;
  const unsigned begins = line_;
  for (; at_ < text_.size(); ++at_) {
    const bool taken = text_[at_] == '\\';
    if (taken && ++at_ == text_.size()) return std::nullopt;
    if (text_[at_] == '\n') {
      ++line_;
      if (taken) continue;
      ++at_;
      return split(line, begins);
    }
    line.text += text_[at_];
    line.taken += taken ? '1' : '0';
  }
  return std::nullopt;
}

std::optional<std::string> shell_name(std::string_view text, const ShellVariables& variables,
                                      std::string& why) {
  std::string name;
  const auto append = [&](const std::string& variable) {
    const auto value = variables(variable);
    if (!value) {
      why = "$" + variable + " is not set";
    } else if (value->find('\n') != std::string::npos) {
      why = "$" + variable + " has several lines";
    } else {
      name += *value;
    }
    return why.empty();
  };
  why.clear();
  for (bool word_begins = true; !text.empty();) {
    if (is_blank(text.front())) {
      text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
      word_begins = true;
      if (!text.empty() && text.front() != '#') name += ' ';
      continue;
    }
    if (word_begins && text.front() == '#') break;
    if (word_begins && text.front() == '~') {
      if (text.size() > 1 && text[1] != '/') why = "of ~ only ~/ is understood";
      if (!why.empty() || !append("HOME")) return std::nullopt;
      text.remove_prefix(1);
    } else if (text.front() == '$') {
      const auto variable = take_variable(text);
      if (!variable) why = "of $ only $NAME and ${NAME} are understood";
      if (!variable || !append(*variable)) return std::nullopt;
    } else if (is_plain(text.front())) {
      name += text.front();
      text.remove_prefix(1);
    } else {
      why = shown(text.substr(0, 1)) + " is not understood in a name";
      return std::nullopt;
    }
    word_begins = false;
  }
  if (!name.empty() && name.front() == '-') {
    why = "echo would take it for its option";
    return std::nullopt;
  }
  return name;
}

}  // namespace masterd::config
