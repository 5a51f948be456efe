#include "supervisor/pid_words.h"

#include <string_view>

namespace masterd::supervisor {
namespace {

std::string with_number(const std::string& text, const std::string& number) {
  constexpr std::string_view kName = "${pid}";
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = text.find(kName); at != std::string::npos; at = text.find(kName, done)) {
    result.append(text, done, at - done).append(number);
    done = at + kName.size();
  }
  return result.append(text, done);
}

}  // namespace

std::vector<std::string> with_pid(const std::vector<std::string>& argv, std::optional<pid_t> pid) {
  const std::string number = pid ? std::to_string(*pid) : std::string{};
  std::vector<std::string> words;
  words.reserve(argv.size());
  for (const std::string& word : argv) words.push_back(with_number(word, number));
  return words;
}

}  // namespace masterd::supervisor
