// Profiles as such: what they must say, which files are theirs, what is made of each coprocess.
#include "config/profile.h"

#include <gmock/gmock.h>

#include "tests/config/profile_fixture.h"

namespace masterd::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProfileTest : public ProfileFixture {
 protected:
  Profile profile(const std::string& text) {
    write(profile_path(), text);
    return loaded(Profile::read(profile_path()));
  }
  Diagnostic wrong(const std::string& text) {
    write(profile_path(), text);
    const Diagnostics found = refused(Profile::read(profile_path()));
    EXPECT_EQ(found.size(), 1U) << all_of(found);
    return found.front();
  }
  IniFile ini(std::string_view text) {
    write(ini_path(), text);
    return loaded(IniFile::read(ini_path()));
  }
};

constexpr const char* kCoprocess = "[coprocess.a]\ncommand = [\"x\"]\n";

TEST_F(ProfileTest, SaysWhatItIsFor) {
  const Profile p = profile(std::string{R"([profile]
description = "mills"
files = ["*.ini", "mill-*"]
detect = ["EMC:MACHINE", "KINS"]
run_as_owner = true
)"} + kCoprocess);
  EXPECT_EQ(p.name(), "mill");
  EXPECT_EQ(p.path(), profile_path());
  EXPECT_EQ(p.description(), "mills");
  EXPECT_TRUE(p.run_as_owner());
  EXPECT_TRUE(p.is_for("/a/b.ini"));
  EXPECT_TRUE(p.is_for("/a/mill-3"));
  EXPECT_FALSE(p.is_for("/a.ini/b.toml"));
  EXPECT_EQ(p.missing_in(ini("[EMC]\nX = 1\n[KINS]\n")), "[EMC]MACHINE");
  EXPECT_EQ(p.missing_in(ini("[EMC]\nMACHINE = 1\n")), "[KINS]");
  EXPECT_EQ(p.missing_in(ini("[EMC]\nMACHINE = 1\n[KINS]\n")), std::nullopt);
}

TEST_F(ProfileTest, IsCheckedBeforeItMeetsAFile) {
  EXPECT_THAT(wrong(kCoprocess).message, HasSubstr("this is no profile"));
  EXPECT_THAT(wrong(std::string{"[profile]\n"} + kCoprocess).message, HasSubstr("'files'"));
  EXPECT_THAT(wrong(std::string{"[profile]\nfiles = []\n"} + kCoprocess).message,
              HasSubstr("'files'"));
  EXPECT_EQ(wrong(std::string{kHead} + "file = 1\n" + kCoprocess).key, "profile.file");
  EXPECT_EQ(wrong(std::string{kHead} + "detect = [\"A:\"]\n" + kCoprocess).key,
            "profile.detect[0]");
  EXPECT_EQ(wrong(std::string{kHead} + kCoprocess + "comand = []\n").key, "coprocess.a.comand");
  EXPECT_THAT(wrong(std::string{kHead} + kCoprocess + "requires = [\"b\"]\n").message,
              HasSubstr("no group or coprocess is called 'b'"));
  EXPECT_THAT(wrong(std::string{kHead} + kCoprocess + "user = \"${ini:A}\"\n").message,
              HasSubstr("expected ${ini:SECTION:KEY}"));
  EXPECT_THAT(wrong(kHead).message, HasSubstr("at least one coprocess"));
}

TEST_F(ProfileTest, NeedsNoFileToBeRight) {
  const Profile p = profile(std::string{kHead} + R"(
[session]
name = "${ini:A:B}"
before = [["${ini:A:B}"]]
[coprocess.each]
for_each = "ini:A:C"
command = ["${item}", "${instance}"]
group = "g-${item}"
in_order = true
[coprocess.a]
command = ["x"]
requires = ["each", "${ini:A:WHAT}"]
ready = { listen = "tcp:${ini:A:PORT}" }
user = "${ini:A:USER}"
cwd = "${ini:A:DIR}"
)");
  EXPECT_EQ(p.name(), "mill");
}

TEST_F(ProfileTest, IsNoSessionFile) {
  write(profile_path(), std::string{kHead} + kCoprocess);
  const Diagnostics found = refused(load_file(profile_path()));
  ASSERT_EQ(found.size(), 1U) << all_of(found);
  EXPECT_THAT(found.front().message, HasSubstr("this is a profile"));
}

TEST_F(ProfileTest, ThatIsNotThereIsToldWithItsPath) {
  const Diagnostics found = refused(load_profiled(dir_ / "no.toml", ini_path()));
  EXPECT_EQ(found.front().file, dir_ / "no.toml");
}

TEST(ShippedProfile, OfLinuxcncMapsTheExample) {
  const std::filesystem::path root{MASTERD_SOURCE_DIR};
  const SessionSpec spec =
      loaded(load_profiled(root / "profiles/linuxcnc.toml", root / "examples/linuxcnc/mini.ini"));
  const auto all = names(spec.coprocesses);
  for (const char* name : {"rtapi-app", "hal-1", "threads", "milltask"}) {
    EXPECT_THAT(all, ::testing::Contains(name));
  }
}

// ---- left out ----

constexpr const char* kHalui = R"(
[coprocess.a]
command = ["x"]
requires = ["halui"]
[coprocess.halui]
command = ["${ini:HAL:HALUI}", "${ini:HALUI:PORT}"]
ready = { listen = "tcp:${ini:HALUI:PORT}" }
group = "${ini:HALUI:GROUP}"
)";

