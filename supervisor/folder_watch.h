// folder_watch -- tells that something in a folder has changed, by inotify(7); or that it cannot.
//
//   watching --the folder goes away, is moved or unmounted--> blind     cannot watch --> blind
//
// Blind from the start where there is no such folder yet, or where all inotify instances of the
// user are in use (128 by default).
#pragma once

#include <functional>
#include <string>

#include "fsm/event_loop.h"
#include "supervisor/owned_fd.h"

namespace masterd::supervisor {

class FolderWatch {
 public:
  /// `changed` runs from the loop, also when it became blind; it must not destroy the watch, but
  /// may stop() it.
  FolderWatch(fsm::EventLoop& loop, const std::string& folder, std::function<void()> changed);
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  [[nodiscard]] bool blind() const { return !fd_; }
  void stop();

 private:
  void read_events();

  const std::function<void()> changed_;
  OwnedFd fd_;
  fsm::Watch readable_;
};

}  // namespace masterd::supervisor
