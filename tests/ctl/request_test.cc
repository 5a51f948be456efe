#include "ctl/request.h"

#include <gtest/gtest.h>

#include <sstream>

#include "ctl/exit_code.h"
#include "proto/rpc.h"
#include "tests/support/temp_folder.h"

namespace masterd::ctl {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

WireRequest request(const std::vector<std::string>& args, const std::string& input = "",
                    const std::filesystem::path& cwd = "/nowhere") {
  auto parsed = parse_command_line(args);
  std::istringstream in{input};
  return make_wire_request(std::get<Invocation>(parsed), in, cwd);
}

std::string wire(const std::vector<std::string>& args) {
  const WireRequest r = request(args);
  return r.method + " " + proto::encode(r.params);
}

ExitCode failure_code(const std::vector<std::string>& args, const std::string& input = "") {
  try {
    request(args, input);
  } catch (const Failure& failure) {
    EXPECT_STRNE(failure.what(), "");
    return failure.code;
  }
  return kDone;
}

TEST(WireRequest, EachVerbCallsItsMethod) {
  EXPECT_EQ(wire({"ping"}), "ping {}");
  EXPECT_EQ(wire({"status"}), "status {}");
  EXPECT_EQ(wire({"status", "a"}), R"(status {"name":"a"})");
  EXPECT_EQ(wire({"list"}), "list_configs {}");
  EXPECT_EQ(wire({"check", "two"}), R"(check_config {"config":"two"})");
  EXPECT_EQ(wire({"set-config", "two"}), R"(set_config {"config":"two"})");
  EXPECT_EQ(wire({"set-config", "two", "--dry-run"}),
            R"(set_config {"config":"two","dry_run":true})");
  EXPECT_EQ(wire({"end-session"}), "end_session {}");
  EXPECT_EQ(wire({"shutdown", "--reason", "lunch"}), R"(shutdown {"reason":"lunch"})");
  EXPECT_EQ(wire({"start", "a", "b*"}), R"(start {"names":["a","b*"]})");
  EXPECT_EQ(wire({"stop", "a", "--now"}), R"(stop {"names":["a"],"now":true})");
  EXPECT_EQ(wire({"restart", "a"}), R"(restart {"names":["a"]})");
  EXPECT_EQ(wire({"signal", "a", "HUP"}), R"(signal {"name":"a","signal":"HUP"})");
  EXPECT_EQ(wire({"rotate"}), "rotate_logs {}");
  EXPECT_EQ(wire({"rotate", "a*"}), R"(rotate_logs {"names":["a*"]})");
  EXPECT_EQ(wire({"logs", "a", "-n", "5"}), R"(logs {"name":"a","lines":5})");
  EXPECT_EQ(wire({"history", "a", "--since-seq", "4", "--limit", "2"}),
            R"(history {"name":"a","since_seq":4,"limit":2})");
  EXPECT_EQ(wire({"tree"}), "tree {}");
  EXPECT_EQ(wire({"tree", "a"}), R"(tree {"name":"a"})");
  EXPECT_EQ(wire({"call", "stats"}), "stats {}");
  EXPECT_EQ(wire({"call", "x", R"({"a":[1]})"}), R"(x {"a":[1]})");
}

TEST(WireRequest, WhatWaitsTellsTheDaemonForHowLong) {
  EXPECT_EQ(wire({"wait", "a", "running"}),
            R"(wait {"name":"a","state":"running","timeout_s":60.0})");
  EXPECT_EQ(wire({"stop", "a", "--wait", "--timeout", "2.5"}),
            R"(stop {"names":["a"],"wait":true,"timeout_s":2.5})");
  EXPECT_EQ(wire({"set-config", "c", "--wait"}),
            R"(set_config {"config":"c","wait":"ready","timeout_s":60.0})");
  EXPECT_EQ(wire({"end-session", "--wait"}), R"(end_session {"wait":true,"timeout_s":60.0})");
}

TEST(WireRequest, TheClientWaitsLongerThanTheDaemonSoThatItHearsTheReason) {
  EXPECT_GT(request({"wait", "a", "running", "--timeout", "5"}).timeout, 5s);
  EXPECT_GT(request({"wait", "a", "running"}).timeout, 60s);
}

TEST(WireRequest, WithoutWaitingTheTimeoutIsTheClients) {
  EXPECT_EQ(request({"status", "--timeout", "5"}).timeout, 5s);
  EXPECT_EQ(request({"status"}).timeout, 10s);
  EXPECT_FALSE(request({"status", "--timeout", "5"}).params.contains("timeout_s"));
}

TEST(WireRequest, ShutdownIsNotToldToWaitSinceNoDaemonCanTellItsOwnEnd) {
  EXPECT_EQ(wire({"shutdown", "--wait"}), "shutdown {}");
}

TEST(WireRequest, ABareNameIsAConfigsName) {
  EXPECT_EQ(config_word("two-stage", "/d"), "two-stage");
}

TEST(WireRequest, APathIsMadeAbsolute) {
  EXPECT_EQ(config_word("./foo.toml", "/d"), "/d/foo.toml");
  EXPECT_EQ(config_word("sub/foo", "/d"), "/d/sub/foo");
  EXPECT_EQ(config_word("/abs/foo", "/d"), "/abs/foo");
  EXPECT_EQ(config_word("../foo.toml", "/d"), "/d/../foo.toml") << "may lead through a link";
}

TEST(WireRequest, WhatHasADotIsAFileBesidesUs) {
  EXPECT_EQ(config_word("mill.ini", "/d"), "/d/mill.ini");
  EXPECT_EQ(config_word("mill.toml", "/d"), "/d/mill.toml");
}

TEST(WireRequest, TheTextOfAFileIsSent) {
  const test::TempFolder folder;
  const std::string file = folder.file("f", "[session]\n");
  EXPECT_EQ(request({"set-config", "--text", file}).params.at("text"), "[session]\n");
}

TEST(WireRequest, TheTextOfStdinIsSent) {
  EXPECT_EQ(request({"check", "--text", "-"}, "x = 1").params.at("text"), "x = 1");
}

TEST(WireRequest, ATextThatCannotBeReadIsAFailure) {
  EXPECT_EQ(failure_code({"check", "--text", "/nowhere/f"}), kFailed);
  EXPECT_EQ(failure_code({"check", "--text", "/"}), kFailed);
  EXPECT_EQ(failure_code({"check", "--text", "/dev/zero"}), kFailed) << "never ends";
  EXPECT_EQ(failure_code({"check", "--text", "-"}, std::string(proto::kMaxMessage + 1, 'x')),
            kFailed);
}

TEST(WireRequest, ParamsThatAreNoObjectAreAUsageError) {
  EXPECT_EQ(failure_code({"call", "x", "[1]"}), kUsage);
  EXPECT_EQ(failure_code({"call", "x", "{"}), kUsage);
}

}  // namespace
}  // namespace masterd::ctl
