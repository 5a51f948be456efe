// The strings of a profile, filled from a foreign file.
#include <gmock/gmock.h>

#include "tests/config/profile_fixture.h"

namespace masterd::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class ProfileValues : public ProfileFixture {};

constexpr const char* kIni = R"([EMC]
MACHINE = my mill
[HAL]
HALUI = halui
EMPTY =
HALFILE = a.hal
HALFILE = b.hal
)";

TEST_F(ProfileValues, AreTheFirstOfTheKey) {
  EXPECT_EQ(argument("<${ini:EMC:MACHINE}|${ini:HAL:HALFILE}>", kIni), "<my mill|a.hal>");
}

TEST_F(ProfileValues, ThatAreEmptyAreMissing) {
  EXPECT_EQ(wrong_argument("${ini:HAL:EMPTY}", kIni).key, "[HAL]EMPTY");
}

TEST_F(ProfileValues, HaveDefaultsForWhatIsMissingOrEmpty) {
  EXPECT_EQ(
      argument("${ini:HAL:HALUI:-no} ${ini:HAL:EMPTY:-e} ${ini:NO:NO:-m} ${ini:NO:NO:-}.", kIni),
      "halui e m .");
}

TEST_F(ProfileValues, ShowWhetherAKeyIsThere) {
  EXPECT_EQ(argument("${ini:HAL:HALUI:+yes}|${ini:HAL:EMPTY:+yes}|${ini:NO:NO:+yes}|", kIni),
            "yes|||");
}

TEST_F(ProfileValues, NestInDefaultsAndWords) {
  EXPECT_EQ(argument("${ini:A:A:-<${ini:B:B:-${ini:EMC:MACHINE}}>}", kIni), "<my mill>");
  EXPECT_EQ(argument("${ini:HAL:HALUI:+${ini:EMC:MACHINE} ${profile.dir}}", kIni),
            "my mill " + dir_.native());
}

TEST_F(ProfileValues, EndTheirDefaultAtTheBraceThatClosesIt) {
  EXPECT_EQ(argument("${ini:A:A:-{\"x\": {}}}|${ini:A:A:-${HOME:-$${pid}}}|", kIni),
            "{\"x\": {}}|${HOME:-${pid}}|");
}

TEST_F(ProfileValues, AreNotLookedAtAgain) {
  EXPECT_EQ(argument("${ini:A:B} ${ini:A:C:-${ini:A:B}}", "[A]\nB = ${ini:A:B} ${item} $${\n"),
            "${ini:A:B} ${item} $${ ${ini:A:B} ${item} $${");
}

TEST_F(ProfileValues, KeepTheirBytesInArguments) {
  EXPECT_EQ(argument("${ini:A:B}", "[A]\nB = caf\xE9\n"), "caf\xE9");
}

TEST_F(ProfileValues, ReachEveryPlaceOfTheFile) {
  const SessionSpec spec = mapped(R"(
[session]
name = "${ini:EMC:MACHINE}"
description = "the ${ini:EMC:MACHINE}"
before = [["prepare", "${ini:HAL:HALUI}"]]
after = [["tidy", "${ini:HAL:HALUI}"]]
fail_safe = ["halt", "${ini:HAL:HALUI}"]
user = "${ini:HAL:USER:-nobody}"
env = { M = "${ini:EMC:MACHINE}" }
[defaults]
env = { D = "${ini:HAL:HALUI}" }
[group.app]
requires = ["${ini:HAL:HALUI}"]
[coprocess.halui]
command = ["./${ini:HAL:HALUI}"]
description = "${ini:EMC:MACHINE}"
cwd = "${ini:HAL:HALUI}"
[coprocess.b]
group = "${ini:HAL:NOT:-app}"
command = ["b"]
)",
                                  kIni);
  EXPECT_EQ(spec.name, "my-mill");
  EXPECT_EQ(spec.description, "the my mill");
  EXPECT_THAT(spec.before.at(0).argv, ElementsAre("prepare", "halui"));
  EXPECT_THAT(spec.after.at(0).argv, ElementsAre("tidy", "halui"));
  EXPECT_THAT(spec.fail_safe->argv, ElementsAre("halt", "halui"));
  EXPECT_EQ(spec.user, "nobody");
  EXPECT_THAT(spec.env, ElementsAre(Pair("M", "my mill")));
  const CoprocessSpec& halui = spec.coprocesses.at(0);
  EXPECT_THAT(halui.command, ElementsAre(ini_path().parent_path() / "halui"));
  EXPECT_EQ(halui.description, "my mill");
  EXPECT_EQ(halui.cwd, ini_path().parent_path() / "halui");
  EXPECT_THAT(halui.env, ElementsAre(Pair("D", "halui")));
  EXPECT_EQ(spec.coprocesses.at(1).group, "app");
  EXPECT_THAT(spec.coprocesses.at(1).requires_, ElementsAre("halui"));
}

