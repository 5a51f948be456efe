#include "proto/params.h"

#include <gtest/gtest.h>

namespace masterd::proto {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

/// What `read` says about the params in `text`.
template <class Read>
std::string complaint(std::string_view text, Read read) {
  const json::object params = json::parse(json::string_view{text.data(), text.size()}).as_object();
  Params p{params};
  read(p);
  const auto& error = p.finish();
  if (!error) return "";
  EXPECT_EQ(error->code, kInvalidParams);
  EXPECT_EQ(reason_of(*error), "bad_params");
  return error->message;
}

TEST(Params, ReadsEveryKind) {
  const json::object params = json::parse(R"({"name":"a","names":["b","c"],"wait":true,"lines":5,
      "timeout_s":1.25,"mode":"ready"})")
                                  .as_object();
  Params p{params};
  EXPECT_EQ(p.required_string("name"), "a");
  EXPECT_EQ(p.required_strings("names"), (std::vector<std::string>{"b", "c"}));
  EXPECT_TRUE(p.optional_bool("wait", false));
  EXPECT_EQ(p.optional_uint("lines", 1, 10), 5u);
  EXPECT_EQ(p.optional_seconds("timeout_s"), milliseconds{1250});
  EXPECT_EQ(p.optional_choice("mode", {"accepted", "ready"}), "ready");
  EXPECT_EQ(p.finish(), std::nullopt);
}

TEST(Params, WhatIsAbsentIsEmptyOrTheFallback) {
  const json::object params;
  Params p{params};
  EXPECT_EQ(p.optional_string("a"), std::nullopt);
  EXPECT_TRUE(p.optional_bool("b", true));
  EXPECT_EQ(p.optional_uint("c", 0, 1), std::nullopt);
  EXPECT_EQ(p.optional_seconds("d"), std::nullopt);
  EXPECT_EQ(p.optional_choice("e", {"x"}), std::nullopt);
  EXPECT_EQ(p.finish(), std::nullopt);
}

TEST(Params, AMissingOneIsNamedWithWhatItShouldBe) {
  EXPECT_EQ(complaint("{}", [](Params& p) { p.required_string("name"); }),
            "parameter \"name\" is missing: a string");
  EXPECT_EQ(complaint("{}", [](Params& p) { p.required_strings("names"); }),
            "parameter \"names\" is missing: a list of strings");
  EXPECT_EQ(complaint("{}",
                      [](Params& p) {
                        p.required_choice("state", {"a", "b"});
                      }),
            "parameter \"state\" is missing: one of a, b");
}

TEST(Params, AWrongTypeIsNamedWithBothTypes) {
  EXPECT_EQ(complaint(R"({"name":5})", [](Params& p) { p.required_string("name"); }),
            "parameter \"name\" must be a string, not a number");
  EXPECT_EQ(complaint(R"({"name":null})", [](Params& p) { p.optional_string("name"); }),
            "parameter \"name\" must be a string, not null");
  EXPECT_EQ(complaint(R"({"wait":"yes"})", [](Params& p) { p.optional_bool("wait", false); }),
            "parameter \"wait\" must be true or false, not a string");
  EXPECT_EQ(complaint(R"({"n":"5"})", [](Params& p) { p.optional_uint("n", 1, 9); }),
            "parameter \"n\" must be an integer from 1 to 9, not a string");
  EXPECT_EQ(complaint(R"({"names":"a"})", [](Params& p) { p.required_strings("names"); }),
            "parameter \"names\" must be a list of strings, not a string");
  EXPECT_EQ(complaint(R"({"t":{}})", [](Params& p) { p.optional_seconds("t"); }),
            "parameter \"t\" must be a number of seconds from 0 to 3600, not an object");
}

TEST(Params, AnEmptyNameIsRefused) {
  EXPECT_EQ(complaint(R"({"name":""})", [](Params& p) { p.required_string("name"); }),
            "parameter \"name\" must not be empty");
  EXPECT_EQ(complaint(R"({"names":[]})", [](Params& p) { p.required_strings("names"); }),
            "parameter \"names\" must not be an empty list");
}

