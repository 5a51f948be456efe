// profile_fixture -- a profile and a foreign file in a private folder, mapped.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "config/profile.h"
#include "tests/config/results.h"
#include "tests/support/temp_folder.h"

namespace masterd::config {

class ProfileFixture : public ::testing::Test {
 protected:
  ProfileFixture() { std::filesystem::create_directory(dir_ / "machine"); }

  [[nodiscard]] std::filesystem::path profile_path() const { return dir_ / "mill.toml"; }
  [[nodiscard]] std::filesystem::path ini_path() const { return dir_ / "machine" / "my mill.ini"; }

  static void write(const std::filesystem::path& path, std::string_view text) {
    std::ofstream{path} << text;
  }

  /// Counts as line 1 of each profile.
  static constexpr const char* kHead = "[profile]\nfiles = [\"*.ini\"]\n";

  LoadResult map(const std::string& session, std::string_view ini,
                 const ProfileOptions& options = {}) {
    write(profile_path(), kHead + session);
    write(ini_path(), ini);
    return load_profiled(profile_path(), ini_path(), options);
  }
  SessionSpec mapped(const std::string& session, std::string_view ini,
                     const ProfileOptions& options = {}) {
    return loaded(map(session, ini, options));
  }
  /// What `text`, as an argument of the one coprocess, becomes.
  std::string argument(const std::string& text, std::string_view ini) {
    return mapped("[coprocess.a]\ncommand = [\"x\", '''" + text + "''']\n", ini)
        .coprocesses.front()
        .command.at(1);
  }
  /// The one thing wrong with such an argument.
  Diagnostic wrong_argument(const std::string& text, std::string_view ini) {
    return only(map("[coprocess.a]\ncommand = [\"x\", '''" + text + "''']\n", ini));
  }
  static Diagnostic only(LoadResult result) {
    const Diagnostics found = refused(std::move(result));
    EXPECT_EQ(found.size(), 1U) << all_of(found);
    return found.front();
  }

  const test::TempFolder folder_;
  const std::filesystem::path dir_ = folder_.path();
};

}  // namespace masterd::config
