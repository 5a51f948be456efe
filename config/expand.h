// expand -- what ${...} means in the strings of a session file.
//
//   ${config.dir}        the folder of the file
//   ${config.*} ${ini:*} reserved: any other name is an error
//   $${                  a literal ${
//   any other ${...}     stays as it is: text for a shell
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace masterd::config {

struct ExpandError {
  std::string message;
};

/// What is inserted is not looked at again.
std::variant<std::string, ExpandError> expand(std::string_view text, std::string_view config_dir);

}  // namespace masterd::config
