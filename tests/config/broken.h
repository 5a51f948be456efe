// broken -- one fault a file, and what must be said about it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>

#include "config/load.h"
#include "tests/config/results.h"

namespace masterd::config {

struct Broken {
  const char* name;
  const char* text;
  unsigned line;  // 0: the fault has no place
  const char* key;
  const char* fragment;
};

inline void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.name; }

/// `before` stands above the text and does not count as lines.
inline void expect_refused(const Broken& broken, const std::string& before = "") {
  const Diagnostics found =
      refused(load_text(before + broken.text, "dir/broken.toml", "/etc/masterd"));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  const Diagnostic& d = found.front();
  unsigned above = 0;
  for (const char c : before) above += c == '\n' ? 1 : 0;
  EXPECT_EQ(d.file, "dir/broken.toml");
  EXPECT_EQ(d.line, broken.line == 0 ? 0 : broken.line + above) << d.to_string();
  EXPECT_EQ(d.column > 0, broken.line > 0) << d.to_string();
  EXPECT_EQ(d.key, broken.key);
  EXPECT_THAT(d.message, ::testing::HasSubstr(broken.fragment));
}

}  // namespace masterd::config
