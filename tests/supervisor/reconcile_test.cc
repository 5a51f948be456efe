#include "supervisor/reconcile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <variant>

#include "tests/supervisor/specs.h"

namespace masterd::supervisor {
namespace {

using config::CoprocessSpec;
using config::SessionSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Key {
  const char* name;
  bool neutral;
  std::function<void(CoprocessSpec&)> change;
};

class ReconcileKeyTest : public ::testing::TestWithParam<Key> {};

TEST_P(ReconcileKeyTest, DecidesWhetherTheProcessStays_S14) {
  const CoprocessSpec before = coprocess("a");
  CoprocessSpec after = before;
  GetParam().change(after);
  ASSERT_NE(before, after);
  EXPECT_EQ(same_process(before, after), GetParam().neutral);
  EXPECT_EQ(same_process(after, before), GetParam().neutral);
  const Changes changes = compare(session({before}), session({after}));
  EXPECT_EQ(changes.updated.size(), GetParam().neutral ? 1U : 0U);
  EXPECT_EQ(changes.changed.size(), GetParam().neutral ? 0U : 1U);
  EXPECT_THAT(changes.unchanged, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    EachKey, ReconcileKeyTest,
    ::testing::Values(
        Key{"description", true, [](auto& s) { s.description = "new"; }},
        Key{"group", true, [](auto& s) { s.group = "g"; }},
        Key{"requires", true, [](auto& s) { s.requires_ = {"b"}; }},
        Key{"restart_policy", true, [](auto& s) { s.restart.policy = config::Restart::Always; }},
        Key{"restart_delay", true, [](auto& s) { s.restart.delay *= 2; }},
        Key{"restart_max_delay", true, [](auto& s) { s.restart.max_delay *= 2; }},
        Key{"restart_limit", true, [](auto& s) { s.restart.limit = 0; }},
        Key{"restart_within", true, [](auto& s) { s.restart.within *= 2; }},
        Key{"restart_then", true, [](auto& s) { s.restart.then = config::Then::Shutdown; }},
        Key{"stop_signal", true, [](auto& s) { s.stop[0].signal = SIGINT; }},
        Key{"stop_grace", true, [](auto& s) { s.stop[0].grace *= 2; }},
        Key{"stop_rungs", true, [](auto& s) { s.stop.erase(s.stop.begin()); }},
        Key{"on_exit", true, [](auto& s) { s.on_exit = config::OnExit::Shutdown; }},
        Key{"on_suspend", true, [](auto& s) { s.on_suspend = config::OnSuspend::Fail; }},
        Key{"vital", true, [](auto& s) { s.vital = true; }},
        Key{"leftovers", false, [](auto& s) { s.leftovers = config::Leftovers::Keep; }},
        Key{"command_program", false, [](auto& s) { s.command[0] = "/bin/b"; }},
        Key{"command_argument", false, [](auto& s) { s.command.emplace_back("-v"); }},
        Key{"cwd", false, [](auto& s) { s.cwd = "/tmp"; }},
        Key{"env_added", false, [](auto& s) { s.env["A"] = "1"; }}),
    [](const auto& info) { return std::string{info.param.name}; });

// Has the keys that are optional.
CoprocessSpec rich() {
  CoprocessSpec spec = coprocess("a");
  spec.ready.how = config::ReadyExec{{"probe"}, {}, {}};
  spec.health = config::HealthSpec{{"ping"}, {}, {}, 1};
  spec.stop_command = config::CommandSpec{{"halt"}, {}};
  spec.undo = config::CommandSpec{{"undo"}, {}};
  spec.before = {config::CommandSpec{{"before"}, {}}};
  spec.after = {config::CommandSpec{{"after"}, {}}};
  return spec;
}

class ReconcileRichKeyTest : public ::testing::TestWithParam<Key> {};

TEST_P(ReconcileRichKeyTest, DecidesWhetherTheProcessStays_S14) {
  const CoprocessSpec before = rich();
  CoprocessSpec after = before;
  GetParam().change(after);
  ASSERT_NE(before, after);
  EXPECT_EQ(same_process(before, after), GetParam().neutral);
  EXPECT_EQ(same_process(after, before), GetParam().neutral);
}

INSTANTIATE_TEST_SUITE_P(
    EachKey, ReconcileRichKeyTest,
    ::testing::Values(
        Key{"stop_command", true, [](auto& s) { s.stop_command->argv = {"other"}; }},
        Key{"no_stop_command", true, [](auto& s) { s.stop_command.reset(); }},
        Key{"restart_jitter", true, [](auto& s) { s.restart.jitter = 0.5; }},
        Key{"restart_reset_after", true, [](auto& s) { s.restart.reset_after *= 2; }},
        Key{"restart_scope", true,
            [](auto& s) { s.restart.scope = config::RestartSpec::Scope::Session; }},
        Key{"success", true, [](auto& s) { s.success.codes = {3}; }},
        Key{"stay", true, [](auto& s) { s.stay = true; }},
        Key{"health", true, [](auto& s) { s.health->argv = {"other"}; }},
        Key{"no_health", true, [](auto& s) { s.health.reset(); }},
        Key{"output_ring", true, [](auto& s) { s.output.ring_bytes *= 2; }},
        Key{"output_file", true, [](auto& s) { s.output.file = "/f"; }},
        Key{"output_log", true, [](auto& s) { s.output.log = false; }},
        Key{"ready_timeout", true, [](auto& s) { s.ready.timeout *= 2; }},
        Key{"probe_interval", true,
            [](auto& s) {
              std::get<config::ReadyExec>(s.ready.how).interval = std::chrono::seconds{9};
            }},
        Key{"probe_timeout", true,
            [](auto& s) {
              std::get<config::ReadyExec>(s.ready.how).timeout = std::chrono::seconds{9};
            }},
        Key{"undo_timeout", true, [](auto& s) { s.undo->timeout = std::chrono::seconds{9}; }},
        Key{"before_timeout", true, [](auto& s) { s.before[0].timeout = std::chrono::seconds{9}; }},
        Key{"after_timeout", true, [](auto& s) { s.after[0].timeout = std::chrono::seconds{9}; }},
        Key{"probe_command", false,
            [](auto& s) { std::get<config::ReadyExec>(s.ready.how).argv = {"other"}; }},
        Key{"ready_way", false, [](auto& s) { s.ready.how = config::ReadyNotify{}; }},
        Key{"undo", false, [](auto& s) { s.undo->argv = {"other"}; }},
        Key{"before", false, [](auto& s) { s.before.clear(); }},
        Key{"after", false, [](auto& s) { s.after[0].argv = {"other"}; }},
        Key{"capture_stdout", false, [](auto& s) { s.output.capture_stdout = false; }},
        Key{"capture_stderr", false, [](auto& s) { s.output.capture_stderr = false; }},
        Key{"type", false, [](auto& s) { s.kind = config::Kind::Forking; }},
        Key{"watchdog", false, [](auto& s) { s.watchdog = std::chrono::seconds{9}; }},
        Key{"stdin", false, [](auto& s) { s.stdin_kind = config::StdinKind::Pipe; }},
        Key{"env_file", false, [](auto& s) { s.env_files = {"/e"}; }},
        Key{"user", false, [](auto& s) { s.user = "u"; }},
        Key{"limits", false, [](auto& s) { s.limits = {{"core", 4, 0, 0}}; }},
        Key{"realtime", false, [](auto& s) { s.realtime.emplace(); }},
        Key{"capabilities", false, [](auto& s) { s.capabilities.emplace(); }}),
    [](const auto& info) { return std::string{info.param.name}; });

TEST(ReconcileTest, UnchangedFileChangesNothing_P9) {
  const SessionSpec spec = session({member("b", "g"), coprocess("a"), coprocess("c", {"g"})});
  const Changes changes = compare(spec, spec);
  EXPECT_THAT(changes.unchanged, ElementsAre("b", "a", "c"));
  EXPECT_THAT(changes.added, IsEmpty());
  EXPECT_THAT(changes.removed, IsEmpty());
  EXPECT_THAT(changes.changed, IsEmpty());
  EXPECT_THAT(changes.updated, IsEmpty());
}

TEST(ReconcileTest, OtherOrderOfTheSameCoprocessesChangesNothing_P9) {
  const Changes changes = compare(session({coprocess("a"), coprocess("b"), coprocess("c")}),
                                  session({coprocess("c"), coprocess("a"), coprocess("b")}));
  EXPECT_THAT(changes.unchanged, ElementsAre("c", "a", "b"));
  EXPECT_THAT(changes.changed, IsEmpty());
}

TEST(ReconcileTest, EachListIsInTheOrderOfTheFileThatNamesIt) {
  const SessionSpec now = session({coprocess("z-gone"), coprocess("m"), coprocess("y-gone"),
                                   coprocess("k"), coprocess("l"), coprocess("same")});
  CoprocessSpec l = coprocess("l");
  l.description = "new";
  CoprocessSpec k = coprocess("k");
  k.description = "new";
  const SessionSpec wanted = session({coprocess("q-new"), l, with_command(coprocess("m"), "-v"),
                                      coprocess("same"), k, coprocess("b-new")});
  const Changes changes = compare(now, wanted);
  EXPECT_THAT(changes.added, ElementsAre("q-new", "b-new"));
  EXPECT_THAT(changes.removed, ElementsAre("z-gone", "y-gone"));
  EXPECT_THAT(changes.changed, ElementsAre("m"));
  EXPECT_THAT(changes.updated, ElementsAre("l", "k"));
  EXPECT_THAT(changes.unchanged, ElementsAre("same"));
}

TEST(ReconcileTest, NeutralAndOtherKeyTogetherMeanARestart) {
  CoprocessSpec after = with_command(coprocess("a"), "-v");
  after.description = "new";
  EXPECT_THAT(compare(session({coprocess("a")}), session({after})).changed, ElementsAre("a"));
}

TEST(ReconcileTest, OtherNameIsARemovalAndAnAddition) {
  const Changes changes = compare(session({coprocess("a")}), session({coprocess("A")}));
  EXPECT_THAT(changes.removed, ElementsAre("a"));
  EXPECT_THAT(changes.added, ElementsAre("A"));
}

TEST(ReconcileTest, EmptySessionsCompare) {
  EXPECT_THAT(compare({}, session({coprocess("a")})).added, ElementsAre("a"));
  EXPECT_THAT(compare(session({coprocess("a")}), {}).removed, ElementsAre("a"));
  EXPECT_THAT(compare({}, {}).unchanged, IsEmpty());
}

TEST(ReconcileTest, DescriptionOfTheSessionConcernsNoCoprocess) {
  SessionSpec wanted = session({coprocess("a")});
  wanted.description = "another";
  EXPECT_THAT(compare(session({coprocess("a")}), wanted).unchanged, ElementsAre("a"));
}

TEST(ReconcileTest, WhoRequiresSomethingThatRestartsIsToldAtAnyDistance) {
  const auto spec = [](const std::string& argument) {
    return session({with_command(coprocess("base"), argument), coprocess("near", {"base"}),
                    coprocess("far", {"near"}), member("inside", "g"), coprocess("apart")},
                   {{"g", {"far"}}});
  };
  EXPECT_THAT(compare(spec("1"), spec("2")).dependents, ElementsAre("near", "far", "inside"));
  EXPECT_THAT(compare(spec("1"), spec("1")).dependents, IsEmpty());
}

TEST(ReconcileTest, WhoRequiresAGroupRestartsWithAnyOfItsMembers) {
  const auto spec = [](const std::string& argument) {
    return session({with_command(member("a", "g"), argument), member("b", "g"),
                    coprocess("user", {"g"}), coprocess("b-user", {"b"})});
  };
  EXPECT_THAT(compare(spec("1"), spec("2")).dependents, ElementsAre("user"));
}

TEST(ReconcileTest, WhoIsNewOrChangedItselfIsNoDependent) {
  const auto now = session({coprocess("base"), coprocess("user", {"base"})});
  const auto wanted =
      session({with_command(coprocess("base"), "x"), with_command(coprocess("user", {"base"}), "x"),
               coprocess("new", {"base"})});
  EXPECT_THAT(compare(now, wanted).dependents, IsEmpty());
}

}  // namespace
}  // namespace masterd::supervisor
