// When another configuration cannot be had without another session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "supervisor/reconcile.h"
#include "tests/supervisor/specs.h"

namespace masterd::supervisor {
namespace {

using config::SessionSpec;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

config::CoprocessSpec bound(config::CoprocessSpec spec) {
  spec.restart.scope = config::RestartSpec::Scope::Session;
  return spec;
}

const SessionSpec& now() {
  static const SessionSpec spec =
      session({bound(coprocess("a")), coprocess("b"), coprocess("c", {"b"})});
  return spec;
}

TEST(ReconcileAnewTest, AChangedOneMeansThatAllAreChanged) {
  const Changes changes = compare(
      now(),
      session({coprocess("new"), bound(with_command(coprocess("a"), "-v")), coprocess("b")}));
  EXPECT_TRUE(changes.anew);
  EXPECT_THAT(changes.added, ElementsAre("new"));
  EXPECT_THAT(changes.removed, ElementsAre("c"));
  EXPECT_THAT(changes.changed, ElementsAre("a", "b"));
  EXPECT_THAT(changes.updated, IsEmpty());
  EXPECT_THAT(changes.unchanged, IsEmpty());
  EXPECT_THAT(changes.dependents, IsEmpty());
}

TEST(ReconcileAnewTest, SoDoesOneThatComesOrGoes) {
  SessionSpec more = now();
  more.coprocesses.push_back(bound(coprocess("d")));
  EXPECT_TRUE(compare(now(), more).anew);
  EXPECT_TRUE(compare(more, now()).anew);
  EXPECT_THAT(compare(more, now()).changed, ElementsAre("a", "b", "c"));
}

TEST(ReconcileAnewTest, SoDoesOneThatIsItInOneOfTheFilesAlone) {
  const SessionSpec free = session({with_command(coprocess("a"), "-v"), coprocess("b")});
  const SessionSpec tied = session({bound(coprocess("a")), coprocess("b")});
  EXPECT_TRUE(compare(free, tied).anew);
  EXPECT_TRUE(compare(tied, free).anew);
}

TEST(ReconcileAnewTest, SoDoesOneThatWouldRestartWithWhatItRequires) {
  const auto spec = [](const std::string& argument) {
    return session({with_command(coprocess("a"), argument), coprocess("b", {"a"}),
                    bound(coprocess("c", {"b"}))});
  };
  EXPECT_TRUE(compare(spec("1"), spec("2")).anew);
}

TEST(ReconcileAnewTest, WhatChangesBesideItDoesNot) {
  SessionSpec wanted = now();
  wanted.coprocesses[1].command.emplace_back("-v");
  const Changes changes = compare(now(), wanted);
  EXPECT_FALSE(changes.anew);
  EXPECT_THAT(changes.changed, ElementsAre("b"));
  EXPECT_THAT(changes.dependents, ElementsAre("c"));
  EXPECT_THAT(changes.unchanged, ElementsAre("a", "c"));
}

TEST(ReconcileAnewTest, RestartNeutralKeysAndTheSameFileDoNot) {
  SessionSpec wanted = now();
  wanted.coprocesses[0].description = "new";
  const Changes changes = compare(now(), wanted);
  EXPECT_FALSE(changes.anew);
  EXPECT_THAT(changes.updated, ElementsAre("a"));
  EXPECT_FALSE(compare(now(), now()).anew);
}

TEST(ReconcileAnewTest, WithoutASessionAllIsNew) { EXPECT_FALSE(compare({}, now()).anew); }

}  // namespace
}  // namespace masterd::supervisor
