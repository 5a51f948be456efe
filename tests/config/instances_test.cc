// One table, several coprocesses or none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load.h"
#include "tests/config/results.h"

namespace masterd::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CoprocessSpec named(const SessionSpec& spec, const std::string& name) {
  for (const CoprocessSpec& one : spec.coprocesses) {
    if (one.name == name) return one;
  }
  throw std::runtime_error{"there is no " + name};
}

TEST(Instances, BecomeNumberedCoprocessesInPlace) {
  const SessionSpec spec = session(R"(
[coprocess.z]
command = ["x"]
[coprocess.w]
instances = 3
group = "g"
command = ["worker", "--id=${instance}", "./run/${instance}"]
env = { ID = "${instance}" }
cwd = "w${instance}"
output.file = "log/w-${instance}.log"
[coprocess.a]
command = ["x"]
)");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("z", "w-1", "w-2", "w-3", "a"));
  const CoprocessSpec second = named(spec, "w-2");
  EXPECT_EQ(second.instance, 2U);
  EXPECT_EQ(second.group, "g");
  EXPECT_THAT(second.command, ElementsAre("worker", "--id=2", "./run/2"));
  EXPECT_EQ(second.env.at("ID"), "2");
  EXPECT_EQ(second.cwd, "/etc/masterd/w2");
  EXPECT_EQ(second.output.file, "/etc/masterd/log/w-2.log");
  EXPECT_EQ(named(spec, "a").instance, 0U);
}

TEST(Instances, OfOneIsStillNumbered) {
  EXPECT_THAT(names(session("[coprocess.w]\ninstances = 1\ncommand = [\"x\"]").coprocesses),
              ElementsAre("w-1"));
}

TEST(Instances, AreAllRequiredByTheNameInTheFile) {
  const SessionSpec spec = session(R"(
[group.app]
requires = ["w"]
[coprocess.w]
instances = 2
command = ["x"]
[coprocess.a]
command = ["x"]
requires = ["w", "w-2"]
[coprocess.b]
command = ["x"]
group = "app"
)");
  EXPECT_THAT(named(spec, "a").requires_, ElementsAre("w-1", "w-2"));
  EXPECT_THAT(named(spec, "b").requires_, ElementsAre("w-1", "w-2"));
  EXPECT_THAT(spec.groups.front().requires_, ElementsAre("w-1", "w-2"));
}

TEST(Instances, MayEachRequireTheirOwn) {
  const SessionSpec spec = session(R"(
[coprocess.db]
instances = 2
command = ["x"]
[coprocess.w]
instances = 2
command = ["x"]
requires = ["db-${instance}"]
)");
  EXPECT_THAT(named(spec, "w-1").requires_, ElementsAre("db-1"));
  EXPECT_THAT(named(spec, "w-2").requires_, ElementsAre("db-2"));
}

TEST(Instances, MayMakeTheirGroups) {
  const SessionSpec spec =
      session("[coprocess.w]\ninstances = 2\ngroup = \"g${instance}\"\ncommand = [\"x\"]");
  EXPECT_THAT(names(spec.groups), ElementsAre("g1", "g2"));
}

TEST(Instances, WithTooLongANameAreRefused) {
  const std::string name(60, 'n');
  EXPECT_THAT(
      names(session("[coprocess." + name + "]\ninstances = 512\ncommand = [\"x\"]").coprocesses)
          .back()
          .size(),
      64U);
  const Diagnostics found = refused(
      load_text("[coprocess." + name + "n]\ninstances = 512\ncommand = [\"x\"]", "t.toml", "/"));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_THAT(found[0].message, HasSubstr("more than 64 characters"));
}

