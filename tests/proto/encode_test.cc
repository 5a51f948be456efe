#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;

TEST(Encode, WritesEveryKindOnOneLine) {
  const json::value value = {{"a", {1, -2, 1.5, true, nullptr}}, {"b", "x\ny"}};
  EXPECT_EQ(encode(value), R"({"a":[1,-2,1.5,true,null],"b":"x\ny"})");
}

TEST(Encode, KeepsTheOrderOfMembers) {
  EXPECT_EQ(encode(json::object{{"z", 1}, {"a", 2}}), R"({"z":1,"a":2})");
}

TEST(Encode, ADoubleStaysADouble) {
  EXPECT_EQ(encode(json::value(3.0)), "3.0");
  EXPECT_EQ(encode(json::value(1e300)), "1e+300");
  EXPECT_EQ(encode(json::value(-0.1)), "-0.1");
}

TEST(Encode, ANumberThatIsNotFiniteBecomesNull) {
  EXPECT_EQ(encode(json::value(std::numeric_limits<double>::infinity())), "null");
  EXPECT_EQ(encode(json::value(std::nan(""))), "null");
  EXPECT_EQ(encode(json::parse("[1e400,-1e400]")), "[null,null]");
}

TEST(Encode, InvalidUtf8InKeysAndValuesIsReplaced) {
  EXPECT_EQ(encode(json::object{{"k\xFF", "v\xC0\x80"}}),
            "{\"k\xEF\xBF\xBD\":\"v\xEF\xBF\xBD\xEF\xBF\xBD\"}");
}

TEST(Encode, ControlCharactersAreEscaped) {
  EXPECT_EQ(encode(json::value(json::string{"\x00\x1b[31m\x7f\"\\\t\r\xC3\xA9", 13})),
            "\"\\u0000\\u001b[31m\\u007f\\\"\\\\\\t\\r\xC3\xA9\"");
}

TEST(Encode, WhatWasWrittenReadsBackTheSame) {
  const json::value value = {{"max", std::numeric_limits<std::uint64_t>::max()},
                             {"min", std::numeric_limits<std::int64_t>::min()},
                             {"pi", 3.141592653589793},
                             {"tiny", 5e-324},
                             {"text", "tab\t quote\" back\\ snow\xE2\x98\x83 clef\xF0\x9D\x84\x9E"},
                             {"deep", {{"a", {{"b", json::array{}}}}, {"o", json::object{}}}}};
  EXPECT_EQ(json::parse(encode(value)), value);
}

TEST(Encode, AResultCarriesItsId) {
  EXPECT_EQ(encode(result_value("a", {{"ok", true}})),
            R"({"jsonrpc":"2.0","result":{"ok":true},"id":"a"})");
}

TEST(Encode, AnErrorWithoutDataHasNone) {
  EXPECT_EQ(encode(error_value(nullptr, {kParseError, "no", nullptr})),
            R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"no"},"id":null})");
}

TEST(Encode, AnApplicationErrorSaysItsReasonFirst) {
  const Error error = application_error("unknown_coprocess", "no x", {{"name", "x"}});
  EXPECT_EQ(encode(error_value(1, error)),
            R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no x",)"
            R"("data":{"reason":"unknown_coprocess","name":"x"}},"id":1})");
  EXPECT_EQ(reason_of(error), "unknown_coprocess");
}

TEST(Encode, ExtraDataCannotReplaceTheReason) {
  EXPECT_EQ(reason_of(application_error("busy", "", {{"reason", "other"}})), "busy");
}

TEST(Encode, AnErrorWithoutDataHasNoReason) {
  EXPECT_EQ(reason_of({kInternalError, "x", nullptr}), "");
  EXPECT_EQ(reason_of({kInternalError, "x", json::object{{"reason", 5}}}), "");
}

TEST(Encode, ARequestIsReadBackByParse) {
  const Message m = parse(make_request("wait", {{"name", "a"}}, 9));
  const auto& request = std::get<Request>(m.items.front());
  EXPECT_EQ(request.method, "wait");
  EXPECT_EQ(request.params, (json::object{{"name", "a"}}));
  EXPECT_EQ(request.id, Id(9));
}

}  // namespace
}  // namespace masterd::proto
