// options -- the command line as plain data. Knows the verbs and their options, not what the daemon
// does.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace masterd::ctl {

/// What was asked for. Only the fields of its verb are set.
struct Invocation {
  std::string endpoint;                              // empty: the default
  std::optional<std::chrono::milliseconds> timeout;  // --timeout
  bool json = false;

  std::string verb;
  std::vector<std::string> names;  // NAMES of start, stop, restart, rotate; TOPICs of events
  std::string name;                // NAME of status, signal, write, wait, tree, logs, history
  std::vector<std::string> text;   // TEXT of write; empty: the standard input
  std::string config;              // CONFIG of set-config, FILE of check
  std::string text_file;           // --text: a file or "-"
  std::string signal;
  std::string state;
  std::string reason;
  std::string method;  // of call
  std::string params;  // of call: JSON
  bool wait = false;
  bool now = false;
  bool dry_run = false;
  bool follow = false;
  bool all = false;
  std::optional<std::uint64_t> lines;
  std::optional<std::uint64_t> since_seq;
  std::optional<std::uint64_t> limit;
};

/// Nothing to do: help, the version, or a usage error.
struct Answered {
  int code = 0;
  std::string text;  // for stdout when code is 0, else for stderr
};

/// `args` without the program's name. Never throws for what a user typed.
std::variant<Invocation, Answered> parse_command_line(std::vector<std::string> args);

}  // namespace masterd::ctl
