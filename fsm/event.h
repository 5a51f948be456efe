// event -- a latch that a machine can await: set once, seen by every later await until reset.
//
// Owner: whoever knows the fact. One machine waits at a time (asserted). set() never runs the
// waiter inside the call: it schedules a resume for the next turn.
#pragma once

namespace masterd::fsm {

class MealyCoroutine;

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Latches and wakes the waiter, if any. Idempotent.
  void set();
  void reset() { set_ = false; }
  [[nodiscard]] bool is_set() const { return set_; }

 private:
  friend class MealyCoroutine;
  bool set_ = false;
  MealyCoroutine* waiter_ = nullptr;  // engaged only while a machine awaits this
};

}  // namespace masterd::fsm
