// pid_words -- ${pid} in the words of a command about a process. Pure.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace masterd::supervisor {

/// `argv` with each ${pid} replaced by `pid`; by nothing where there is none.
std::vector<std::string> with_pid(const std::vector<std::string>& argv, std::optional<pid_t> pid);

}  // namespace masterd::supervisor
