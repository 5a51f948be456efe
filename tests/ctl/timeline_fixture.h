// timeline_fixture -- answers of a daemon whose session came up, in few words.
#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

namespace masterd::test {

/// A history, transition by transition, at milliseconds after 12:00.
class Past {
 public:
  Past& at(int ms, const std::string& name, const std::string& from, const std::string& to) {
    transitions_.push_back(boost::json::object{{"seq", transitions_.size() + 1},
                                               {"time", time(ms)},
                                               {"name", name},
                                               {"from", from},
                                               {"to", to},
                                               {"cause", "test"}});
    return *this;
  }
  Past& came_up(const std::string& name, int waiting, int starting, int running) {
    at(waiting, name, "stopped", "waiting").at(starting, name, "waiting", "starting");
    return at(running, name, "starting", "running");
  }
  [[nodiscard]] boost::json::value history() const { return {{"transitions", transitions_}}; }

  static std::string time(int ms) {
    return fmt::format("2026-03-01T12:{:02}:{:02}.{:03}Z", ms / 60'000, ms / 1000 % 60, ms % 1000);
  }

 private:
  boost::json::array transitions_;
};

/// A status of session "s" at `ms`, of coprocesses written as JSON objects.
inline boost::json::value status_at(int ms, const std::string& coprocesses) {
  return boost::json::parse(R"({"time":")" + Past::time(ms) +
                            R"(","session":{"name":"s","state":"running"},"coprocesses":[)" +
                            coprocesses + "]}");
}

}  // namespace masterd::test
