// quiet_log -- a Log that keeps its lines for the test to look at.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/log.h"

namespace masterd::test {

class LineSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::vector<std::string> lines;

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    lines.emplace_back(message.payload.data(), message.payload.size());
  }
  void flush_() override {}
};

struct QuietLog {
  std::shared_ptr<LineSink> sink = std::make_shared<LineSink>();
  daemon::Log log{sink, "debug", daemon::LogFormat::Text};

  /// How many lines have `text` in them.
  [[nodiscard]] int count(std::string_view text) const {
    int n = 0;
    for (const auto& line : sink->lines) n += line.find(text) != std::string::npos ? 1 : 0;
    return n;
  }
};

}  // namespace masterd::test
