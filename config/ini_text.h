// ini_text -- the lines that LinuxCNC's reader is given for an .ini file.
//
//   no line of FILE.ini begins with #INCLUDE     its own lines
//   one does                                     what the launcher writes as FILE.ini.expanded
//
// LinuxCNC's own reader knows no #INCLUDE. The script `linuxcnc` (2.9, function handle_includes)
// makes another file of such a one and gives that to every process of the session. What its shell
// does to the lines is part of the format: whoever edits a file sees what LinuxCNC makes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.h"
#include "config/shell_words.h"

namespace masterd::config {

/// What one fgets() of LinuxCNC's reader gives: a line with its newline, the last line without one,
/// or a part of a line that is longer than LinuxCNC's buffer. Never empty.
struct IniPiece {
  std::uint32_t begin;   // in IniText::bytes
  std::uint32_t length;  // 1 to kIniLineBytes
  std::uint32_t file;    // in IniText::files
  std::uint32_t line;    // 1-based, in that file
};

struct IniText {
  std::string bytes;
  std::vector<IniPiece> pieces;
  std::vector<std::string> files;  // the .ini first; then what it includes, once for each time
  bool has_includes = false;

  [[nodiscard]] std::string_view operator[](const IniPiece& piece) const {
    return std::string_view{bytes}.substr(piece.begin, piece.length);
  }
};

/// LINELEN (src/emc/linuxcnc.h): what is longer goes on as if it were another line.
inline constexpr std::size_t kIniLineBytes = 255;
inline constexpr std::size_t kMaxIncludes = 256;
/// With those of the included files. The largest sample of LinuxCNC 2.9 has some hundreds.
inline constexpr std::size_t kMaxIniLines = 32'768;

/// Where an included file's bytes come from. All three must be set.
struct IniIncludes {
  ShellVariables variable;
  /// The path of a file named in the .ini, as the .ini's readers will see it.
  std::function<std::string(const std::string& name)> locate;
  /// Its bytes, at most kMaxFileBytes + 1 are looked at; nullopt, and an error in the report: it
  /// cannot be read.
  std::function<std::optional<std::string>(const std::string& path, Report&)> read;
};

/// Errors, each at its line in the .ini: an #INCLUDE that names no file, cannot be read, or asks
/// the shell for more than ~/, $NAME and ${NAME}; a NUL byte; more than kMaxFileBytes together,
/// more than kMaxIncludes. nullopt when there is one.
std::optional<IniText> ini_text(std::string_view text, const std::string& path,
                                const IniIncludes& includes, Report& report);

}  // namespace masterd::config
