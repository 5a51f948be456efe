// timer_queue -- deadlines in order, each with a callback. Pure: the time is passed in.
//
// Owner: EventLoop. Order: by deadline, equal deadlines in order of arming. A timer armed while
// timers fire waits for the next call of fire(), even when it is already due. A binary heap of slot
// numbers; a slot knows its place in the heap, so cancel() needs no search and leaves no tombstone.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "fsm/clock.h"

namespace masterd::fsm {

/// Slot number and generation: an id of a fired or cancelled timer never names a later one.
enum class TimerId : std::uint64_t {};

class TimerQueue {
 public:
  /// Arms `fn` for `deadline`. O(log n). May be called from a firing callback.
  TimerId arm(Deadline deadline, std::function<void()> fn);
  /// After the return `fn` will not run; unknown and fired ids are ignored. O(log n).
  void cancel(TimerId id);
  /// The nearest deadline, if any timer is armed.
  [[nodiscard]] std::optional<Deadline> next() const;
  /// Runs what is due at `now` and was armed before the call; returns how many ran. An exception of
  /// a callback passes through; the timers behind it run at the next call.
  std::size_t fire(TimePoint now);
  [[nodiscard]] std::size_t size() const { return slots_.size() - free_.size(); }

 private:
  using SlotNumber = std::uint32_t;
  static constexpr std::uint32_t kStaged = UINT32_MAX;  // armed while firing, not in the heap yet
  struct Slot {
    Deadline deadline;
    std::uint64_t order = 0;
    std::function<void()> fn;
    std::uint32_t place = 0;  // in heap_
    std::uint32_t generation = 0;
    bool armed = false;
  };

  [[nodiscard]] bool before(SlotNumber a, SlotNumber b) const;
  void put(std::uint32_t place, SlotNumber slot);
  void sift_up(std::uint32_t place);
  void sift_down(std::uint32_t place);
  void push(SlotNumber slot);
  void unstage();
  std::function<void()> take(SlotNumber slot);

  std::vector<Slot> slots_;
  std::vector<SlotNumber> heap_;
  std::vector<SlotNumber> free_;
  std::vector<SlotNumber> staged_;
  std::uint64_t armed_so_far_ = 0;
  bool firing_ = false;
};

}  // namespace masterd::fsm
