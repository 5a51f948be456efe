// The document against the table of methods. What the methods answer is held against its schemas by
// tests/integration/openrpc_test.py.
#include "daemon/openrpc.h"

#include <gmock/gmock.h>

#include "masterd_version.h"
#include "tests/daemon/methods_fixture.h"

namespace masterd::daemon {
namespace {

namespace json = boost::json;
using testing::ElementsAreArray;

class OpenRpcTest : public test::MethodsFixture {};

json::array methods() { return openrpc_document().at("methods").as_array(); }

TEST_F(OpenRpcTest, DescribesEveryMethodInTheOrderOfTheTable) {
  std::vector<std::string> described;
  for (const json::value& method : methods()) {
    described.emplace_back(method.at("name").as_string());
  }
  EXPECT_THAT(described, ElementsAreArray(Methods::names()));
}

TEST_F(OpenRpcTest, DescribesExactlyTheParametersThatTheMethodKnows) {
  // Far from every name, so that the refusal tells all that are known.
  const std::string stranger = R"({"xxxxxxxxxxxxxxxxxxxxxxxx":1})";
  for (const json::value& method : methods()) {
    const std::string name{method.at("name").as_string()};
    std::string described;
    for (const json::value& param : method.at("params").as_array()) {
      described += described.empty() ? "is unknown; known are " : ", ";
      described += param.at("name").as_string();
    }
    if (described.empty()) described = "is unknown: the method takes no parameters";
    send(name, stranger);
    const std::string message{answer().at("error").at("message").as_string()};
    EXPECT_EQ(message, "parameter \"xxxxxxxxxxxxxxxxxxxxxxxx\" " + described) << name;
  }
}

TEST_F(OpenRpcTest, WhatIsRequiredIsWhatCannotBeLeftOut) {
  for (const json::value& method : methods()) {
    const std::string name{method.at("name").as_string()};
    if (name == "shutdown") continue;
    bool required = false;
    for (const json::value& param : method.at("params").as_array()) {
      required = required || param.as_object().contains("required");
    }
    const bool refused = refusal(name) == "bad_params";
    // Of config and text one is needed, which no list of parameters can say.
    const bool either = name == "check_config" || name == "set_config";
    EXPECT_EQ(refused, required || either) << name;
  }
}

TEST_F(OpenRpcTest, TellsTheVersion) {
  EXPECT_EQ(result("rpc.discover").at("info").at("version"), MASTERD_VERSION);
}

}  // namespace
}  // namespace masterd::daemon
