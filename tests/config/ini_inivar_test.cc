// Our reader of .ini files against LinuxCNC's own: `inivar`, and the function of the script
// `linuxcnc` that expands includes. Skipped where LinuxCNC is not installed.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "config/ini_file.h"
#include "results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {
namespace {

namespace fs = std::filesystem;
using masterd::test::TempFolder;

constexpr const char* kInivar = "/usr/bin/inivar";
constexpr const char* kLauncher = "/usr/bin/linuxcnc";
constexpr const char* kSamples = "/usr/share/doc/linuxcnc/examples/sample-configs";

/// What a program prints on stdout; nullopt when it ends with another status than 0.
std::optional<std::string> output_of(std::vector<std::string> argv) {
  std::vector<char*> pointers;
  for (std::string& one : argv) pointers.push_back(one.data());
  pointers.push_back(nullptr);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) {
    throw std::system_error{errno, std::generic_category(), "pipe2"};
  }
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, argv[0].c_str(), &actions, nullptr, pointers.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(pipe[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe[0]);
  if (error != 0) throw std::system_error{error, std::generic_category(), argv[0]};
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status == 0 ? std::optional{text} : std::nullopt;
}

struct Question {
  std::string section;
  std::string key;
  std::size_t number = 1;  // from 1
};

std::optional<std::string> inivar(const std::string& path, const Question& question) {
  auto text = output_of({kInivar, "-ini", path, "-sec", question.section, "-var", question.key,
                         "-num", std::to_string(question.number)});
  if (text) text->pop_back();  // its newline
  return text;
}

std::optional<std::string> ours(const IniFile& file, const Question& question) {
  const auto all = file.all(question.section, question.key);
  if (question.number == 1) {
    const IniValue* first = file.find(question.section, question.key);
    EXPECT_EQ(first != nullptr, !all.empty());
  }
  return question.number > all.size() ? std::nullopt : std::optional{all[question.number - 1].text};
}

/// `theirs` is what LinuxCNC's processes would be given for `file`.
void expect_equal(const IniFile& file, const std::string& theirs, const Question& question) {
  // inivar takes the 2nd value also where the 1st is empty. Whoever asks one after another, as all
  // of LinuxCNC does, never comes there.
  for (std::size_t before = 1; before < question.number; ++before) {
    if (!inivar(theirs, {question.section, question.key, before})) return;
  }
  EXPECT_EQ(ours(file, question), inivar(theirs, question))
      << file.path() << " [" << question.section << "]" << question.key << " " << question.number;
}

std::string contents(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return text.str();
}

/// All keys as a reader would see them who knows nothing but [SECTION] and KEY =, each as often as
/// it stands there and once more; and some that are not there.
std::vector<Question> questions(const std::string& text) {
  std::vector<Question> found;
  std::set<std::string> known;
  std::string section = "NONE";
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find(']');
    if (!line.empty() && line[0] == '[' && end != std::string::npos) {
      section = line.substr(1, end - 1);
      found.push_back({section, "NO_SUCH_KEY", 1});
    }
    const std::string key = line.substr(0, line.find_first_of(" \t=;#"));
    if (line.find('=') == std::string::npos || key.empty() || key[0] == '[') continue;
    std::size_t number = 1;
    while (!known.insert(section + "]" + key + "]" + std::to_string(number)).second) ++number;
    found.push_back({section, key, number});
    if (number > 1) found.push_back({section, key, number + 1});
  }
  return found;
}

/// Every how-manieth question is asked: inivar is a process for each.
void compare(const IniFile& file, const std::string& theirs, std::size_t begin, std::size_t step) {
  const auto all = questions(contents(theirs));
  for (std::size_t i = begin % step; i < all.size(); i += step) {
    expect_equal(file, theirs, all[i]);
  }
}

