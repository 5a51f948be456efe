#include "ctl/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cmath>

#include "proto/text.h"

namespace masterd::ctl {
namespace {

/// Characters, not bytes. Wide and combining characters are not measured: names are ASCII, and a
/// reason comes last.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = proto::utf8_sequence(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else if (c == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0) {
      // C1: U+009B alone begins an escape sequence on some terminals.
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string paint(std::string_view text, Colour colour) {
  switch (colour) {
    case Colour::None:
      break;
    case Colour::Green:
      return fmt::format("\x1b[32m{}\x1b[0m", text);
    case Colour::Yellow:
      return fmt::format("\x1b[33m{}\x1b[0m", text);
    case Colour::Red:
      return fmt::format("\x1b[31m{}\x1b[0m", text);
  }
  return std::string{text};
}

std::string human_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0 || seconds > 1e15) return "?";
  if (seconds < 9.95) return fmt::format("{:.1f}s", seconds);
  const auto s = static_cast<std::int64_t>(seconds);
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s % 3600 / 60);
  return fmt::format("{}d{:02}h", s / 86400, s % 86400 / 3600);
}

Table::Table(std::vector<std::string> header) : header_{std::move(header)} {}

void Table::add(std::vector<Cell> row) {
  assert(row.size() == header_.size());
  for (Cell& cell : row) cell.text = escape(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::str(bool colours) const {
  std::vector<std::size_t> widths;  // 0: left out
  for (std::size_t i = 0; i < header_.size(); ++i) {
    std::size_t widest = 0;
    for (const auto& row : rows_) widest = std::max(widest, width(row[i].text));
    widths.push_back(widest == 0 && i != 0 ? 0 : std::max(widest, width(header_[i])));
  }

  std::string out;
  const auto line = [&](const auto& text_of) {
    std::size_t owed = 0;  // spaces, written only when something follows
    for (std::size_t i = 0; i < header_.size(); ++i) {
      if (widths[i] == 0) continue;
      const Cell cell = text_of(i);
      out.append(owed, ' ');
      out += colours ? paint(cell.text, cell.colour) : cell.text;
      owed = widths[i] - width(cell.text) + 2;
    }
    out += '\n';
  };
  line([&](std::size_t i) { return Cell{header_[i]}; });
  for (const auto& row : rows_) {
    line([&](std::size_t i) { return row[i].text.empty() ? Cell{"-"} : row[i]; });
  }
  return out;
}

}  // namespace masterd::ctl