TEST_F(ProfileTest, LeavesOutByWhenAndNeedsNothingOfIt) {
  const std::string when = std::string{kHalui} + "when = \"${ini:HAL:HALUI:-}\"\n";
  const SessionSpec off = mapped(when, "[HAL]\n");
  EXPECT_THAT(names(off.coprocesses), ElementsAre("a"));
  EXPECT_THAT(off.coprocesses.front().requires_, IsEmpty());
  EXPECT_EQ(only(map(when, "[HAL]\nHALUI = halui\n[HALUI]\nPORT = 5\n")).key, "[HALUI]GROUP");
}

TEST_F(ProfileTest, LeavesOutByUnless) {
  const std::string unless = std::string{kHalui} + "unless = \"${ini:HAL:NO:+no}\"\n";
  EXPECT_THAT(names(mapped(unless, "[HAL]\nNO = 1\n").coprocesses), ElementsAre("a"));
  EXPECT_THAT(
      names(mapped(unless, "[HAL]\nHALUI = halui\n[HALUI]\nPORT = 5\nGROUP = g\n").coprocesses),
      ElementsAre("a", "halui"));
}

TEST_F(ProfileTest, StillChecksTheRestOfWhatItLeavesOut) {
  EXPECT_EQ(only(map(std::string{kHalui} + "when = \"\"\nvital = 3\n", "[HAL]\n")).key,
            "coprocess.halui.vital");
  EXPECT_THAT(only(map(std::string{kHalui} + "when = \"\"\n", "[HALUI]\nPORT = door\n")).message,
              HasSubstr("door"));
}

TEST_F(ProfileTest, NeedsWhatWhenSpeaksOf) {
  EXPECT_EQ(only(map(std::string{kHalui} + "when = \"${ini:HAL:HALUI}\"\n",
                     "[HALUI]\nPORT = 5\nGROUP = g\n"))
                .key,
            "[HAL]HALUI");
}

TEST(Unless, WorksInPlainFilesTogetherWithWhen) {
  const SessionSpec spec = session(R"(
[coprocess.a]
command = ["x"]
unless = ""
[coprocess.b]
command = ["x"]
unless = "b"
[coprocess.c]
command = ["x"]
when = "c"
unless = "c"
)");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("a"));
}

// ---- for_each ----

constexpr const char* kEach = R"(
[coprocess.last]
command = ["x"]
requires = ["hal"]
[coprocess.hal]
for_each = "ini:HAL:HALFILE"
command = ["load", "${item}", "${instance}"]
output.file = "${instance}.log"
)";

TEST_F(ProfileTest, MakesOneForEachValueInOrder) {
  const SessionSpec spec = mapped(kEach, "[HAL]\nHALFILE = a b\nX = 1\nHALFILE = c\nHALFILE=d\n");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("last", "hal-1", "hal-2", "hal-3"));
  EXPECT_THAT(spec.coprocesses[1].command, ElementsAre("load", "a b", "1"));
  EXPECT_THAT(spec.coprocesses[3].command, ElementsAre("load", "d", "3"));
  EXPECT_THAT(spec.coprocesses[0].requires_, ElementsAre("hal-1", "hal-2", "hal-3"));
  EXPECT_THAT(spec.coprocesses[2].requires_, IsEmpty());
}

