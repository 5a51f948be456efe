#include "supervisor/env_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "supervisor/owned_fd.h"
#include "supervisor/spawn_error.h"

namespace masterd::supervisor {
namespace {

constexpr std::size_t kLongestFile = std::size_t{1} << 20U;

std::string content_of(const std::string& path, bool may_be_missing) {
  const auto refuse = [&](int error) { throw SpawnError{SpawnStage::EnvFile, path, error}; };
  // O_NONBLOCK: to open a fifo would wait for who writes to it.
  const OwnedFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (!fd && errno == ENOENT && may_be_missing) return {};
  if (!fd) refuse(errno);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) refuse(errno);
  if (!S_ISREG(info.st_mode)) refuse(S_ISDIR(info.st_mode) ? EISDIR : EINVAL);
  std::string text;
  std::array<char, 16 * 1024> buffer;
  while (true) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > kLongestFile) refuse(EFBIG);
  }
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool is_name_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

class Parser {
 public:
  Parser(const std::string& path, std::string_view text) : path_{path}, rest_{text} {}

  Variables run() {
    Variables variables;
    while (true) {
      while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == '\n')) take();
      if (rest_.empty()) return variables;
      if (rest_.front() == '#' || rest_.front() == ';') {
        while (!rest_.empty() && rest_.front() != '\n') take();
        continue;
      }
      begun_ = line_;
      std::string name = take_name();
      variables.emplace_back(std::move(name), take_value());
    }
  }

 private:
  [[noreturn]] void refuse() const {
    throw SpawnError{SpawnStage::EnvFile, path_ + ":" + std::to_string(begun_), EINVAL};
  }
  // NUL would cut the variable short.
  char take() {
    const char c = rest_.empty() ? '\0' : rest_.front();
    if (c == '\0') refuse();
    if (c == '\n') ++line_;
    rest_.remove_prefix(1);
    return c;
  }
  std::string take_name() {
    std::string name;
    while (!rest_.empty() && is_name_char(rest_.front())) name += take();
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0) refuse();
    if (rest_.empty() || take() != '=') refuse();
    return name;
  }
  // `kept`: so much is no trailing blank.
  std::string take_value() {
    std::string value;
    std::size_t kept = 0;
    while (!rest_.empty() && is_blank(rest_.front())) take();
    while (!rest_.empty() && rest_.front() != '\n') {
      const char c = take();
      if (c == '\'' || c == '"') {
        take_quoted(c, value);
      } else if (c == '\\') {
        if (const char escaped = take(); escaped != '\n') value += escaped;
      } else {
        value += c;
        if (is_blank(c)) continue;
      }
      kept = value.size();
    }
    value.resize(kept);
    return value;
  }
  void take_quoted(char quote, std::string& value) {
    while (true) {
      const char c = take();
      if (c == quote) return;
      if (c != '\\' || quote == '\'') {
        value += c;
        continue;
      }
      const char escaped = take();
      if (escaped == '\n') continue;
      if (std::string_view{"\"\\$`"}.find(escaped) == std::string_view::npos) value += c;
      value += escaped;
    }
  }

  const std::string& path_;
  std::string_view rest_;
  unsigned line_ = 1;
  unsigned begun_ = 1;  // the line of the variable that is being read
};

}  // namespace

Variables read_env_file(const std::string& path) {
  const bool may_be_missing = !path.empty() && path.front() == '-';
  const std::string file = may_be_missing ? path.substr(1) : path;
  const std::string text = content_of(file, may_be_missing);
  return Parser{file, text}.run();
}

}  // namespace masterd::supervisor
