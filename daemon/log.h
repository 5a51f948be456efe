// log -- one line an event to stderr, as text for people or as JSON for collectors.
//
//   text: 2026-01-02T03:04:05.678Z info rt-host: running
//   json: {"time":"2026-01-02T03:04:05.678Z","level":"info","name":"rt-host","message":"running"}
//
// `name` says who it is about: a coprocess, a machine, or "masterd". Control characters of foreign
// text are escaped, so that a line stays one line and cannot drive a terminal. Flushed at once: no
// timer wakes the daemon for it. Owner: Daemon; lower layers get it by reference.
#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>
#include <string_view>

namespace masterd::daemon {

enum class LogFormat { Text, Json };

class Log {
 public:
  /// `level` is one of spdlog's words (config::load_daemon_file checks it).
  Log(const std::string& level, LogFormat format);
  /// To any sink, for tests.
  Log(spdlog::sink_ptr sink, const std::string& level, LogFormat format);

  void debug(std::string_view name, std::string_view message);
  void info(std::string_view name, std::string_view message);
  void warning(std::string_view name, std::string_view message);
  void error(std::string_view name, std::string_view message);
  /// Whether debug() writes anything: for messages that cost something to make.
  [[nodiscard]] bool debugs() const { return logger_.should_log(spdlog::level::debug); }

 private:
  void write(spdlog::level::level_enum level, std::string_view name, std::string_view message);

  spdlog::logger logger_;
  const LogFormat format_;
};

/// True for the words that Log's level takes.
bool is_log_level(std::string_view word);

/// `text` with control characters as \n, \t, \x1b...; everything else as it is.
std::string escape_controls(std::string_view text);

}  // namespace masterd::daemon
