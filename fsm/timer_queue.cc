#include "fsm/timer_queue.h"

#include <utility>

namespace masterd::fsm {

bool TimerQueue::before(SlotNumber a, SlotNumber b) const {
  const Slot& left = slots_[a];
  const Slot& right = slots_[b];
  if (left.deadline != right.deadline) return left.deadline < right.deadline;
  return left.order < right.order;
}

void TimerQueue::put(std::uint32_t place, SlotNumber slot) {
  heap_[place] = slot;
  slots_[slot].place = place;
}

void TimerQueue::sift_up(std::uint32_t place) {
  const SlotNumber slot = heap_[place];
  while (place > 0) {
    const std::uint32_t parent = (place - 1) / 2;
    if (!before(slot, heap_[parent])) break;
    put(place, heap_[parent]);
    place = parent;
  }
  put(place, slot);
}

void TimerQueue::sift_down(std::uint32_t place) {
  const SlotNumber slot = heap_[place];
  const auto count = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = 2 * place + 1;
    if (child >= count) break;
    if (child + 1 < count && before(heap_[child + 1], heap_[child])) ++child;
    if (!before(heap_[child], slot)) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, slot);
}

void TimerQueue::push(SlotNumber slot) {
  heap_.push_back(slot);
  sift_up(static_cast<std::uint32_t>(heap_.size() - 1));
}

TimerId TimerQueue::arm(Deadline deadline, std::function<void()> fn) {
  SlotNumber number;
  if (free_.empty()) {
    number = static_cast<SlotNumber>(slots_.size());
    slots_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[number];
  slot.deadline = deadline;
  slot.order = ++armed_so_far_;
  slot.fn = std::move(fn);
  slot.armed = true;
  if (firing_) {
    slot.place = kStaged;
    staged_.push_back(number);
  } else {
    push(number);
  }
  return TimerId{std::uint64_t{slot.generation} << 32 | number};
}

std::function<void()> TimerQueue::take(SlotNumber number) {
  Slot& slot = slots_[number];
  if (slot.place != kStaged) {
    const std::uint32_t place = slot.place;
    const SlotNumber last = heap_.back();
    heap_.pop_back();
    if (last != number) {
      put(place, last);
      sift_up(place);
      sift_down(slots_[last].place);
    }
  }
  slot.armed = false;
  ++slot.generation;
  free_.push_back(number);
  return std::exchange(slot.fn, nullptr);
}

void TimerQueue::cancel(TimerId id) {
  const auto bits = static_cast<std::uint64_t>(id);
  const auto number = static_cast<SlotNumber>(bits);
  if (number >= slots_.size()) return;
  const Slot& slot = slots_[number];
  if (!slot.armed || slot.generation != static_cast<std::uint32_t>(bits >> 32)) return;
  take(number);
}

std::optional<Deadline> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return slots_[heap_.front()].deadline;
}

void TimerQueue::unstage() {
  firing_ = false;
  // A slot cancelled and armed anew while firing stands here twice: the first visit moves it.
  for (const SlotNumber number : std::exchange(staged_, {})) {
    if (slots_[number].armed && slots_[number].place == kStaged) push(number);
  }
}

std::size_t TimerQueue::fire(TimePoint now) {
  struct Firing {
    TimerQueue& queue;
    explicit Firing(TimerQueue& q) : queue{q} { queue.firing_ = true; }
    ~Firing() { queue.unstage(); }
  } const firing{*this};
  std::size_t fired = 0;
  while (!heap_.empty() && slots_[heap_.front()].deadline <= now) {
    const auto fn = take(heap_.front());
    ++fired;
    fn();
  }
  return fired;
}

}  // namespace masterd::fsm