std::vector<fs::path> samples() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator{kSamples}) {
    if (entry.is_regular_file() && entry.path().extension() == ".ini")
      found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// What the launcher's own function makes of a file; it writes beside the file.
std::string expanded(const std::string& path) {
  auto text = output_of({"/bin/bash", "-c",
                         "GREP=/bin/grep\n"
                         "eval \"$(sed -n '/^function handle_includes/,/^}/p' \"$0\")\"\n"
                         "handle_includes \"$1\"",
                         kLauncher, path});
  EXPECT_TRUE(text && !text->empty()) << "no handle_includes in " << kLauncher;
  if (!text || text->empty()) return path;
  text->pop_back();
  return *text;
}

/// Why the test cannot run; that is a failure where it must.
class IniAgainstLinuxCnc : public testing::Test {
 protected:
  void SetUp() override { needs(kInivar); }

  static void needs(const char* path) {
    if (fs::exists(path)) return;
    if (std::getenv("MASTERD_REQUIRE_LINUXCNC") != nullptr) {
      FAIL() << "MASTERD_REQUIRE_LINUXCNC is set, but there is no " << path;
    }
    GTEST_SKIP() << "LinuxCNC (linuxcnc-uspace) is not installed: no " << path;
  }
};

class IniSamples : public IniAgainstLinuxCnc {
 protected:
  void SetUp() override {
    IniAgainstLinuxCnc::SetUp();
    needs(kSamples);
  }
};

TEST_F(IniSamples, EverySampleConfigReadsAlike) {
  std::size_t number = 0;
  for (const fs::path& path : samples()) {
    const IniFile::Result result = IniFile::read(path);
    const auto* file = std::get_if<IniFile>(&result);
    if (file == nullptr || file->has_includes()) continue;
    // Each 16th file with a quarter of its keys, of the others a few.
    ++number;
    compare(*file, path, number, number % 16 == 0 ? 4 : 40);
  }
  EXPECT_GT(number, 100U);
}

TEST_F(IniSamples, EverySampleConfigWithIncludesReadsAlike) {
  std::size_t number = 0;
  for (const fs::path& path : samples()) {
    if (contents(path).find("\n#INCLUDE") == std::string::npos) continue;
    const TempFolder folder;
    for (const auto& entry : fs::directory_iterator{path.parent_path()}) {
      const auto extension = entry.path().extension();
      if (extension == ".ini" || extension == ".inc") fs::copy(entry, folder.path());
    }
    const std::string copy = folder.path(path.filename().string());
    IniFile::Result result = IniFile::read(copy);
    if (path.filename() == "includes_demo.ini") {
      // It shows what the launcher says to two lines that are wrong; for us these are errors.
      const Diagnostics wrong = refused(std::move(result));
      EXPECT_THAT(all_of(wrong), testing::AllOf(testing::HasSubstr("without a file name"),
                                                testing::HasSubstr("cannot include nosuchfile")));
      EXPECT_EQ(wrong.size(), 2U);
      std::string text = contents(copy);
      for (const std::string line : {"#INCLUDE\n", "#INCLUDE nosuchfile\n"}) {
        text.erase(text.find(line), line.size());
      }
      folder.file(path.filename().string(), text, 0644);
      result = IniFile::read(copy);
    }
    const IniFile file = loaded(std::move(result));
    EXPECT_TRUE(file.has_includes());
    compare(file, expanded(copy), ++number, 10);
  }
  EXPECT_GT(number, 20U);
}

/// Text put together of what readers stumble over; the same for each seed. Every third part is an
/// ordinary line, or nothing would be found.
std::string nasty(std::mt19937& random, bool with_includes) {
  static const std::vector<std::string> kLines{"\nX = one", "\nY=two ", "\n X=\t3",
                                               "\nX=", "\nY=5\\"};
  static const std::vector<std::string> kParts{
      "[A]",
      "[B]",
      "\n[B]\n",
      "[A]B",
      "[",
      "]",
      "X",
      "X",
      "Y",
      "XY",
      "=",
      "=",
      "=",
      " ",
      "\t",
      "\n",
      "\n",
      "\n",
      "\n",
      "\n",
      "X=",
      "Y =",
      "\\\n",
      "\\",
      "\r\n",
      "#",
      ";",
      "\"",
      "'",
      "v",
      "w w",
      "\xFF",
      "\xC3\xA9",
      "\xEF\xBB\xBF",
      "\x01",
      "\x7F",
      "$HOME",
      "~/",
      "\f",
      "\v",
      "\r",
      "\nX=" + std::string(251, 'l') + "\\zY=2\n",  // a backslash before the buffer's last byte
      "\nX=" + std::string(252, 'l') + "\\\n",
      std::string(249, 'm'),
      std::string(253, 'n')};
  std::string text;
  const auto any = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  for (std::size_t count = 10 + any(60); count > 0; --count) {
    if (with_includes && any(20) == 0) text += "\n#INCLUDE part.inc\n";
    text += any(3) == 0 ? kLines[any(kLines.size())] : kParts[any(kParts.size())];
    if (any(100) == 0) {
      for (std::size_t i = 0; i < 19 + any(4); ++i) text += "j\\\n";
    }
  }
  return text;
}

void compare_nasty(unsigned seed, std::size_t files, bool with_includes) {
  std::mt19937 random{seed};
  std::size_t found = 0;
  for (std::size_t i = 0; i < files; ++i) {
    const TempFolder folder;
    std::string text = nasty(random, with_includes);
    if (random() % 4 > 0) text = "[A]\n" + text;
    if (with_includes) {
      text = "#INCLUDE part.inc\n" + text;
      folder.file("part.inc", nasty(random, false));
    }
    const std::string path = folder.file("a.ini", text);
    const IniFile file = loaded(IniFile::read(path));
    const std::string theirs = with_includes ? expanded(path) : path;
    for (const std::string section : {"A", "B"}) {
      for (const std::string key : {"X", "Y"}) {
        for (const std::size_t number : {1, 2}) {
          SCOPED_TRACE("file " + std::to_string(i) + ": " + testing::PrintToString(text));
          expect_equal(file, theirs, {section, key, number});
          if (file.all(section, key).size() >= number) ++found;
        }
      }
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(found, files);
}

TEST_F(IniAgainstLinuxCnc, NastyFilesReadAlike) { compare_nasty(1, 100, false); }

TEST_F(IniAgainstLinuxCnc, NastyFilesWithIncludesReadAlike) { compare_nasty(2, 60, true); }

}  // namespace
}  // namespace masterd::config