TEST_F(ProfileTest, NumbersAlsoASingleValue) {
  EXPECT_THAT(names(mapped(kEach, "[HAL]\nHALFILE = a\n").coprocesses),
              ElementsAre("last", "hal-1"));
}

TEST_F(ProfileTest, MakesNoneOfNoValues) {
  const SessionSpec spec = mapped(kEach, "[HAL]\n");
  EXPECT_THAT(names(spec.coprocesses), ElementsAre("last"));
  EXPECT_THAT(spec.coprocesses[0].requires_, IsEmpty());
}

TEST_F(ProfileTest, StopsAtAnEmptyValueAsTheLauncherDoes) {
  EXPECT_THAT(names(mapped(kEach, "[HAL]\nHALFILE = a\nHALFILE =\nHALFILE = c\n").coprocesses),
              ElementsAre("last", "hal-1"));
}

TEST_F(ProfileTest, PutsThemInOrderWhenAsked) {
  const SessionSpec spec = mapped(std::string{kEach} + "in_order = true\n",
                                  "[HAL]\nHALFILE = a\nHALFILE = b\n"
                                  "HALFILE = c\n");
  EXPECT_THAT(spec.coprocesses[1].requires_, IsEmpty());
  EXPECT_THAT(spec.coprocesses[2].requires_, ElementsAre("hal-1"));
  EXPECT_THAT(spec.coprocesses[3].requires_, ElementsAre("hal-2"));
}

TEST(InOrder, AlsoGoesWithInstancesAndWithWhatTheyRequire) {
  const SessionSpec spec = session(R"(
[coprocess.z]
command = ["x"]
[coprocess.w]
instances = 3
in_order = true
command = ["x"]
requires = ["z"]
)");
  EXPECT_THAT(spec.coprocesses[1].requires_, ElementsAre("z"));
  EXPECT_THAT(spec.coprocesses[3].requires_, ElementsAre("z", "w-2"));
}

TEST(InOrder, BelongsToSeveral) {
  const Diagnostics found =
      refused(load_text("[coprocess.a]\nin_order = true\ncommand = [\"x\"]", "t.toml", "/"));
  EXPECT_THAT(found.front().message, HasSubstr("belongs to 'instances' or 'for_each'"));
}

TEST_F(ProfileTest, KeepsTheOrderAcrossOneThatIsLeftOut) {
  const SessionSpec spec = mapped(R"(
[coprocess.hal]
for_each = "ini:HAL:HALFILE"
in_order = true
unless = "${ini:SKIP:N:+no}"
command = ["load", "${item}"]
[coprocess.x]
command = ["x"]
)",
                                  "[HAL]\nHALFILE = a\nHALFILE = b\n");
  EXPECT_THAT(spec.coprocesses[1].requires_, ElementsAre("hal-1"));
}

TEST_F(ProfileTest, RefusesForEachThatCannotBe) {
  const auto wrong_with = [&](const std::string& keys) {
    return only(map("[coprocess.a]\ncommand = [\"x\"]\n" + keys, "[A]\nB = 1\n")).message;
  };
  EXPECT_THAT(wrong_with("for_each = \"A:B\""), HasSubstr("expected \"ini:SECTION:KEY\""));
  EXPECT_THAT(wrong_with("for_each = \"ini:A\""), HasSubstr("expected \"ini:SECTION:KEY\""));
  EXPECT_THAT(wrong_with("for_each = \"ini:A:B\"\ninstances = 2"), HasSubstr("'instances'"));
  EXPECT_THAT(
      only(map("[defaults]\nfor_each = \"ini:A:B\"\n[coprocess.a]\ncommand = [\"x\"]", "[A]\n"))
          .message,
      HasSubstr("cannot have a default"));
  EXPECT_THAT(
      refused(load_text("[coprocess.a]\ncommand = [\"x\"]\nfor_each = \"ini:A:B\"", "t.toml", "/"))
          .front()
          .message,
      HasSubstr("belongs to a profile"));
}

