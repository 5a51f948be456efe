// One fault a file: each is refused with its line, its column, its key and a message that helps.
#include <gtest/gtest.h>

#include "tests/config/broken.h"

namespace masterd::config {
namespace {

class BrokenSession : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenSession, IsRefusedWithItsPlaceAndReason) { expect_refused(GetParam()); }

constexpr Broken kSyntax[] = {
    {"UnterminatedString", "[session]\nname = \"a\n", 2, "", "TOML"},
    {"UnclosedHeader", "[session\n", 1, "", "TOML"},
    {"HeaderThatBeginsWithADot", "[.", 1, "", "TOML"},
    {"KeyWithoutValue", "[session]\nname =\n", 2, "", "TOML"},
    {"ValueWithoutKey", "= 5\n", 1, "", "TOML"},
    {"ArrayWithoutEnd", "[coprocess.a]\ncommand = [\"x\"\n", 2, "", "TOML"},
    {"BadEscape", "[session]\nname = \"\\q\"\n", 2, "", "TOML"},
    {"KeyTwice", "[coprocess.a]\ncommand = [\"x\"]\ncommand = [\"y\"]\n", 3, "", "'command'"},
    {"CoprocessTwice", "[coprocess.a]\ncommand = [\"x\"]\n[coprocess.a]\ncommand = [\"y\"]\n", 3,
     "", "'coprocess.a'"},
    {"LoneCarriageReturn", "[coprocess.a]\rcommand = [\"x\"]\n", 1, "", "TOML"},
};
INSTANTIATE_TEST_SUITE_P(Syntax, BrokenSession, ::testing::ValuesIn(kSyntax),
                         [](const auto& info) { return info.param.name; });

constexpr Broken kKeys[] = {
    {"EmptyFile", "", 0, "coprocess", "at least one coprocess"},
    {"OnlyASession", "[session]\nname = \"a\"\n", 0, "coprocess", "at least one coprocess"},
    {"EmptyCoprocessTable", "[coprocess]\n", 0, "coprocess", "at least one coprocess"},
    {"UnknownTopLevelTable", "[sesion]\n[coprocess.a]\ncommand = [\"x\"]\n", 1, "sesion",
     "unknown key; did you mean 'session'?"},
    {"UnknownSessionKey", "[session]\ntitle = \"a\"\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "session.title", "unknown key; known here: name, description"},
    {"UnknownCoprocessKey", "[coprocess.a]\ncommand = [\"x\"]\nrestrat = {}\n", 3,
     "coprocess.a.restrat", "did you mean 'restart'?"},
    {"UnknownGroupKey",
     "[group.g]\nrequire = []\n[coprocess.a]\ngroup = \"g\"\ncommand = [\"x\"]\n", 2,
     "group.g.require", "did you mean 'requires'?"},
    {"UnknownRestartKey",
     "[coprocess.a]\ncommand = [\"x\"]\nrestart = { delay = \"1s\", dely = \"1s\" }\n", 3,
     "coprocess.a.restart.dely", "did you mean 'delay'?"},
    {"UnknownStopKey", "[coprocess.a]\ncommand = [\"x\"]\nstop.steps = []\n", 3,
     "coprocess.a.stop.steps", "known here: command, timeout, ladder"},
    {"UnknownRungKey",
     "[coprocess.a]\ncommand = [\"x\"]\n[[coprocess.a.stop.ladder]]\nsignal = \"INT\"\nwait = "
     "\"1s\"\n",
     5, "coprocess.a.stop.ladder[0].wait", "known here: signal, grace"},
    {"UnknownDefaultsKey", "[defaults]\nvitale = true\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "defaults.vitale", "did you mean 'vital'?"},
    {"DefaultCommand", "[defaults]\ncommand = [\"x\"]\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "defaults.command", "belongs to one coprocess"},
    {"DefaultRequires", "[defaults]\nrequires = [\"a\"]\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "defaults.requires", "belongs to one coprocess"},
    {"QuotedUnknownKey", "[coprocess.a]\ncommand = [\"x\"]\n\"b c\" = 1\n", 3,
     "coprocess.a.\"b c\"", "unknown key"},
};
INSTANTIATE_TEST_SUITE_P(Keys, BrokenSession, ::testing::ValuesIn(kKeys),
                         [](const auto& info) { return info.param.name; });

constexpr Broken kTypes[] = {
    {"SessionIsAString", "session = \"a\"\n[coprocess.a]\ncommand = [\"x\"]\n", 1, "session",
     "expected a table; found the string 'a'"},
    {"SessionNameIsAnInteger", "[session]\nname = 5\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "session.name", "expected a string; found the integer 5"},
    {"CoprocessIsAnInteger", "coprocess = 5\n", 1, "coprocess", "expected a table"},
    {"CoprocessMemberIsAString", "[coprocess]\na = \"x\"\n", 2, "coprocess.a",
     "a table, as in [coprocess.NAME]; found the string 'x'"},
    {"CoprocessIsAnArrayOfTables", "[[coprocess.a]]\ncommand = [\"x\"]\n", 1, "coprocess.a",
     "as in [coprocess.NAME]; found an array"},
    {"CommandIsAString", "[coprocess.a]\ncommand = \"sleep 1\"\n", 2, "coprocess.a.command",
     "expected an array of strings; found the string 'sleep 1'"},
    {"ArgumentIsAnInteger", "[coprocess.a]\ncommand = [\"sleep\",\n 1]\n", 3,
     "coprocess.a.command[1]", "expected a string; found the integer 1"},
    {"RequiresIsAString", "[coprocess.a]\ncommand = [\"x\"]\nrequires = \"b\"\n", 3,
     "coprocess.a.requires", "an array of strings"},
    {"VitalIsAString", "[coprocess.a]\ncommand = [\"x\"]\nvital = \"yes\"\n", 3,
     "coprocess.a.vital", "expected true or false; found the string 'yes'"},
    {"EnvIsAnArray", "[coprocess.a]\ncommand = [\"x\"]\nenv = [\"A=1\"]\n", 3, "coprocess.a.env",
     "expected a table of strings; found an array"},
    {"EnvValueIsAnInteger", "[coprocess.a]\ncommand = [\"x\"]\nenv = { A = 1 }\n", 3,
     "coprocess.a.env.A", "expected a string; found the integer 1"},
    {"RestartIsAString", "[coprocess.a]\ncommand = [\"x\"]\nrestart = \"always\"\n", 3,
     "coprocess.a.restart", "expected a table; found the string 'always'"},
    {"LimitIsAFloat", "[coprocess.a]\ncommand = [\"x\"]\nrestart.limit = 1.5\n", 3,
     "coprocess.a.restart.limit", "an integer from 0 to 1000000; found the float 1.5"},
    {"LimitIsNegative", "[coprocess.a]\ncommand = [\"x\"]\nrestart.limit = -1\n", 3,
     "coprocess.a.restart.limit", "an integer from 0 to 1000000; found the integer -1"},
    {"LadderIsATable", "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder.signal = \"INT\"\n", 3,
     "coprocess.a.stop.ladder", "an array of tables; found a table"},
    {"RungIsAString", "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [\"INT\"]\n", 3,
     "coprocess.a.stop.ladder[0]", "expected a table; found the string 'INT'"},
    {"DescriptionIsADate",
     "[session]\ndescription = 1979-05-27\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "session.description", "found a date or time"},
};
INSTANTIATE_TEST_SUITE_P(Types, BrokenSession, ::testing::ValuesIn(kTypes),
                         [](const auto& info) { return info.param.name; });

constexpr Broken kValues[] = {
    {"CommandMissing", "[session]\n[coprocess.a]\nvital = true\n", 2, "coprocess.a",
     "'command' is missing"},
    {"CommandEmpty", "[coprocess.a]\ncommand = []\n", 2, "coprocess.a.command", "an empty command"},
    {"ProgramEmpty", "[coprocess.a]\ncommand = [\"\", \"b\"]\n", 2, "coprocess.a.command[0]",
     "the program is an empty string"},
    {"ArgumentWithNul", "[coprocess.a]\ncommand = [\"x\", \"a\\u0000b\"]\n", 2,
     "coprocess.a.command[1]", "NUL"},
    {"CwdEmpty", "[coprocess.a]\ncommand = [\"x\"]\ncwd = \"\"\n", 3, "coprocess.a.cwd",
     "an empty path"},
    {"EnvNameWithEquals", "[coprocess.a]\ncommand = [\"x\"]\nenv = { \"A=B\" = \"1\" }\n", 3,
     "coprocess.a.env.\"A=B\"", "'A=B' cannot name a variable"},
    {"EnvNameEmpty", "[coprocess.a]\ncommand = [\"x\"]\nenv = { \"\" = \"1\" }\n", 3,
     "coprocess.a.env.\"\"", "cannot name a variable"},
    {"ReservedConfigVariable", "[coprocess.a]\ncommand = [\"x\", \"${config.file}\"]\n", 2,
     "coprocess.a.command[1]", "'${config.file}' is reserved"},
    {"ReservedIniVariable", "[coprocess.a]\ncommand = [\"x\"]\nenv.A = \"${ini:HAL:FILE}\"\n", 3,
     "coprocess.a.env.A", "'${ini:HAL:FILE}' belongs to a profile"},
    {"UnclosedConfigVariable", "[coprocess.a]\ncommand = [\"x\"]\ncwd = \"${config.dir/a\"\n", 3,
     "coprocess.a.cwd", "'${config.dir/a' is reserved"},
    {"BadPolicy", "[coprocess.a]\ncommand = [\"x\"]\nrestart.policy = \"sometimes\"\n", 3,
     "coprocess.a.restart.policy", "one of never, on-failure, always; found 'sometimes'"},
    {"MisspeltPolicy", "[coprocess.a]\ncommand = [\"x\"]\nrestart.policy = \"on-failiure\"\n", 3,
     "coprocess.a.restart.policy", "did you mean 'on-failure'?"},
    {"BadThen", "[coprocess.a]\ncommand = [\"x\"]\nrestart.then = \"panic\"\n", 3,
     "coprocess.a.restart.then",
     "one of fail, restart-session, end-session, shutdown; found 'panic'"},
    {"BadOnExit", "[coprocess.a]\ncommand = [\"x\"]\non_exit = \"restart\"\n", 3,
     "coprocess.a.on_exit", "one of none, end-session, shutdown; found 'restart'"},
    {"DelayWithoutUnit", "[coprocess.a]\ncommand = [\"x\"]\nrestart.delay = \"100\"\n", 3,
     "coprocess.a.restart.delay", "found '100'"},
    {"DelayIsAnInteger", "[coprocess.a]\ncommand = [\"x\"]\nrestart.delay = 100\n", 3,
     "coprocess.a.restart.delay", "a duration such as \"100ms\""},
    {"GraceOverADay",
     "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{signal = \"INT\", grace = \"25h\"}]\n", 3,
     "coprocess.a.stop.ladder[0].grace", "at most 24h; found '25h'"},
    {"DelayAboveItsDefaultCap", "[coprocess.a]\ncommand = [\"x\"]\nrestart.delay = \"31s\"\n", 3,
     "coprocess.a.restart.delay", "delay (31000 ms) is more than max_delay (30000 ms)"},
    {"CapBelowTheDefaultDelay",
     "[defaults]\nrestart.delay = \"2s\"\n[coprocess.a]\ncommand = [\"x\"]\nrestart.max_delay = "
     "\"1s\"\n",
     5, "coprocess.a.restart.max_delay", "delay (2000 ms) is more than max_delay (1000 ms)"},
    {"LimitWithinNoTime", "[coprocess.a]\ncommand = [\"x\"]\nrestart.within = \"0s\"\n", 3,
     "coprocess.a.restart.within", "above 0"},
    {"BadSignal", "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{signal = \"SIGFOO\"}]\n", 3,
     "coprocess.a.stop.ladder[0].signal", "found 'SIGFOO'"},
    {"SignalOutOfRange", "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{signal = 65}]\n", 3,
     "coprocess.a.stop.ladder[0].signal", "from 1 to 64; found '65'"},
    {"SignalMissing", "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{grace = \"1s\"}]\n", 3,
     "coprocess.a.stop.ladder[0]", "'signal' is missing"},
    {"RungAfterKill",
     "[coprocess.a]\ncommand = [\"x\"]\nstop.ladder = [{signal = \"KILL\"},\n {signal = "
     "\"TERM\"}]\n",
     4, "coprocess.a.stop.ladder[1]", "nothing can follow SIGKILL"},
    {"DescriptionOfTwoLines", "[coprocess.a]\ncommand = [\"x\"]\ndescription = \"a\\nb\"\n", 3,
     "coprocess.a.description", "one line"},
    {"FaultInDefaultsIsNotRepeated",
     "[defaults]\ncwd = \"\"\n[coprocess.a]\ncommand = [\"x\"]\n[coprocess.b]\ncommand = [\"x\"]\n",
     2, "defaults.cwd", "an empty path"},
};
INSTANTIATE_TEST_SUITE_P(Values, BrokenSession, ::testing::ValuesIn(kValues),
                         [](const auto& info) { return info.param.name; });

constexpr Broken kNames[] = {
    {"SessionNameWithASpace", "[session]\nname = \"a b\"\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "session.name", "'a b' is not a name"},
    {"SessionNameEmpty", "[session]\nname = \"\"\n[coprocess.a]\ncommand = [\"x\"]\n", 2,
     "session.name", "'' is not a name"},
    {"CoprocessNameWithADot", "[coprocess.\"a.b\"]\ncommand = [\"x\"]\n", 1, "coprocess.\"a.b\"",
     "'a.b' is not a name"},
    {"CoprocessNameOf65",
     "[coprocess.a1234567890123456789012345678901234567890123456789012345678901234]\n"
     "command = [\"x\"]\n",
     1, "coprocess.a12345678901234567890123456789012345678901234567890123456789...",
     "is not a name"},
    {"GroupNameWithASlash", "[coprocess.a]\ncommand = [\"x\"]\ngroup = \"a/b\"\n", 3,
     "coprocess.a.group", "'a/b' is not a name"},
    {"GroupAndCoprocessShareAName", "[coprocess.a]\ncommand = [\"x\"]\ngroup = \"a\"\n", 3,
     "coprocess.a.group", "'a' names both a group and a coprocess"},
    {"GroupWithoutMembers",
     "[group.ap]\nrequires = [\"a\"]\n[coprocess.a]\ncommand = [\"x\"]\n"
     "[coprocess.b]\ngroup = \"app\"\ncommand = [\"x\"]\n",
     1, "group.ap", "no coprocess is in the group 'ap'; did you mean 'app'?"},
    {"RequiresUnknown",
     "[coprocess.rt-host]\ncommand = [\"x\"]\n[coprocess.b]\ncommand = [\"x\"]\nrequires = "
     "[\"rt-hots\"]\n",
     5, "coprocess.b.requires[0]",
     "no group or coprocess is called 'rt-hots'; did you mean 'rt-host'?"},
    {"GroupRequiresUnknown",
     "[group.g]\nrequires = [\"zzz\"]\n[coprocess.a]\ngroup = \"g\"\ncommand = [\"x\"]\n", 2,
     "group.g.requires[0]", "no group or coprocess is called 'zzz'"},
    {"RequiresTwice",
     "[coprocess.a]\ncommand = [\"x\"]\n[coprocess.b]\ncommand = [\"x\"]\nrequires = [\"a\", "
     "\"a\"]\n",
     5, "coprocess.b.requires[1]", "'a' is listed twice"},
    {"RequiresItself", "[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"a\"]\n", 3,
     "coprocess.a.requires[0]", "a coprocess cannot require itself"},
    {"RequiresItsOwnGroup", "[coprocess.a]\ncommand = [\"x\"]\ngroup = \"g\"\nrequires = [\"g\"]\n",
     4, "coprocess.a.requires[0]", "'a' is in the group 'g' and cannot require it"},
    {"GroupRequiresItself",
     "[group.g]\nrequires = [\"g\"]\n[coprocess.a]\ngroup = \"g\"\ncommand = [\"x\"]\n", 2,
     "group.g.requires[0]", "a group cannot require itself"},
    {"GroupRequiresItsMember",
     "[group.g]\nrequires = [\"a\"]\n[coprocess.a]\ngroup = \"g\"\ncommand = [\"x\"]\n", 2,
     "group.g.requires[0]", "'a' is in the group 'g', which cannot require it"},
    {"CycleOfTwo",
     "[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"b\"]\n[coprocess.b]\ncommand = "
     "[\"x\"]\nrequires = [\"a\"]\n",
     3, "coprocess.a.requires[0]", "dependency cycle: a -> b -> a"},
    {"CycleOfThreeBehindAnEntry",
     "[coprocess.e]\ncommand = [\"x\"]\nrequires = [\"c\"]\n"
     "[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"b\"]\n"
     "[coprocess.b]\ncommand = [\"x\"]\nrequires = [\"c\"]\n"
     "[coprocess.c]\ncommand = [\"x\"]\nrequires = [\"a\"]\n",
     6, "coprocess.a.requires[0]", "dependency cycle: a -> b -> c -> a"},
    {"CycleThroughAGroupsMembers",
     "[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"g\"]\n"
     "[coprocess.b]\ncommand = [\"x\"]\ngroup = \"g\"\nrequires = [\"a\"]\n",
     3, "coprocess.a.requires[0]", "dependency cycle: a -> g -> b -> a"},
    {"CycleThroughWhatAGroupRequires",
     "[coprocess.a]\ncommand = [\"x\"]\nrequires = [\"b\"]\n"
     "[coprocess.b]\ncommand = [\"x\"]\ngroup = \"g\"\n[group.g]\nrequires = [\"a\"]\n",
     3, "coprocess.a.requires[0]", "dependency cycle: a -> b (in g) -> a"},
    {"CycleOfGroups",
     "[group.g]\nrequires = [\"h\"]\n[group.h]\nrequires = [\"g\"]\n"
     "[coprocess.a]\ncommand = [\"x\"]\ngroup = \"g\"\n[coprocess.b]\ncommand = [\"x\"]\ngroup = "
     "\"h\"\n",
     2, "group.g.requires[0]", "dependency cycle: a (in g) -> h -> b (in h) -> g -> a"},
};
INSTANTIATE_TEST_SUITE_P(Names, BrokenSession, ::testing::ValuesIn(kNames),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace masterd::config
