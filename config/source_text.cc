#include "config/source_text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

#include "config/readable_by.h"
#include "config/utf8.h"

namespace masterd::config {

namespace {

/// Walks over text, keeping the place as toml++ counts it: columns are code points.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_{text} {}
  [[nodiscard]] bool at_end() const { return offset_ == text_.size(); }
  [[nodiscard]] char peek() const { return text_[offset_]; }
  [[nodiscard]] bool starts_with(std::string_view word) const {
    return text_.substr(offset_, word.size()) == word;
  }
  [[nodiscard]] Where where() const { return {line_, column_, ""}; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(offset_); }
  /// Steps over `bytes`, of which none but the first may begin a character.
  void step_character(std::size_t bytes) {
    if (peek() == '\n') {
      ++line_;
      column_ = 1;
    } else {
      ++column_;
    }
    offset_ += bytes;
  }
  void step(std::size_t count = 1) {
    for (; count > 0 && !at_end(); --count) {
      const bool continues = (static_cast<unsigned char>(peek()) & 0xC0) == 0x80;
      if (continues) {
        ++offset_;
      } else {
        step_character(1);
      }
    }
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  unsigned line_ = 1;
  unsigned column_ = 1;
};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool check_bytes(std::string_view text, Report& report) {
  Cursor cursor{text};
  while (!cursor.at_end()) {
    const std::size_t length = utf8_length(cursor.rest());
    if (length == 0) {
      const auto byte = static_cast<unsigned char>(cursor.peek());
      report.error(cursor.where(), fmt::format("not UTF-8: byte 0x{:02x}", byte));
      return false;
    }
    if (cursor.peek() == '\0') {
      report.error(cursor.where(), "a NUL byte");
      return false;
    }
    cursor.step_character(length);
  }
  return true;
}

// Steps over a string that begins here (TOML 1.0, "String"). An unterminated one ends where toml++
// reports it, so that what follows never counts.
void skip_string(Cursor& cursor) {
  const char quote = cursor.peek();
  const std::string triple(3, quote);
  const bool multi_line = cursor.starts_with(triple);
  cursor.step(multi_line ? 3 : 1);
  while (!cursor.at_end()) {
    if (quote == '"' && cursor.peek() == '\\') {
      cursor.step(2);
    } else if (multi_line && cursor.starts_with(triple)) {
      cursor.step(3);
      // Up to two quotes may touch the closing three.
      for (int i = 0; i < 2 && !cursor.at_end() && cursor.peek() == quote; ++i) cursor.step();
      return;
    } else if (!multi_line && (cursor.peek() == quote || cursor.peek() == '\n')) {
      if (cursor.peek() == quote) cursor.step();
      return;
    } else {
      cursor.step();
    }
  }
}

// Counts the dots of each key. Values have at most one dot, so everything outside strings and
// comments may be counted alike, from one delimiter to the next.
bool check_key_depth(std::string_view text, Report& report) {
  Cursor cursor{text};
  std::size_t parts = 1;
  while (!cursor.at_end()) {
    switch (cursor.peek()) {
      case '"':
      case '\'':
        skip_string(cursor);
        continue;
      case '#':
        while (!cursor.at_end() && cursor.peek() != '\n') cursor.step();
        continue;
      case '.':
        if (++parts > kMaxKeyParts) {
          report.error(cursor.where(), fmt::format("a key of more than {} parts", kMaxKeyParts));
          return false;
        }
        break;
      case '\n':
      case '=':
      case ',':
      case '[':
      case ']':
      case '{':
      case '}':
        parts = 1;
        break;
      default:
        break;
    }
    cursor.step();
  }
  return true;
}

std::string errno_text(int error) { return std::generic_category().message(error); }

/// Closes what it owns.
struct Descriptor {
  int fd;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

std::optional<std::string> read_source(const std::filesystem::path& path, Report& report,
                                       std::optional<uid_t> reader) {
  const auto refuse = [&](std::string why) -> std::optional<std::string> {
    if (reader) why = fmt::format("no file that user {} can read", *reader);
    report.error({}, std::move(why));
    return std::nullopt;
  };
  if (path.native().find('\0') != std::string::npos) {
    return refuse("cannot open: the path has a NUL byte");
  }
  const Descriptor found{::open(path.c_str(), O_PATH | O_CLOEXEC)};
  if (found.fd < 0) return refuse("cannot open: " + errno_text(errno));
  struct stat status {};
  if (::fstat(found.fd, &status) != 0) return refuse("cannot stat: " + errno_text(errno));
  if (!S_ISREG(status.st_mode)) {
    return refuse(S_ISDIR(status.st_mode) ? "is a directory" : "is not a regular file");
  }
  if (reader && !readable_by(*reader, found.fd)) return refuse("");
  // The very file that was looked at, whatever the path names by now (proc(5), /proc/pid/fd).
  // O_NONBLOCK: /proc/kmsg is a regular file, and reading it waits.
  const Descriptor file{
      ::open(fmt::format("/proc/self/fd/{}", found.fd).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return refuse("cannot open: " + errno_text(errno));
  // st_size is not trusted: it is 0 in /proc, and the file may grow. One byte over the limit is
  // enough for check_source() to see that it is too large.
  std::string text(kMaxFileBytes + 1, '\0');
  std::size_t used = 0;
  while (used < text.size()) {
    const ssize_t got = ::read(file.fd, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refuse("cannot read: " + errno_text(errno));
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  text.resize(used);
  text.shrink_to_fit();
  return text;
}

bool check_source(std::string_view text, Report& report) {
  if (text.size() > kMaxFileBytes) {
    report.error({}, fmt::format("too large: at most {} bytes", kMaxFileBytes));
    return false;
  }
  // A byte order mark has no column, as in toml++.
  if (text.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    text.remove_prefix(kByteOrderMark.size());
  }
  return check_bytes(text, report) && check_key_depth(text, report);
}

}  // namespace masterd::config
