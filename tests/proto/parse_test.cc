#include <gtest/gtest.h>

#include "proto/rpc.h"

namespace masterd::proto {
namespace {

namespace json = boost::json;

BadRequest refused(std::string_view bytes) {
  const Message message = parse(bytes);
  EXPECT_FALSE(message.batch);
  EXPECT_EQ(message.items.size(), 1u);
  const auto* bad = std::get_if<BadRequest>(&message.items.front());
  if (bad == nullptr) {
    ADD_FAILURE() << "was accepted: " << bytes.substr(0, 80);
    return {};
  }
  EXPECT_FALSE(bad->error.message.empty());
  return *bad;
}

Request accepted(std::string_view bytes) {
  const Message message = parse(bytes);
  const auto* bad = std::get_if<BadRequest>(&message.items.front());
  if (bad != nullptr) {
    ADD_FAILURE() << bad->error.message;
    return {};
  }
  return std::get<Request>(message.items.front());
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(Parse, ARequestHasItsMethodParamsAndId) {
  const Request r = accepted(R"({"jsonrpc":"2.0","method":"wait","params":{"name":"a"},"id":7})");
  EXPECT_EQ(r.method, "wait");
  EXPECT_EQ(r.params, (json::object{{"name", "a"}}));
  EXPECT_EQ(r.id, Id(7));
}

TEST(Parse, AbsentParamsAreEmpty) {
  EXPECT_TRUE(accepted(R"({"jsonrpc":"2.0","method":"ping","id":"x"})").params.empty());
}

TEST(Parse, WithoutIdItIsANotification) {
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"ping"})").id, std::nullopt);
}

TEST(Parse, ANullIdIsAnIdAndHasAnAnswerDue) {
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"ping","id":null})").id, Id(nullptr));
}

TEST(Parse, MembersThatJsonRpcDoesNotKnowAreIgnored) {
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"ping","id":1,"trace":[1]})").method, "ping");
}

TEST(Parse, OfDuplicateKeysTheLastWins) {
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"a","method":"b","id":1})").method, "b");
}

TEST(Parse, GarbageIsAParseError) {
  for (const char* text : {"", " ", "{", "hello", "{} {}", "\xEF\xBB\xBF{}", "[1,]", "NaN",
                           "{'a':1}", "\"\xFF\"", "\"\\ud800\"", "\xFF\xFE"}) {
    EXPECT_EQ(refused(text).error.code, kParseError) << text;
    EXPECT_TRUE(refused(text).id.is_null()) << text;
  }
}

TEST(Parse, ANulByteIsAParseError) {
  EXPECT_EQ(refused(std::string_view{"{}\0", 3}).error.code, kParseError);
}

TEST(Parse, AMessageOfExactlyTheLimitIsRead) {
  std::string text = R"({"jsonrpc":"2.0","method":"ping","id":1})";
  text.append(kMaxMessage - text.size(), ' ');
  EXPECT_EQ(accepted(text).method, "ping");
}

TEST(Parse, AMessageOverTheLimitIsAnInvalidRequest) {
  std::string text = R"({"jsonrpc":"2.0","method":"ping","id":1})";
  text.append(kMaxMessage - text.size() + 1, ' ');
  EXPECT_EQ(refused(text).error.code, kInvalidRequest);
}

TEST(Parse, NestingUpToTheLimitIsReadAndBeyondIsAnInvalidRequest) {
  const auto request = [](std::size_t depth) {
    return R"({"jsonrpc":"2.0","method":"m","id":1,"params":{"p":)" + nested(depth) + "}}";
  };
  EXPECT_EQ(accepted(request(kMaxDepth - 2)).method, "m");
  EXPECT_EQ(refused(request(kMaxDepth - 1)).error.code, kInvalidRequest);
  EXPECT_EQ(refused(request(100000)).error.code, kInvalidRequest);
}