TEST(Instances, CountAsNames) {
  std::string text;
  for (int i = 0; i < 17; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ninstances = 512\ncommand = [\"x\"]\n";
  }
  const Diagnostics found = refused(load_text(text, "t.toml", "/"));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_EQ(found[0].message, "8704 coprocesses and groups; at most 8192 together");
}

TEST(Expanded, TextIsBounded) {
  const Diagnostics found = refused(load_text(
      "[coprocess.w]\ninstances = 512\ncommand = [\"x\", \"" + std::string(200'000, 'y') + "\"]\n",
      "t.toml", "/"));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_THAT(found[0].message, HasSubstr("more than 64 MiB"));
}

TEST(Expanded, DefaultsAreBounded) {
  std::string text = "[defaults]\nenv.A = \"" + std::string(500'000, 'y') + "\"\n";
  for (int i = 0; i < 200; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"x\"]\n";
  }
  EXPECT_THAT(refused(load_text(text, "t.toml", "/")).front().message,
              HasSubstr("more than 64 MiB"));
}

TEST(Expanded, RequirementsAreBounded) {
  std::string text;
  std::string all;
  for (int i = 0; i < 8; ++i) {
    const std::string name = "f" + std::to_string(i);
    text += "[coprocess." + name + "]\ninstances = 512\ncommand = [\"x\"]\n";
    all += (all.empty() ? "\"" : ", \"") + name + "\"";
  }
  for (int i = 0; i < 200; ++i) {
    text += "[coprocess.c" + std::to_string(i) + "]\ncommand = [\"x\"]\nrequires = [" + all + "]\n";
  }
  EXPECT_THAT(refused(load_text(text, "t.toml", "/")).front().message,
              HasSubstr("more than 500000 requirements"));
}

TEST(When, KeepsWhatIsNotEmpty) {
  EXPECT_THAT(
      names(session("[coprocess.a]\nwhen = \"${config.dir}\"\ncommand = [\"x\"]").coprocesses),
      ElementsAre("a"));
}

TEST(When, DropsTheCoprocessAndTheRequirementsOnIt) {
  const SessionSpec spec = session(R"(
[coprocess.a]
when = ""
command = ["x"]
[coprocess.b]
command = ["x"]
requires = ["a"]
[coprocess.c]
command = ["x"]
requires = ["b", "a"]
)");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("b", "c"));
  EXPECT_THAT(named(spec, "b").requires_, IsEmpty());
  EXPECT_THAT(named(spec, "c").requires_, ElementsAre("b"));
}

TEST(When, DropsAGroupThatItLeavesEmpty) {
  const SessionSpec spec = session(R"(
[group.g]
requires = ["b"]
[group.h]
requires = ["g"]
[coprocess.a]
when = ""
group = "g"
command = ["x"]
[coprocess.b]
command = ["x"]
[coprocess.c]
group = "h"
command = ["x"]
)");
  EXPECT_THAT(names(spec.groups), ElementsAre("h"));
  EXPECT_THAT(spec.groups.front().requires_, IsEmpty());
  EXPECT_THAT(named(spec, "c").requires_, IsEmpty());
}

TEST(When, KeepsAGroupThatHasOtherMembers) {
  const SessionSpec spec = session(R"(
[coprocess.a]
when = ""
group = "g"
command = ["x"]
[coprocess.b]
group = "g"
command = ["x"]
[coprocess.c]
command = ["x"]
requires = ["g"]
)");
  EXPECT_THAT(names(spec.groups), ElementsAre("g"));
  EXPECT_THAT(named(spec, "c").requires_, ElementsAre("g"));
}

TEST(When, DropsAllInstances) {
  const SessionSpec spec = session(R"(
[coprocess.w]
when = ""
instances = 3
command = ["x"]
[coprocess.b]
command = ["x"]
requires = ["w", "w-2"]
)");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("b"));
  EXPECT_THAT(spec.coprocesses.front().requires_, IsEmpty());
}

TEST(Expansion, TakesADoubledDollarForALiteralPidAndInstance) {
  EXPECT_THAT(coprocess("[coprocess.a]\ncommand = [\"sh\", \"-c\", \"$${pid} $${instance} ${pids} "
                        "${instance:-1}\"]")
                  .command[2],
              "${pid} ${instance} ${pids} ${instance:-1}");
}

}  // namespace
}  // namespace masterd::config