TEST_F(ProfileValues, KnowWhereBothFilesAre) {
  EXPECT_EQ(argument("${config.path}|${config.dir}|${ini.path}|${profile.dir}", kIni),
            ini_path().native() + "|" + ini_path().parent_path().native() + "|" +
                ini_path().native() + "|" + dir_.native());
  EXPECT_EQ(loaded(load_profiled(profile_path(), ini_path())).path, ini_path());
}

TEST_F(ProfileValues, NameTheExpandedFileWhereThereAreIncludes) {
  write(dir_ / "machine" / "more.inc", "[B]\nC = 1\n");
  EXPECT_EQ(argument("${config.path}|${ini.path}", "[A]\nB = 1\n#INCLUDE more.inc\n"),
            ini_path().native() + "|" + ini_path().native() + ".expanded");
}

TEST_F(ProfileValues, TellOneContentOfTheFileFromAnother) {
  const std::string digest = argument("${ini.digest}", "[A]\nB = 1\n");
  EXPECT_EQ(digest, "e455f0ea2033b2ba");
  EXPECT_EQ(argument("${ini.digest}", "[A]\nB = 1\n"), digest);
  EXPECT_NE(argument("${ini.digest}", "[A]\nB = 2\n"), digest);
  EXPECT_NE(argument("${ini.digest}", "[A]\nB = 1\n# a word\n"), digest);
}

TEST_F(ProfileValues, TellAlsoOneContentOfWhatItIncludes) {
  const auto digest = [this](const std::string& included) {
    write(dir_ / "machine" / "more.inc", included);
    return argument("${ini.digest}", "[A]\nB = 1\n#INCLUDE more.inc\n");
  };
  const std::string one = digest("[B]\nC = 1\n");
  EXPECT_EQ(digest("[B]\nC = 1\n"), one);
  EXPECT_NE(digest("[B]\nC = 2\n"), one);
}

TEST_F(ProfileValues, ThatAreMissingAreToldOfTheForeignFile) {
  const Diagnostic d = wrong_argument("${ini:HAL:SERVO}", kIni);
  EXPECT_EQ(d.file, ini_path());
  EXPECT_EQ(d.line, 3U);
  EXPECT_EQ(d.column, 0U);
  EXPECT_EQ(d.key, "[HAL]SERVO");
  EXPECT_EQ(d.message, "is missing: the profile needs it (" + profile_path().native() +
                           ":4: coprocess.a.command[1])");
  EXPECT_EQ(d.to_string(), ini_path().native() + ":3: [HAL]SERVO: " + d.message);
}

TEST_F(ProfileValues, OfAMissingSectionHaveNoLine) {
  const Diagnostic d = wrong_argument("${ini:NO:THING}", kIni);
  EXPECT_EQ(d.line, 0U);
  EXPECT_EQ(d.key, "[NO]THING");
}

TEST_F(ProfileValues, ThatAreMissingAreAllToldEachOnce) {
  const Diagnostics found = refused(map(R"(
[session]
name = "${ini:X:NAME}"
[coprocess.a]
command = ["x", "${ini:X:A}", "${ini:X:A}", "${ini:X:B}"]
)",
                                        kIni));
  std::vector<std::string> keys;
  for (const Diagnostic& d : found) keys.push_back(d.key);
  EXPECT_THAT(keys, ElementsAre("[X]NAME", "[X]A", "[X]B")) << all_of(found);
}

TEST_F(ProfileValues, AreNotNeededByADefaultThatIsNotUsed) {
  EXPECT_EQ(argument("${ini:EMC:MACHINE:-${ini:NO:NO}}${ini:NO:NO:+${ini:NO:NO}}", kIni),
            "my mill");
  EXPECT_EQ(wrong_argument("${ini:NO:A:-${ini:NO:B}}", kIni).key, "[NO]B");
}

TEST_F(ProfileValues, MustBeWrittenRight) {
  for (const char* text : {"${ini:A}", "${ini:}", "${ini:A:}", "${ini::B}", "${ini:A:B:x}",
                           "${ini:A:B:}", "${ini:A:B:=x}", "${ini:[A]:B}"}) {
    const Diagnostic d = wrong_argument(text, kIni);
    EXPECT_EQ(d.file, profile_path()) << text;
    EXPECT_EQ(d.line, 4U) << text;
    EXPECT_THAT(d.message, HasSubstr("expected ${ini:SECTION:KEY}")) << text;
  }
  EXPECT_THAT(wrong_argument("${ini:A:B", kIni).message, HasSubstr("no closing brace"));
  EXPECT_THAT(wrong_argument("${ini:A:B:-${x}", kIni).message, HasSubstr("no closing brace"));
  EXPECT_THAT(wrong_argument("${profile.name}", kIni).message, HasSubstr("is reserved"));
  EXPECT_THAT(wrong_argument("${ini.dir}", kIni).message, HasSubstr("is reserved"));
}

TEST_F(ProfileValues, MustBeWrittenRightAlsoInADefaultThatIsNotUsed) {
  EXPECT_THAT(wrong_argument("${ini:EMC:MACHINE:-${pid}}", kIni).message,
              HasSubstr("'${pid}' is not known here"));
}

