// expand -- what ${...} means in the strings of a session file.
//
//   ${config.dir}        the folder of the file
//   ${instance}          the number of the instance; an error where there are no instances
//   ${pid}               the main process: stays for the supervisor to replace; an error where
//                        there is none
//   ${config.*} ${ini:*} reserved: any other name is an error
//   $${                  a literal ${
//   any other ${...}     stays as it is: text for a shell
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace masterd::config {

/// Whether a string may speak of the running main process.
enum class Pid { Unknown, Known };

struct Expansion {
  std::string_view config_dir;
  unsigned instance = 0;  // 0: there are none
  Pid pid = Pid::Unknown;
};

struct ExpandError {
  std::string message;
};

/// What is inserted is not looked at again.
std::variant<std::string, ExpandError> expand(std::string_view text, const Expansion& with);

}  // namespace masterd::config
