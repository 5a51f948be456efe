// report -- collects what is wrong with one file, and shows foreign text safely in messages.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "config/load.h"

namespace masterd::config {

/// A place in a file: 1-based line, 1-based column in characters (code points), dotted key.
struct Where {
  unsigned line = 0;
  unsigned column = 0;
  std::string key;
};

/// A value as written, with its place, for checks that come later.
struct Text {
  std::string value;
  Where where;
};

class Report {
 public:
  explicit Report(std::string file) : file_{std::move(file)} {}

  /// The same message at the same place counts once (as long as it is among those kept): one table
  /// may be read for many instances.
  void error(const Where& where, std::string message);
  /// Of another file than this one: once for each line and key.
  void error_in(std::string file, const Where& where, std::string message);
  [[nodiscard]] const std::string& file() const { return file_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  /// How many errors there are.
  [[nodiscard]] std::size_t count() const { return count_; }
  /// In file order; those without a position first, then those of other files, the count of what
  /// did not fit last.
  [[nodiscard]] Diagnostics take();

 private:
  std::string file_;
  std::size_t count_ = 0;
  Diagnostics kept_;
};

/// For messages: control characters and bytes that are no UTF-8 escaped, cut after about `max`
/// bytes at a character's border. A diagnostic is printed on terminals and sent as JSON, whatever
/// the file held.
std::string shown(std::string_view text, std::size_t max = 60);

}  // namespace masterd::config
