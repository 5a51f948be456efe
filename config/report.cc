#include "config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace masterd::config {

std::string Diagnostic::to_string() const {
  std::string out = file;
  if (line > 0) out += fmt::format(":{}:{}", line, column);
  if (!out.empty()) out += ": ";
  if (!key.empty()) out += key + ": ";
  return out + message;
}

void Report::error(const Where& where, std::string message) {
  const bool known = std::any_of(kept_.begin(), kept_.end(), [&](const Diagnostic& d) {
    return std::tie(d.line, d.column, d.message, d.key) ==
           std::tie(where.line, where.column, message, where.key);
  });
  if (known || ++count_ > kMaxDiagnostics) return;
  kept_.push_back({file_, where.line, where.column, where.key, std::move(message)});
}

Diagnostics Report::take() {
  std::stable_sort(kept_.begin(), kept_.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  if (count_ > kept_.size()) {
    kept_.push_back({file_, 0, 0, "", fmt::format("and {} more errors", count_ - kept_.size())});
  }
  count_ = 0;
  return std::exchange(kept_, {});
}

std::string shown(std::string_view text, std::size_t max) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool continues = (byte & 0xC0) == 0x80;
    if (out.size() >= max && !continues) return out + "...";
    // C1 controls (U+0080 to U+009F, in UTF-8 C2 80 to C2 9F) drive terminals as ESC does.
    const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0U;
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == 0xC2 && next >= 0x80 && next < 0xA0) {
      out += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace masterd::config
