// table -- text for a terminal: aligned columns, durations, and nothing that could garble it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace masterd::ctl {

/// Control characters (C0, DEL, C1) as \n, \t, \x1b, \u0085 and invalid UTF-8 as U+FFFD: what a
/// program printed can't move the cursor, change colours or forge a line.
std::string escape(std::string_view text);

/// Colours only where they are wanted; `text` is taken as safe.
enum class Colour { None, Green, Yellow, Red };
std::string paint(std::string_view text, Colour colour);

/// 0.4s, 12s, 5m03s, 2h05m, 3d04h: two units at most.
std::string human_duration(double seconds);

class Table {
 public:
  explicit Table(std::vector<std::string> header);

  struct Cell {
    std::string text;
    Colour colour = Colour::None;
    Cell(std::string t, Colour c = Colour::None)
        : text{std::move(t)}, colour{c} {}  // NOLINT: a string is a cell
  };
  /// As many cells as the header has. They are escaped; an empty one is shown as "-".
  void add(std::vector<Cell> row);
  /// Left-aligned, two spaces between, no space at the end of a line. Columns that no row fills are
  /// left out.
  [[nodiscard]] std::string str(bool colours) const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace masterd::ctl
