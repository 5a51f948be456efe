// watch -- the handle of something watched: ends the watch when destroyed, also from inside the
// handler, also when it is already ready this turn. Move-only; must not outlive what gave it out.
#pragma once

#include <cstdint>
#include <utility>

namespace masterd::fsm {

/// What gives out watches.
class WatchOwner {
 public:
  virtual void end_watch(std::uint64_t id) = 0;

 protected:
  ~WatchOwner() = default;
};

class Watch {
 public:
  Watch() = default;
  Watch(WatchOwner& owner, std::uint64_t id) : owner_{&owner}, id_{id} {}
  Watch(Watch&& other) noexcept : owner_{std::exchange(other.owner_, nullptr)}, id_{other.id_} {}
  Watch& operator=(Watch&& other) noexcept {
    if (this != &other) {
      reset();
      owner_ = std::exchange(other.owner_, nullptr);
      id_ = other.id_;
    }
    return *this;
  }
  ~Watch() { reset(); }

  void reset() {
    if (auto* owner = std::exchange(owner_, nullptr)) owner->end_watch(id_);
  }
  explicit operator bool() const { return owner_ != nullptr; }

 private:
  WatchOwner* owner_ = nullptr;
  std::uint64_t id_ = 0;
};

}  // namespace masterd::fsm