TEST(Parse, ABadEnvelopeIsAnInvalidRequestThatKeepsItsId) {
  for (const char* text : {
           R"({"method":"ping","id":3})",
           R"({"jsonrpc":"1.0","method":"ping","id":3})",
           R"({"jsonrpc":2.0,"method":"ping","id":3})",
           R"({"jsonrpc":"2.0","id":3})",
           R"({"jsonrpc":"2.0","method":5,"id":3})",
           R"({"jsonrpc":"2.0","method":"ping","params":"x","id":3})",
           R"({"jsonrpc":"2.0","method":"ping","params":null,"id":3})",
       }) {
    EXPECT_EQ(refused(text).error.code, kInvalidRequest) << text;
    EXPECT_EQ(refused(text).id, Id(3)) << text;
  }
}

TEST(Parse, WhatIsNoObjectIsAnInvalidRequest) {
  for (const char* text : {"1", "null", "\"ping\"", "true"}) {
    EXPECT_EQ(refused(text).error.code, kInvalidRequest) << text;
  }
}

TEST(Parse, PositionalParamsAreInvalidParams) {
  const BadRequest bad = refused(R"({"jsonrpc":"2.0","method":"ping","params":[1],"id":"a"})");
  EXPECT_EQ(bad.error.code, kInvalidParams);
  EXPECT_EQ(bad.id, Id("a"));
}

TEST(Parse, AnIdThatCannotBeOneIsAnInvalidRequestWithANullId) {
  for (const char* id : {"1.0", "1.5", "true", "[]", "{}", "1e400", "18446744073709551616"}) {
    const BadRequest bad =
        refused(std::string{R"({"jsonrpc":"2.0","method":"ping","id":)"} + id + "}");
    EXPECT_EQ(bad.error.code, kInvalidRequest) << id;
    EXPECT_TRUE(bad.id.is_null()) << id;
  }
}

TEST(Parse, IntegersOf64BitsAreIds) {
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"m","id":-9223372036854775808})").id,
            Id(std::numeric_limits<std::int64_t>::min()));
  EXPECT_EQ(accepted(R"({"jsonrpc":"2.0","method":"m","id":18446744073709551615})").id,
            Id(std::numeric_limits<std::uint64_t>::max()));
}

TEST(Parse, AStringIdMayHave256Bytes) {
  const auto request = [](std::size_t n) {
    return R"({"jsonrpc":"2.0","method":"ping","id":")" + std::string(n, 'x') + "\"}";
  };
  EXPECT_EQ(accepted(request(256)).id, Id(std::string(256, 'x')));
  EXPECT_EQ(refused(request(257)).error.code, kInvalidRequest);
  EXPECT_TRUE(refused(request(257)).id.is_null());
}

TEST(Parse, ABatchKeepsOrderAndEachItemFailsAlone) {
  const Message m = parse(R"([{"jsonrpc":"2.0","method":"a","id":1}, 5,
                              {"jsonrpc":"2.0","method":"b"}])");
  ASSERT_TRUE(m.batch);
  ASSERT_EQ(m.items.size(), 3u);
  EXPECT_EQ(std::get<Request>(m.items[0]).method, "a");
  EXPECT_EQ(std::get<BadRequest>(m.items[1]).error.code, kInvalidRequest);
  EXPECT_EQ(std::get<Request>(m.items[2]).id, std::nullopt);
}

TEST(Parse, ABatchOfOneIsStillABatch) {
  EXPECT_TRUE(parse(R"([{"jsonrpc":"2.0","method":"a","id":1}])").batch);
}

TEST(Parse, AnEmptyBatchIsOneInvalidRequest) {
  EXPECT_EQ(refused("[]").error.code, kInvalidRequest);
}

TEST(Parse, ABatchMayHave32Requests) {
  const auto batch = [](std::size_t n) {
    std::string text = "[";
    for (std::size_t i = 0; i < n; ++i) text += i == 0 ? "1" : ",1";
    return text + "]";
  };
  EXPECT_EQ(parse(batch(kMaxBatch)).items.size(), kMaxBatch);
  EXPECT_EQ(refused(batch(kMaxBatch + 1)).error.code, kInvalidRequest);
}

}  // namespace
}  // namespace masterd::proto
