// main_process -- which process of a daemonized tree is the coprocess.
//
// A forking coprocess leaves a daemon behind when its first process ends. It is, in this order of
// trust: the one that it named by MAINPID=, the one in its pid file, or the one live process of the
// tree that no other live one of it started. That is a guess: an intermediate process of a double
// fork looks the same until it has ended, so the caller looks again; but that one has something to
// do, and a daemon comes to rest. A pid outside the tree is never believed: a pid file may be
// stale, or another program's.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace masterd::supervisor {

class MainProcessFinder {
 public:
  struct Found {
    std::optional<pid_t> pid;
    bool told = false;    // by itself, not guessed
    bool rests = false;   // it waits for something
    std::string missing;  // what is in the way, where there is none
  };

  /// `pid_file`: absolute; empty: there is none.
  explicit MainProcessFinder(std::string pid_file) : pid_file_{std::move(pid_file)} {}

  /// `tree`: the live processes. `told`: by MAINPID=.
  [[nodiscard]] Found find(const std::vector<pid_t>& tree, std::optional<pid_t> told) const;

 private:
  [[nodiscard]] Found from_file(const std::vector<pid_t>& tree) const;

  std::string pid_file_;
};

/// The pid in a pid file's text: digits, white space around them; nullopt: it is none.
std::optional<pid_t> parse_pid_file(const std::string& text);

}  // namespace masterd::supervisor
