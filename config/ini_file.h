// ini_file -- a LinuxCNC 2.9 .ini file, read as LinuxCNC itself reads it.
//
// Every answer is what `inivar -ini F -sec S -var K -num N` would print, and nothing where inivar
// finds nothing, with these rules (LinuxCNC 2.9, src/libnml/inifile/inifile.cc, IniFile::Find):
//
//   lines     of 255 bytes at most: the rest of a longer one is read as the next line
//   section   from the FIRST line that begins with [NAME], whatever follows on it, to the next line
//             that begins with [. A reopened section is not seen. Case matters
//   comment   a line whose first character is ; or #. Behind a value both are part of the value
//   key       the first word of a line, up to a blank or =. Case matters. One key may have several
//             lines: its values 1, 2, ...
//   value     all behind the first =, without the blanks around. Quotes mean nothing. A line with
//             nothing behind =, or without =, counts as one of the key's lines but has no value
//   \         at a line's end joins the next one as it stands (comments too, at most 20; before a
//             CRLF it does not); a [NAME] on a joined line begins no section for what is before it,
//             but begins its own
//   CR        before a newline is a blank; elsewhere nothing is found from that line on
//
// Bytes are not interpreted: a value may be anything but NUL and newline, also no UTF-8. For
// #INCLUDE lines see ini_text.h.
//
// Not for several threads at once: sections are parsed when first asked for, and so is the digest
// made.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/ini_text.h"
#include "config/load.h"

namespace masterd::config {

/// A value as inivar prints it, and the file and 1-based line where it begins.
struct IniValue {
  std::string text;
  std::string file;
  unsigned line = 0;
};

class IniFile {
 public:
  using Result = std::variant<IniFile, Diagnostics>;  // Diagnostics is never empty

  /// Reads a file and what it includes: regular files, kMaxFileBytes together. Relative names of
  /// includes count from the folder of `path`.
  /// `reader`: the process may read more than the user whose file this is; the file and those that
  /// it includes must be readable for that user too (see readable_by.h), else nothing of them is
  /// shown, not even whether they are there, and of the environment only ~ and $HOME, that user's,
  /// are known.
  static Result read(const std::filesystem::path& path, std::optional<uid_t> reader = {});
  /// The same for bytes that are already here.
  static Result parse(std::string_view text, const std::string& path, const IniIncludes& includes);

  /// The first value of a key, as LinuxCNC's processes read a key that may stand once; nullptr:
  /// none. Valid as long as this object, also when it is moved.
  [[nodiscard]] const IniValue* find(std::string_view section, std::string_view key) const;
  /// In order, up to the first line of the key that has no value: where the launcher stops to ask
  /// for -num 1, 2, ...
  [[nodiscard]] std::vector<IniValue> all(std::string_view section, std::string_view key) const;
  [[nodiscard]] bool has_section(std::string_view section) const;
  /// 16 hexadecimal digits that tell one content from another, of the file with what it includes
  /// (FNV-1a, 64 bits). Against a mistake, not against an attack: it is not cryptographic.
  [[nodiscard]] const std::string& digest() const;
  /// The line of its header in the file where it stands; 0: there is none.
  [[nodiscard]] unsigned line_of_section(std::string_view section) const;
  /// There are #INCLUDE lines: LinuxCNC's processes need the launcher's FILE.ini.expanded.
  [[nodiscard]] bool has_includes() const { return text_.has_includes; }
  /// As given to read().
  [[nodiscard]] const std::string& path() const { return text_.files.front(); }

 private:
  struct Entry {
    std::string key;
    std::optional<IniValue> value;
  };
  struct Section {
    unsigned line = 0;
    std::vector<Entry> entries;
  };

  explicit IniFile(IniText text) : text_{std::move(text)} {}
  const Section& section(std::string_view name) const;
  [[nodiscard]] Section parse_section(std::string_view name) const;
  [[nodiscard]] std::vector<Entry> entries_from(std::size_t piece) const;

  IniText text_;
  mutable std::map<std::string, Section, std::less<>> sections_;
  mutable std::string digest_;
};

}  // namespace masterd::config
