#include "daemon/log.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <boost/json.hpp>
#include <chrono>

#include "proto/rpc.h"
#include "proto/text.h"

namespace masterd::daemon {

using spdlog::level::level_enum;

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
    : Log{std::make_shared<spdlog::sinks::stderr_sink_mt>(), level, format} {}

Log::Log(spdlog::sink_ptr sink, const std::string& level, LogFormat format)
    : logger_{"masterd", std::move(sink)}, format_{format} {
  logger_.set_level(spdlog::level::from_str(level));
  logger_.set_pattern("%v");
  logger_.flush_on(spdlog::level::trace);
}

void Log::debug(std::string_view name, std::string_view message) {
  write(level_enum::debug, name, message);
}
void Log::info(std::string_view name, std::string_view message) {
  write(level_enum::info, name, message);
}
void Log::warning(std::string_view name, std::string_view message) {
  write(level_enum::warn, name, message);
}
void Log::error(std::string_view name, std::string_view message) {
  write(level_enum::err, name, message);
}

void Log::write(level_enum level, std::string_view name, std::string_view message) {
  if (!logger_.should_log(level)) return;
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

}  // namespace masterd::daemon
