#include "config/ini_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config/shell_words.h"

namespace masterd::config {

namespace {

constexpr std::string_view kDirective = "#INCLUDE";

class Builder {
 public:
  Builder(const IniIncludes& includes, Report& report) : includes_{includes}, report_{report} {}

  std::optional<IniText> build(std::string_view text, const std::string& path) {
    out_.files.push_back(path);
    taken_ = text.size();
    if (taken_ > kMaxFileBytes) {
      report_.error({}, fmt::format("too large: at most {} bytes", kMaxFileBytes));
      return std::nullopt;
    }
    if (const auto nul = text.find('\0'); nul != std::string_view::npos) {
      report_.error({line_at(text, nul), 1, ""}, "a NUL byte");
      return std::nullopt;
    }
    out_.has_includes = text.substr(0, kDirective.size()) == kDirective ||
                        text.find(fmt::format("\n{}", kDirective)) != std::string_view::npos;
    if (!out_.has_includes) {
      add(text, 0, 1);
      return finished();
    }
    ShellLines lines{text};
    while (const auto words = lines.next()) {
      if (words->first != kDirective) {
        add(words->first + " " + words->rest + "\n", 0, words->line);
      } else if (!include(*words)) {
        return std::nullopt;
      }
    }
    return finished();
  }

 private:
  std::optional<IniText> finished() {
    if (out_.pieces.size() > kMaxIniLines) {
      report_.error({}, fmt::format("too long: at most {} lines", kMaxIniLines));
    }
    if (!report_.empty()) return std::nullopt;
    return std::move(out_);
  }

  static unsigned line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<unsigned>(std::count(
                   text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
  }

  /// False when it makes no sense to go on.
  bool include(const ShellWords& words) {
    const Where where{words.line, 1, ""};
    if (++seen_ > kMaxIncludes) {
      report_.error(where, fmt::format("more than {} #INCLUDE lines", kMaxIncludes));
      return false;
    }
    std::string shown_name = shown(words.rest);
    const auto refuse = [&](const std::string& why) {
      report_.error(where, fmt::format("cannot include {}: {}", shown_name, why));
    };
    std::string why;
    const auto name = shell_name(words.rest, includes_.variable, why);
    if (!name) {
      refuse(why);
      return true;
    }
    if (name->empty()) {
      report_.error(where, "#INCLUDE without a file name");
      return true;
    }
    shown_name = shown(*name);
    const std::string path = includes_.locate(*name);
    Report trouble{path};
    const auto text = includes_.read(path, trouble);
    if (!text) {
      refuse(trouble.empty() ? "cannot be read" : trouble.take().front().message);
      return true;
    }
    taken_ += text->size();
    if (taken_ > kMaxFileBytes) {
      refuse(fmt::format("too large: at most {} bytes together", kMaxFileBytes));
      return false;
    }
    if (const auto nul = text->find('\0'); nul != std::string::npos) {
      refuse(fmt::format("a NUL byte in line {}", line_at(*text, nul)));
      return true;
    }
    add(fmt::format("\n#*** Begin #INCLUDE file: {}\n", *name), 0, words.line);
    out_.files.push_back(path);
    // Without a newline at the file's end the launcher's remark becomes part of its last value.
    add(fmt::format("{}#*** End   #INCLUDE file: {}\n", *text, *name), out_.files.size() - 1, 1);
    return true;
  }

  void add(std::string_view text, std::size_t file, unsigned line) {
    while (!text.empty() && out_.pieces.size() <= kMaxIniLines) {
      const std::size_t newline = text.find('\n');
      const std::size_t whole = newline == std::string_view::npos ? text.size() : newline + 1;
      const std::size_t length = std::min(whole, kIniLineBytes);
      out_.pieces.push_back({static_cast<std::uint32_t>(out_.bytes.size()),
                             static_cast<std::uint32_t>(length), static_cast<std::uint32_t>(file),
                             line});
      out_.bytes += text.substr(0, length);
      text.remove_prefix(length);
      if (length == whole) ++line;
    }
  }

  const IniIncludes& includes_;
  Report& report_;
  IniText out_;
  std::size_t taken_ = 0;  // bytes of all files
  std::size_t seen_ = 0;   // #INCLUDE lines, also those that were refused
};

}  // namespace

std::optional<IniText> ini_text(std::string_view text, const std::string& path,
                                const IniIncludes& includes, Report& report) {
  return Builder{includes, report}.build(text, path);
}

}  // namespace masterd::config