TEST_F(ProfileTest, MakesFiveHundredAndTwelveAtMost) {
  std::string text = "[HAL]\n";
  for (unsigned i = 0; i < kMaxInstances; ++i) text += "HALFILE = f\n";
  EXPECT_EQ(mapped(kEach, text).coprocesses.size(), kMaxInstances + 1U);
  const Diagnostic d = only(map(kEach, text + "HALFILE = f\n"));
  EXPECT_EQ(d.file, ini_path());
  EXPECT_EQ(d.line, kMaxInstances + 2U);
  EXPECT_EQ(d.key, "[HAL]HALFILE");
}

// ---- whose it is ----

TEST_F(ProfileTest, RunsEverythingAsTheOwner) {
  const std::string text =
      std::string{"run_as_owner = true\n[session]\nbefore = [[\"b\"]]\n"} + kCoprocess;
  const SessionSpec spec = mapped(text, "[A]\n", {"1234"});
  EXPECT_EQ(spec.user, "1234");
  EXPECT_EQ(spec.coprocesses.front().user, "1234");
  EXPECT_EQ(mapped(text, "[A]\n").user, "");
  EXPECT_EQ(mapped(std::string{"run_as_owner = true\n"} + kCoprocess, "[A]\n", {"12"}).user, "12");
}

TEST_F(ProfileTest, LetsNoOtherUserBeNamedThen) {
  for (const char* key :
       {"user = \"root\"", "group_name = \"root\"", "supplementary_groups = [\"root\"]"}) {
    EXPECT_THAT(only(map(std::string{"run_as_owner = true\n"} + kCoprocess + key, "[A]\n")).message,
                HasSubstr("run_as_owner"))
        << key;
  }
}

TEST_F(ProfileTest, LetsTheDaemonsDefaultsNameNoOtherUserEither) {
  CoprocessSpec defaults;
  defaults.user = "www";
  defaults.group_name = "disk";
  defaults.supplementary_groups = {"shadow"};
  defaults.nice = 5;
  write(profile_path(), std::string{kHead} + "run_as_owner = true\n" + kCoprocess);
  write(ini_path(), "[A]\n");
  const auto read = Profile::read(profile_path(), defaults);
  const auto& profile = std::get<Profile>(read);
  const auto ini = IniFile::read(ini_path());
  const auto coprocess = [&](const ProfileOptions& options) {
    return loaded(profile.load(std::get<IniFile>(ini), options)).coprocesses.front();
  };
  const CoprocessSpec of_user = coprocess({"1234"});
  EXPECT_EQ(of_user.user, "1234");
  EXPECT_EQ(of_user.group_name, "");
  EXPECT_THAT(of_user.supplementary_groups, IsEmpty());
  EXPECT_EQ(of_user.nice, 5);
  const CoprocessSpec of_root = coprocess({});
  EXPECT_EQ(of_root.user, "www");
  EXPECT_EQ(of_root.group_name, "disk");
}

TEST_F(ProfileTest, IsCheckedWithTheDaemonsDefaults) {
  CoprocessSpec defaults;
  defaults.stop_command = CommandSpec{{"halt"}, milliseconds{9000}};
  write(profile_path(), std::string{kHead} + kCoprocess + "stop.timeout = \"1s\"\n");
  EXPECT_TRUE(std::holds_alternative<Profile>(Profile::read(profile_path(), defaults)));
  EXPECT_THAT(refused(Profile::read(profile_path())).front().message,
              HasSubstr("the longest time of a stop command"));
}

TEST_F(ProfileTest, LetsTheDaemonOpenNothingForAnotherUser) {
  for (const char* key :
       {"env_file = \"env\"", "output.file = \"log\"", "type = \"forking\"\npid_file = \"pid\""}) {
    const std::string text = std::string{"run_as_owner = true\n"} + kCoprocess + key;
    EXPECT_THAT(only(map(text, "[A]\n", {"1234"})).message, HasSubstr("another user")) << key;
    EXPECT_EQ(mapped(text, "[A]\n").coprocesses.size(), 1U) << key;
  }
}

}  // namespace
}  // namespace masterd::config
