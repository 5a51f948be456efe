#include "ctl/options.h"

#include <gtest/gtest.h>

namespace masterd::ctl {
namespace {

using namespace std::chrono_literals;
using Args = std::vector<std::string>;

Invocation parsed(const Args& args) {
  auto result = parse_command_line(args);
  if (const auto* answered = std::get_if<Answered>(&result)) {
    ADD_FAILURE() << answered->text;
    return {};
  }
  return std::get<Invocation>(result);
}

std::string usage_error(const Args& args) {
  auto result = parse_command_line(args);
  const auto* answered = std::get_if<Answered>(&result);
  if (answered == nullptr) return "";
  EXPECT_EQ(answered->code, 2);
  return answered->text;
}

TEST(Options, GlobalOnesMayStandBeforeOrAfterTheVerb) {
  for (const Args& args :
       {Args{"--endpoint", "ipc:///x", "--timeout", "1.5", "--json", "status", "a"},
        Args{"status", "a", "--json", "--timeout", "1.5", "--endpoint", "ipc:///x"},
        Args{"status", "--json", "a", "--timeout=1.5", "--endpoint=ipc:///x"}}) {
    const Invocation in = parsed(args);
    EXPECT_EQ(in.verb, "status");
    EXPECT_EQ(in.name, "a");
    EXPECT_EQ(in.endpoint, "ipc:///x");
    EXPECT_EQ(in.timeout, 1500ms);
    EXPECT_TRUE(in.json);
  }
}

TEST(Options, WithoutAnyTheDefaultsAreLeftToOthers) {
  const Invocation in = parsed({"ping"});
  EXPECT_EQ(in.endpoint, "");
  EXPECT_EQ(in.timeout, std::nullopt);
  EXPECT_FALSE(in.json);
}

TEST(Options, OfARepeatedGlobalOneTheLastWins) {
  const Invocation in = parsed({"--endpoint", "ipc:///a", "--timeout", "1", "ping", "--endpoint",
                                "ipc:///b", "--timeout", "2"});
  EXPECT_EQ(in.endpoint, "ipc:///b");
  EXPECT_EQ(in.timeout, 2s);
}

TEST(Options, ACoprocessMayBeNamedLikeAVerb) {
  EXPECT_EQ(parsed({"start", "status", "stop", "ping"}).names, (Args{"status", "stop", "ping"}));
  EXPECT_EQ(parsed({"wait", "list", "running"}).name, "list");
}

TEST(Options, GlobsArriveAsTheyWereTyped) {
  EXPECT_EQ(parsed({"stop", "[a-c]*", "{x,y}", "z?"}).names, (Args{"[a-c]*", "{x,y}", "z?"}));
}

TEST(Options, StopAndRestartTakeNowButStartDoesNot) {
  EXPECT_TRUE(parsed({"stop", "a", "--now", "--wait"}).now);
  EXPECT_TRUE(parsed({"restart", "--now", "a"}).now);
  EXPECT_NE(usage_error({"start", "a", "--now"}), "");
}

TEST(Options, AConfigOrATextIsNeededAndNotBoth) {
  EXPECT_EQ(parsed({"set-config", "two-stage", "--wait", "--dry-run"}).config, "two-stage");
  EXPECT_EQ(parsed({"set-config", "--text", "-"}).text_file, "-");
  EXPECT_EQ(parsed({"check", "--text", "f"}).text_file, "f");
  EXPECT_NE(usage_error({"set-config"}), "");
  EXPECT_NE(usage_error({"check"}), "");
  EXPECT_NE(usage_error({"set-config", "a", "--text", "b"}), "");
}

TEST(Options, LogsAndHistoryTakeTheirNumbers) {
  const Invocation logs = parsed({"logs", "a", "-n", "20", "-f"});
  EXPECT_EQ(logs.lines, 20u);
  EXPECT_TRUE(logs.follow);
  const Invocation history = parsed({"history", "--since-seq", "7", "--limit", "3"});
  EXPECT_EQ(history.since_seq, 7u);
  EXPECT_EQ(history.limit, 3u);
  EXPECT_EQ(history.name, "");
}

TEST(Options, CallTakesItsJsonAsOneWord) {
  const Invocation in = parsed({"call", "wait", R"({"name": "a", "list": [1, 2]})"});
  EXPECT_EQ(in.method, "wait");
  EXPECT_EQ(in.params, R"({"name": "a", "list": [1, 2]})");
}

TEST(Options, WriteTakesAnyTextAndNoneIsTheStandardInput) {
  EXPECT_EQ(parsed({"write", "a"}).text, Args{});
  const Invocation in = parsed({"write", "a", "home", "status", ""});
  EXPECT_EQ(in.name, "a");
  EXPECT_EQ(in.text, (Args{"home", "status", ""}));
  EXPECT_EQ(parsed({"write", "a", "--", "-5", "--json"}).text, (Args{"-5", "--json"}));
  EXPECT_NE(usage_error({"write"}), "");
}

TEST(Options, ThePicturesTakeNoName) {
  for (const char* verb : {"blame", "plot", "graph"}) {
    EXPECT_EQ(parsed({verb, "--json"}).verb, verb);
    EXPECT_NE(usage_error({verb, "a"}), "") << verb;
  }
  EXPECT_TRUE(parsed({"plot", "--all"}).all);
  EXPECT_EQ(parsed({"tree"}).name, "");
  EXPECT_EQ(parsed({"tree", "a"}).name, "a");
}

TEST(Options, EveryMistakeIsAUsageError) {
  for (const Args& args : {Args{},
                           Args{"--nonsense"},
                           Args{"status", "a", "b"},
                           Args{"start"},
                           Args{"signal", "a"},
                           Args{"wait", "a"},
                           Args{"logs"},
                           Args{"call"},
                           Args{"logs", "a", "-n", "0"},
                           Args{"logs", "a", "-n", "x"},
                           Args{"ping", "--timeout", "0"},
                           Args{"ping", "--timeout", "3601"},
                           Args{"ping", "--timeout", "nan"},
                           Args{"ping", "--timeout"},
                           Args{"history", "--since-seq", "-1"},
                           Args{"history", "--since-seq", "x"},
                           Args{"logs", "a", "-n", "1.5"},
                           Args{"logs", "a", "-n", "-5"},
                           Args{"history", "--since-seq", "18446744073709551616"},
                           Args{"start", ""}}) {
    EXPECT_NE(usage_error(args), "") << (args.empty() ? "nothing" : args.back());
  }
}

TEST(Options, AnUnknownVerbGetsTheNearest) {
  EXPECT_EQ(usage_error({"statsu"}), "unknown verb \"statsu\"; did you mean \"status\"?");
  EXPECT_EQ(usage_error({"--json", "frobnicate"}),
            "unknown verb \"frobnicate\". Run with --help for the list.");
}

TEST(Options, HelpNamesEveryExitStatus) {
  auto result = parse_command_line({"--help"});
  const auto& help = std::get<Answered>(result);
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.text.find("0 done, 1 refused or failed, 2 usage"), std::string::npos) << help.text;
}

}  // namespace
}  // namespace masterd::ctl
