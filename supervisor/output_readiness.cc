// By Boost.Regex, not std::regex and not regexec(3). Tried on Debian 12 (g++ 12, Boost 1.81, glibc
// 2.36) with lines of 1 KiB: std::regex does not come back from ".*.*.*.*=" or "(a|aa)+b" (and
// recurses: a longer line overflows a stack); regexec is fast, but is another language, in which
// \d+ is no number, and takes 6 s for a back-reference. Boost.Regex keeps its state on the heap and
// counts its steps: it gives up after 22 ms at most, by an exception. Over 8 KiB that would be
// 1.2 s, so only the first 1 KiB of a line is searched.
#include <boost/regex.hpp>
#include <optional>
#include <string>
#include <utility>

#include "supervisor/readiness_ways.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kMaxSearched = 1024;

class OutputReadiness final : public Readiness {
 public:
  OutputReadiness(fsm::EventLoop& loop, const std::string& pattern,
                  std::chrono::milliseconds timeout)
      : Readiness{loop, timeout}, pattern_{pattern} {
    try {
      regex_.emplace(pattern, boost::regex::ECMAScript);
    } catch (const boost::regex_error& error) {
      bad_pattern_ = error.what();
    }
  }

  void line(Stream, std::string_view text) override {
    if (!regex_ || at_rest().is_set()) return;
    // Where it is cut is no end of a line.
    const auto flags = text.size() > kMaxSearched ? boost::match_not_eol : boost::match_default;
    text = text.substr(0, kMaxSearched);
    try {
      if (boost::regex_search(text.begin(), text.end(), *regex_, flags)) become_ready();
    } catch (const std::runtime_error&) {  // error_complexity
      ++given_up_;
    }
  }

 private:
  void watch(pid_t) override {
    if (!regex_) fail("the pattern \"" + pattern_ + "\" cannot be used: " + bad_pattern_);
  }
  [[nodiscard]] std::string missing() const override {
    std::string text = "no line of its output matches \"" + pattern_ + "\"";
    if (given_up_ != 0) {
      text += " (" + std::to_string(given_up_) + " would have taken too long to search)";
    }
    return text;
  }

  const std::string pattern_;
  std::optional<boost::regex> regex_;
  std::string bad_pattern_;
  unsigned given_up_ = 0;
};

}  // namespace

std::unique_ptr<Readiness> make_output_readiness(fsm::EventLoop& loop,
                                                 const config::ReadyOutput& how,
                                                 std::chrono::milliseconds timeout) {
  return std::make_unique<OutputReadiness>(loop, how.pattern, timeout);
}

}  // namespace masterd::supervisor