TEST(Params, ABadItemIsNamedByItsPlace) {
  EXPECT_EQ(complaint(R"({"names":["a",7]})", [](Params& p) { p.required_strings("names"); }),
            "parameter \"names\" must be a list of strings; item 2 is a number");
  EXPECT_EQ(complaint(R"({"names":["a",""]})", [](Params& p) { p.required_strings("names"); }),
            "parameter \"names\" must be a list of names; item 2 is empty");
}

TEST(Params, NumbersOutOfRangeAreShown) {
  const auto lines = [](Params& p) { p.optional_uint("lines", 1, 9); };
  EXPECT_EQ(complaint(R"({"lines":0})", lines),
            "parameter \"lines\" must be an integer from 1 to 9; it is 0");
  EXPECT_EQ(complaint(R"({"lines":-1})", lines),
            "parameter \"lines\" must be an integer from 1 to 9; it is -1");
  EXPECT_EQ(complaint(R"({"lines":2.5})", lines),
            "parameter \"lines\" must be an integer from 1 to 9; it is 2.5");
  EXPECT_NE(complaint(R"({"lines":18446744073709551615})", lines), "");
}

TEST(Params, DurationsOutOfRangeAreRefusedEvenInfiniteOnes) {
  const auto timeout = [](Params& p) { p.optional_seconds("timeout_s"); };
  for (const char* text : {R"({"timeout_s":-0.1})", R"({"timeout_s":3600.1})",
                           R"({"timeout_s":1e400})", R"({"timeout_s":-1e400})"}) {
    EXPECT_NE(complaint(text, timeout), "") << text;
  }
  EXPECT_EQ(complaint(R"({"timeout_s":3600})", timeout), "");
  EXPECT_EQ(complaint(R"({"timeout_s":0})", timeout), "");
}

TEST(Params, AShortDurationIsNotNone) {
  const json::object params{{"t", 1e-9}};
  EXPECT_EQ(Params{params}.optional_seconds("t"), milliseconds{1});
}

TEST(Params, AWordThatIsNoneOfTheChoicesIsShownWithThem) {
  EXPECT_EQ(complaint(R"({"wait":"done"})",
                      [](Params& p) {
                        p.optional_choice("wait", {"accepted", "ready"});
                      }),
            "parameter \"wait\" must be one of accepted, ready; it is \"done\"");
}

TEST(Params, AnUnknownNameGetsTheNearest) {
  const auto read = [](Params& p) {
    p.optional_string("name");
    p.optional_bool("wait", false);
  };
  EXPECT_EQ(complaint(R"({"nam":"x"})", read),
            "parameter \"nam\" is unknown; did you mean \"name\"?");
  EXPECT_EQ(complaint(R"({"zzzzzz":1})", read),
            "parameter \"zzzzzz\" is unknown; known are name, wait");
}

TEST(Params, ASlipInTheNameOfARequiredOneIsToldAsThat) {
  EXPECT_EQ(complaint(R"({"nmae":"x"})", [](Params& p) { p.required_string("name"); }),
            "parameter \"nmae\" is unknown; did you mean \"name\"?");
  EXPECT_EQ(complaint(R"({"nmae":"x","wait":5})",
                      [](Params& p) {
                        p.optional_bool("wait", false);
                        p.required_string("name");
                      }),
            "parameter \"wait\" must be true or false, not a number");
}

TEST(Params, AMethodWithoutParametersSaysSo) {
  EXPECT_EQ(complaint(R"({"x":1})", [](Params&) {}),
            "parameter \"x\" is unknown: the method takes no parameters");
}

TEST(Params, TheFirstErrorIsKept) {
  EXPECT_EQ(complaint(R"({"a":1,"b":2,"c":3})",
                      [](Params& p) {
                        p.required_string("a");
                        p.required_string("b");
                        p.refuse("c", "is odd");
                      }),
            "parameter \"a\" must be a string, not a number");
}

TEST(Params, AMethodMayRefuseForItsOwnReasons) {
  EXPECT_EQ(
      complaint(R"({"signal":"SIGFOO"})",
                [](Params& p) { p.refuse("signal", p.required_string("signal") + " is none"); }),
      "parameter \"signal\" SIGFOO is none");
}

TEST(Params, TheErrorNamesTheParameterInItsData) {
  const json::object params{{"x", 1}};
  Params p{params};
  EXPECT_EQ(p.finish()->data, (json::object{{"reason", "bad_params"}, {"param", "x"}}));
}

}  // namespace
}  // namespace masterd::proto
