#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <string>

#include "supervisor/folder_watch.h"
#include "supervisor/growing_timer.h"
#include "supervisor/readiness_ways.h"

namespace masterd::supervisor {
namespace {

using namespace std::chrono_literals;

/// What tells one writing of a file from another. Not the size: an open log grows.
struct Mark {
  dev_t device = 0;
  ino_t inode = 0;
  std::int64_t seconds = 0;
  std::int64_t nanoseconds = 0;
  bool operator==(const Mark&) const = default;
};

std::optional<Mark> mark_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return Mark{info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

// Told by inotify where that is possible. The timer is for a folder that comes later, and (seldom)
// for what inotify does not see: /proc, /sys, network file systems, the target of a symbolic link.
class FileReadiness final : public Readiness {
 public:
  FileReadiness(fsm::EventLoop& loop, const std::string& path, std::chrono::milliseconds timeout)
      : Readiness{loop, timeout},
        path_{path},
        folder_{loop, std::filesystem::path{path}.parent_path().native(), [this] { changed(); }},
        before_{mark_of(path)} {}

 private:
  void watch(pid_t) override { start_timer(); }
  bool rest() override {
    timer_.stop();
    folder_.stop();
    return true;
  }
  void start_timer() {
    if (folder_.blind()) {
      timer_.start(5ms, 100ms);
    } else {
      timer_.start(1s, 1s);
    }
  }
  void changed() {
    if (!waiting()) return;
    if (folder_.blind()) start_timer();
    look();
  }
  void look() {
    const auto now = mark_of(path_);
    if (now && now != before_) become_ready();
  }
  [[nodiscard]] std::string missing() const override {
    return path_ + (mark_of(path_) ? " is still the one of before its start" : " does not exist");
  }

  const std::string path_;
  FolderWatch folder_;  // before the mark is taken: no change is missed between the two
  const std::optional<Mark> before_;
  GrowingTimer timer_{loop(), [this] { look(); }};
};

}  // namespace

std::unique_ptr<Readiness> make_file_readiness(fsm::EventLoop& loop, const config::ReadyFile& how,
                                               std::chrono::milliseconds timeout) {
  return std::make_unique<FileReadiness>(loop, how.path, timeout);
}

}  // namespace masterd::supervisor
