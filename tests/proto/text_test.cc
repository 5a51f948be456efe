#include "proto/text.h"

#include <gtest/gtest.h>

#include <vector>

namespace masterd::proto {
namespace {

const std::string kBad = "\xEF\xBF\xBD";

TEST(SanitizeUtf8, LeavesValidTextAlone) {
  const std::string text = "a\xC3\xA9\xE2\x98\x83\xF0\x9D\x84\x9E\xEF\xBF\xBF\xF4\x8F\xBF\xBF";
  EXPECT_EQ(sanitize_utf8(text), text);
  EXPECT_EQ(sanitize_utf8(""), "");
}

TEST(SanitizeUtf8, ReplacesEachByteOfWhatIsInvalid) {
  EXPECT_EQ(sanitize_utf8("a\xFF"
                          "b"),
            "a" + kBad + "b");
  EXPECT_EQ(sanitize_utf8("\x80"), kBad) << "a lone continuation";
  EXPECT_EQ(sanitize_utf8("\xC0\x80"), kBad + kBad) << "overlong";
  EXPECT_EQ(sanitize_utf8("\xE0\x80\x80"), kBad + kBad + kBad) << "overlong";
  EXPECT_EQ(sanitize_utf8("\xF0\x80\x80\x80"), kBad + kBad + kBad + kBad) << "overlong";
  EXPECT_EQ(sanitize_utf8("\xED\xA0\x80"), kBad + kBad + kBad) << "a surrogate";
  EXPECT_EQ(sanitize_utf8("\xF4\x90\x80\x80"), kBad + kBad + kBad + kBad) << "beyond U+10FFFF";
}

TEST(SanitizeUtf8, ReplacesASequenceCutShort) {
  EXPECT_EQ(sanitize_utf8("\xE2\x98"), kBad + kBad);
  EXPECT_EQ(sanitize_utf8("\xC3x"), kBad + "x");
}

TEST(Rfc3339, HasMillisecondsAndZulu) {
  using namespace std::chrono;
  EXPECT_EQ(rfc3339(system_clock::time_point{}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(system_clock::time_point{seconds{1767323045} + milliseconds{678}}),
            "2026-01-02T03:04:05.678Z");
}

TEST(Rfc3339, CountsForwardBefore1970) {
  EXPECT_EQ(rfc3339(std::chrono::system_clock::time_point{std::chrono::milliseconds{-1}}),
            "1969-12-31T23:59:59.999Z");
}

TEST(Nearest, FindsASlipOfTheFinger) {
  const std::vector<std::string_view> names{"names", "wait", "timeout_s"};
  EXPECT_EQ(nearest("name", names), "names");
  EXPECT_EQ(nearest("timeout", names), "timeout_s");
}

TEST(Nearest, OffersNothingFarFetched) {
  EXPECT_EQ(nearest("xyz", std::vector<std::string_view>{"names", "wait"}), "");
  EXPECT_EQ(nearest(std::string(100000, 'x'), std::vector<std::string_view>{"names"}), "");
}

TEST(EditDistance, CountsInsertionsDeletionsAndReplacements) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("abc", "abc"), 0u);
}

}  // namespace
}  // namespace masterd::proto
