#include "config/ini_file.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <utility>

#include "config/source_text.h"

namespace masterd::config {

namespace {

constexpr std::string_view kWhite = " \t\r\n";
constexpr std::string_view kKeyEnd = " \t\r\n=";
constexpr std::size_t kMaxJoined = 20;  // MAX_EXTEND_LINES

/// From its first character that is no blank; empty for a comment.
std::string_view content(std::string_view line) {
  const auto begin = line.find_first_not_of(kWhite);
  if (begin == std::string_view::npos || line[begin] == ';' || line[begin] == '#') return {};
  return line.substr(begin);
}

/// A carriage return that ends no line: IniFile::Find gives up there.
bool ends_all(std::string_view piece) {
  for (std::size_t i = 0; i + 1 < piece.size(); ++i) {
    if (piece[i] == '\r' && piece[i + 1] != '\n') return true;
  }
  return false;
}

std::string_view without_newline(std::string_view piece) {
  if (piece.back() == '\n') piece.remove_suffix(1);
  return piece;
}

/// What is behind the first =; nullopt: nothing.
std::optional<std::string_view> value_of(std::string_view line) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto begin = line.find_first_not_of(kWhite, equals + 1);
  if (begin == std::string_view::npos) return std::nullopt;
  return line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
}

std::optional<std::string> home_of(uid_t uid) {
  std::string buffer(4096, '\0');
  struct passwd entry {};
  struct passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return std::nullopt;
  }
  return found->pw_dir;
}

std::optional<std::string> environment(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

}  // namespace

IniFile::Result IniFile::read(const std::filesystem::path& path, std::optional<uid_t> reader) {
  Report report{path.string()};
  if (reader == ::geteuid()) reader.reset();
  const auto text = read_source(path, report, reader);
  if (!text) return report.take();
  IniIncludes includes;
  includes.variable = [reader](const std::string& name) {
    if (!reader) return environment(name);
    return name == "HOME" ? home_of(*reader) : std::nullopt;
  };
  includes.locate = [&path](const std::string& name) {
    return (path.parent_path() / name).string();
  };
  includes.read = [reader](const std::string& file, Report& trouble) {
    return read_source(file, trouble, reader);
  };
  return parse(*text, path.string(), includes);
}

IniFile::Result IniFile::parse(std::string_view text, const std::string& path,
                               const IniIncludes& includes) {
  Report report{path};
  auto lines = ini_text(text, path, includes, report);
  if (!lines) return report.take();
  return IniFile{*std::move(lines)};
}

const IniValue* IniFile::find(std::string_view section, std::string_view key) const {
  for (const Entry& entry : this->section(section).entries) {
    if (entry.key == key) return entry.value ? &*entry.value : nullptr;
  }
  return nullptr;
}

std::vector<IniValue> IniFile::all(std::string_view section, std::string_view key) const {
  std::vector<IniValue> values;
  for (const Entry& entry : this->section(section).entries) {
    if (entry.key != key) continue;
    if (!entry.value) break;
    values.push_back(*entry.value);
  }
  return values;
}

bool IniFile::has_section(std::string_view section) const { return line_of_section(section) > 0; }

unsigned IniFile::line_of_section(std::string_view section) const {
  return this->section(section).line;
}

const std::string& IniFile::digest() const {
  if (!digest_.empty()) return digest_;
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: offset and prime of 64 bits
  for (const char byte : text_.bytes) {
    hash ^= static_cast<unsigned char>(byte);
    hash *= 0x100000001b3;
  }
  return digest_ = fmt::format("{:016x}", hash);
}

const IniFile::Section& IniFile::section(std::string_view name) const {
  auto found = sections_.find(name);
  if (found == sections_.end()) {
    found = sections_.emplace(std::string{name}, parse_section(name)).first;
  }
  return found->second;
}

// Headers are looked for line by line, also on lines that a backslash joins to the one before.
IniFile::Section IniFile::parse_section(std::string_view name) const {
  const std::string header = "[" + std::string{name} + "]";
  for (std::size_t i = 0; i < text_.pieces.size(); ++i) {
    const std::string_view piece = text_[text_.pieces[i]];
    if (ends_all(piece)) break;
    if (content(piece).substr(0, header.size()) == header) {
      return {text_.pieces[i].line, entries_from(i + 1)};
    }
  }
  return {};
}

std::vector<IniFile::Entry> IniFile::entries_from(std::size_t piece) const {
  std::vector<Entry> entries;
  std::string joined;
  std::size_t joins = 0;
  const IniPiece* begin = nullptr;
  for (; piece < text_.pieces.size(); ++piece) {
    const std::string_view raw = text_[text_.pieces[piece]];
    if (ends_all(raw)) break;
    if (joins == 0) begin = &text_.pieces[piece];
    // The last byte is taken for a newline also where there is none (a long line, the file's end):
    // then the backslash is looked for one byte too early, and a joined line loses its last byte.
    const std::string_view body = raw.substr(0, raw.size() - 1);
    if (!body.empty() && body.back() == '\\') {
      if (++joins > kMaxJoined) break;
      joined += body.substr(0, body.size() - 1);
      continue;
    }
    std::string_view line = without_newline(raw);
    if (joins > 0) line = joined += body;
    const std::string_view text = content(line);
    if (!text.empty() && text.front() == '[') break;
    const auto key = text.find_first_of(kKeyEnd);
    if (key != std::string_view::npos) {
      Entry entry{std::string{text.substr(0, key)}, std::nullopt};
      if (const auto value = value_of(text.substr(key))) {
        entry.value = {std::string{*value}, text_.files[begin->file], begin->line};
      }
      entries.push_back(std::move(entry));
    }
    joined.clear();
    joins = 0;
  }
  return entries;
}

}  // namespace masterd::config