TEST_F(ProfileValues, NestSixteenDeepAtMost) {
  const auto nested = [](int depth) {
    std::string text = "x";
    for (int i = 0; i < depth; ++i) text = "${ini:A:B:-" + text + "}";
    return text;
  };
  EXPECT_EQ(argument(nested(16), kIni), "x");
  EXPECT_THAT(wrong_argument(nested(17), kIni).message, HasSubstr("more than 16"));
  EXPECT_THAT(wrong_argument(nested(50'000), kIni).message, HasSubstr("more than 16"));
}

TEST_F(ProfileValues, AreFoundAmongThousandsOfKeys) {
  std::string ini = "[A]\n";
  for (int i = 0; i < 20'000; ++i) ini += "B" + std::to_string(i) + " = x\n";
  EXPECT_EQ(argument("${ini:A:C} ${ini:A:B19999}", ini + "C = y\n"), "y x");
}

TEST_F(ProfileValues, MayBeLongButNotOverAndOver) {
  std::string ini = "[A]\nBIG = ";
  for (int i = 0; i < 15; ++i) ini += std::string(200, 'v') + "\\\n";
  ini += "v\n";
  EXPECT_EQ(argument("${ini:A:BIG}", ini).size(), 3001U);
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "${ini:A:BIG}";
  EXPECT_THAT(wrong_argument(text, ini).message, HasSubstr("more than 64 MiB"));
}

TEST_F(ProfileValues, ThatMakeAWordPathOrProgramEmptyAreRefused) {
  for (const char* keys :
       {"command = [\"${ini:HAL:EMPTY:-}\"]", "command = [\"x\"]\ncwd = \"${ini:HAL:EMPTY:-}\"",
        "command = [\"x\"]\nuser = \"${ini:HAL:EMPTY:-}\""}) {
    const Diagnostic d = only(map(std::string{"[coprocess.a]\n"} + keys, kIni));
    EXPECT_EQ(d.file, profile_path()) << keys;
    EXPECT_THAT(d.message, HasSubstr("empty")) << keys;
  }
}

TEST_F(ProfileValues, ThatMakeNoNameOfAGroupAreRefused) {
  EXPECT_THAT(
      only(map("[coprocess.a]\ncommand=[\"x\"]\ngroup = \"${ini:EMC:MACHINE}\"", kIni)).message,
      HasSubstr("'my mill' is not a name"));
}

TEST_F(ProfileValues, BelongToProfilesOnly) {
  for (const char* text : {"${ini:A:B}", "${ini:A:B:-x}", "${ini.path}", "${profile.dir}"}) {
    const Diagnostics found = refused(load_text(
        std::string{"[coprocess.a]\ncommand = [\"x\", \""} + text + "\"]", "t.toml", "/"));
    EXPECT_THAT(found.front().message, HasSubstr("belongs to a profile")) << text;
  }
  const Diagnostics item =
      refused(load_text("[coprocess.a]\ncommand = [\"x\", \"${item}\"]", "t.toml", "/"));
  EXPECT_THAT(item.front().message, HasSubstr("where a profile has 'for_each'"));
}

TEST_F(ProfileValues, OfPlainFilesAreTheirPath) {
  write(profile_path(), "[coprocess.a]\ncommand = [\"x\", \"${config.path}\"]");
  EXPECT_EQ(loaded(load_file(profile_path())).coprocesses.front().command.at(1), profile_path());
  EXPECT_THAT(
      refused(load_text("[coprocess.a]\ncommand = [\"x\", \"${config.path}\"]", "t.toml", "/"))
          .front()
          .message,
      HasSubstr("this text is no file"));
}

TEST_F(ProfileValues, MakeANameThatCanBeTyped) {
  const auto name = [&](const std::string& machine) {
    return mapped("[session]\nname = \"${ini:EMC:MACHINE:-}\"\n[coprocess.a]\ncommand = [\"x\"]",
                  "[EMC]\nMACHINE = " + machine + "\n")
        .name;
  };
  EXPECT_EQ(name("Mill_3-x"), "Mill_3-x");
  EXPECT_EQ(name("(sim) my -- mill!"), "sim-my-mill");
  EXPECT_EQ(name("caf\xC3\xA9 \xFF 1"), "caf-1");
  EXPECT_EQ(name(std::string(63, 'n') + " and more"), std::string(63, 'n'));
  EXPECT_EQ(name("?!"), "my-mill") << "the stem of the file";
  EXPECT_EQ(name(""), "my-mill");
}

TEST_F(ProfileValues, DescribeInPresentableCharacters) {
  EXPECT_EQ(mapped("[session]\ndescription = \"${ini:EMC:MACHINE}.\"\n"
                   "[coprocess.a]\ncommand = [\"x\"]",
                   "[EMC]\nMACHINE = a\xFF\tb \xC2\x9B"
                   "c\n")
                .description,
            "a\xEF\xBF\xBD\xEF\xBF\xBD"
            "b \xEF\xBF\xBD"
            "c.");
}

}  // namespace
}  // namespace masterd::config
