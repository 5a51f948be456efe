// document_table -- a table of docs/states.md, as its rows by their first cell.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace masterd::supervisor {

struct DocumentTable {
  std::vector<std::string> header;
  std::map<std::string, std::vector<std::string>> rows;  // without their first cell
};

inline std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The cells of a line "| a | b |".
inline std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream rest{line.substr(1)};
  for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

/// The table whose first cell is `corner`; empty: there is none.
inline DocumentTable table_of_states_md(const std::string& corner) {
  DocumentTable table;
  std::ifstream file{MASTERD_STATES_MD};
  EXPECT_TRUE(file) << MASTERD_STATES_MD;
  std::string line;
  while (std::getline(file, line) && line.rfind("| " + corner + " |", 0) != 0) continue;
  if (!file) return table;
  table.header = cells_of(line);
  std::getline(file, line);  // the rule
  while (std::getline(file, line) && !line.empty() && line[0] == '|') {
    std::vector<std::string> cells = cells_of(line);
    const std::string first = cells.at(0);
    cells.erase(cells.begin());
    EXPECT_TRUE(table.rows.emplace(first, cells).second) << first << " is there twice";
  }
  return table;
}

}  // namespace masterd::supervisor
