// shell_words -- what the shell of LinuxCNC's launcher makes of a line, without a shell.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace masterd::config {

/// A line as `read a b` splits it.
struct ShellWords {
  std::string first;
  std::string rest;
  unsigned line = 1;  // 1-based, where it begins
};

/// `while read a b` without -r (bash(1), "read"): a backslash takes the next character as it is,
/// also a blank, and joins lines; blanks around both words go.
class ShellLines {
 public:
  /// The text must outlive this.
  explicit ShellLines(std::string_view text) : text_{text} {}
  /// nullopt at the end. A last line without a newline is none: `while read` ends there.
  std::optional<ShellWords> next();

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 1;
};

/// The value of a variable; nullopt: it is not set.
using ShellVariables = std::function<std::optional<std::string>(const std::string& name)>;

/// What `eval echo TEXT` prints, where that runs nothing: words of plain characters, ~/, $NAME and
/// ${NAME}, joined by a space, up to a # that begins a word. nullopt, and the reason in `why`: it
/// has anything else, or a variable that is not set.
std::optional<std::string> shell_name(std::string_view text, const ShellVariables& variables,
                                      std::string& why);

}  // namespace masterd::config
