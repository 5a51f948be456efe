#include "daemon/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>

#include "daemon/journal.h"
#include "proto/rpc.h"
#include "proto/text.h"

namespace masterd::daemon {

using spdlog::level::level_enum;

namespace {

constexpr std::string_view kOurName = "masterd";

/// The numbers of syslog(3).
std::string_view priority(level_enum level) {
  switch (level) {
    case level_enum::critical:
      return "2";
    case level_enum::err:
      return "3";
    case level_enum::warn:
      return "4";
    case level_enum::info:
      return "6";
    default:
      return "7";
  }
}

}  // namespace

bool is_log_level(std::string_view word) {
  // from_str() answers "off" for what it does not know (spdlog/common-inl.h).
  return word == "off" || spdlog::level::from_str(std::string{word}) != spdlog::level::off;
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

Log::Log(const std::string& level, LogFormat format)
    : Log{std::make_shared<spdlog::sinks::stderr_sink_mt>(), level, format} {
  journal_ = format == LogFormat::Text &&
             leads_to_journal(std::getenv("JOURNAL_STREAM"), STDERR_FILENO) && journal_listens();
}

Log::Log(spdlog::sink_ptr sink, const std::string& level, LogFormat format)
    : logger_{"masterd", std::move(sink)}, format_{format} {
  logger_.set_level(spdlog::level::from_str(level));
  logger_.set_pattern("%v");
  logger_.flush_on(spdlog::level::trace);
}

void Log::debug(std::string_view name, std::string_view message, const About& about) {
  write(level_enum::debug, name, message, about);
}
void Log::info(std::string_view name, std::string_view message, const About& about) {
  write(level_enum::info, name, message, about);
}
void Log::warning(std::string_view name, std::string_view message, const About& about) {
  write(level_enum::warn, name, message, about);
}
void Log::error(std::string_view name, std::string_view message, const About& about) {
  write(level_enum::err, name, message, about);
}

void Log::write(level_enum level, std::string_view name, std::string_view message,
                const About& about) {
  if (!logger_.should_log(level)) return;
  // What journald does not take goes the way of all lines.
  if (journal_ && write_record(level, name, message, about)) return;
  const std::string time = proto::rfc3339(std::chrono::system_clock::now());
  const auto word = spdlog::level::to_string_view(level);
  const std::string_view level_word{word.data(), word.size()};
  if (format_ == LogFormat::Text) {
    logger_.log(level,
                fmt::format("{} {} {}: {}", time, level_word, name, escape_controls(message)));
    return;
  }
  logger_.log(level,
              proto::encode(boost::json::object{
                  {"time", time}, {"level", level_word}, {"name", name}, {"message", message}}));
}

bool Log::write_record(level_enum level, std::string_view name, std::string_view message,
                       const About& about) const {
  const bool own_words = !about.stream.empty();
  const bool bare = own_words || name == kOurName;
  const std::string text = escape_controls(message);
  const std::string whole = bare ? text : fmt::format("{}: {}", name, text);
  const std::string transition =
      about.to.empty() ? "" : fmt::format("{}->{}", about.from, about.to);
  return send_to_journal({{"MESSAGE", whole},
                          {"PRIORITY", priority(level)},
                          {"SYSLOG_IDENTIFIER", own_words ? about.coprocess : kOurName},
                          {"SESSION", session_},
                          {"COPROCESS", about.coprocess},
                          {"STREAM", about.stream},
                          {"TRANSITION", transition},
                          {"CAUSE", about.cause}}) == 0;
}

}  // namespace masterd::daemon
