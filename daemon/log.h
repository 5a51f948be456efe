// log -- one line an event to stderr, as text for people or as JSON for collectors.
//
//   text: 2026-01-02T03:04:05.678Z info rt-host: running
//   json: {"time":"2026-01-02T03:04:05.678Z","level":"info","name":"rt-host","message":"running"}
//
// Where stderr is the journal, and text was asked for: a record with fields instead of a line.
//
//   MESSAGE= PRIORITY= SYSLOG_IDENTIFIER= (a coprocess, of what it wrote itself; else masterd)
//   SESSION= COPROCESS= STREAM= (of what it wrote) TRANSITION= ("starting->running") CAUSE=
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

/// What a line is about, for who searches the journal. Views that live for the call.
struct About {
  std::string_view coprocess = {};
  std::string_view stream = {};  // "stdout", "stderr": the coprocess wrote the line itself
  std::string_view from = {};    // of a transition, with `to` and `cause`
  std::string_view to = {};
  std::string_view cause = {};
};

class Log {
 public:
  /// `level` is one of spdlog's words (config::load_daemon_file checks it).
  Log(const std::string& level, LogFormat format);
  /// To any sink, for tests.
  Log(spdlog::sink_ptr sink, const std::string& level, LogFormat format);

  void debug(std::string_view name, std::string_view message, const About& about = {});
  void info(std::string_view name, std::string_view message, const About& about = {});
  void warning(std::string_view name, std::string_view message, const About& about = {});
  void error(std::string_view name, std::string_view message, const About& about = {});
  /// Lines from now on belong to this session; empty: to none.
  void set_session(std::string_view session) { session_ = session; }
  /// Whether debug() writes anything: for messages that cost something to make.
  [[nodiscard]] bool debugs() const { return logger_.should_log(spdlog::level::debug); }

 private:
  void write(spdlog::level::level_enum level, std::string_view name, std::string_view message,
             const About& about);
  bool write_record(spdlog::level::level_enum level, std::string_view name,
                    std::string_view message, const About& about) const;

  spdlog::logger logger_;
  const LogFormat format_;
  bool journal_ = false;
  std::string session_;
};

/// True for the words that Log's level takes.
bool is_log_level(std::string_view word);

/// `text` with control characters as \n, \t, \x1b...; everything else as it is.
std::string escape_controls(std::string_view text);

}  // namespace masterd::daemon
