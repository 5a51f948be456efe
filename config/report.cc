#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "config/utf8.h"

namespace masterd::config {

std::string Diagnostic::to_string() const {
  std::string out = file;
  if (line > 0) out += fmt::format(":{}", line);
  if (column > 0) out += fmt::format(":{}", column);
  if (!out.empty()) out += ": ";
  if (!key.empty()) out += key + ": ";
  return out + message;
}

void Report::error(const Where& where, std::string message) {
  const bool known = std::any_of(kept_.begin(), kept_.end(), [&](const Diagnostic& d) {
    return std::tie(d.line, d.column, d.message, d.key, d.file) ==
           std::tie(where.line, where.column, message, where.key, file_);
  });
  if (known || ++count_ > kMaxDiagnostics) return;
  kept_.push_back({file_, where.line, where.column, where.key, std::move(message)});
}

void Report::error_in(std::string file, const Where& where, std::string message) {
  const bool known = std::any_of(kept_.begin(), kept_.end(), [&](const Diagnostic& d) {
    return std::tie(d.line, d.key, d.file) == std::tie(where.line, where.key, file);
  });
  if (known || ++count_ > kMaxDiagnostics) return;
  kept_.push_back({std::move(file), where.line, where.column, where.key, std::move(message)});
}

Diagnostics Report::take() {
  std::stable_sort(kept_.begin(), kept_.end(), [&](const Diagnostic& a, const Diagnostic& b) {
    const bool a_foreign = a.file != file_;
    const bool b_foreign = b.file != file_;
    return std::tie(a_foreign, a.line, a.column) < std::tie(b_foreign, b.line, b.column);
  });
  if (count_ > kept_.size()) {
    kept_.push_back({file_, 0, 0, "", fmt::format("and {} more errors", count_ - kept_.size())});
  }
  count_ = 0;
  return std::exchange(kept_, {});
}

std::string shown(std::string_view text, std::size_t max) {
  std::string out;
  while (!text.empty()) {
    if (out.size() >= max) return out + "...";
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    const auto next = text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0U;
    // C1 controls (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F) drive terminals as ESC does.
    if (length == 2 && byte == 0xC2 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
    } else if (length == 0 || byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace masterd::config
