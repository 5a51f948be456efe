// expand -- what ${...} means in the strings of a session file and of a profile.
//
//   ${config.dir}          the folder of the configuration: of the session file, or of the file
//   that
//                          a profile maps
//   ${config.path}         that file; an error in a text that is no file
//   ${instance}            the number of the instance; an error where there are no instances
//   ${pid}                 the main process: stays for the supervisor to replace; an error where
//                          there is none
//   $${                    a literal ${
//   any other ${...}       stays as it is: text for a shell
//
// and in a profile only:
//
//   ${ini:SECTION:KEY}     the first value of the key, which must be there (`KEY =` is none)
//   ...KEY:-DEFAULT}       DEFAULT when there is none
//   ...KEY:+WORD}          WORD when there is one, else nothing
//   ${ini.path}            the mapped file, in the form that programs can read
//   ${ini.digest}          tells one content of that file from another; see ini_file.h
//   ${profile.dir}         the folder of the profile
//   ${item}                the value of `for_each`; an error where there is none
//
// DEFAULT and WORD may hold all of these again; they end at the brace that closes the first one.
// What is inserted is not looked at again.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "config/mapping.h"

namespace masterd::config {

/// Whether a string may speak of the running main process.
enum class Pid { Unknown, Known };

struct Expansion {
  std::string_view config_dir;
  std::string_view config_path;  // empty: the text is no file
  Mapping* mapping = nullptr;    // null: no profile
  unsigned instance = 0;         // 0: there are none
  bool for_each = false;
  const std::string* item = nullptr;  // with for_each; null: it has no value
  Pid pid = Pid::Unknown;
};

struct ExpandError {
  std::string message;
};
/// The string is right, and a value that it needs is not there.
struct MissingValue {
  IniName name;  // empty: the item
};

std::variant<std::string, ExpandError, MissingValue> expand(std::string_view text,
                                                            const Expansion& with);
/// "SECTION:KEY", or "SECTION" alone; nullopt when it is neither.
std::optional<IniName> parse_ini_name(std::string_view text);

}  // namespace masterd::config
