// temp_folder -- a private folder that is gone when the test is over.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace masterd::test {

class TempFolder {
 public:
  TempFolder() {
    // Short: the path of a unix socket may have 107 bytes.
    std::string name = "/tmp/masterd-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp failed"};
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
  std::string write(std::string_view name, std::string_view text) const {
    std::ofstream{path(name)} << text;
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace masterd::test
