// mealy_coroutine -- the base of every state machine: straight-line code on its own stack.
//
//   idle --start--> started --turn--> main: state_machine() ------end------> ended
//     idle, started, main: shutdown() -->
//        has_shutdown_state_machine(): main stack unwound, cleanup: shutdown_state_machine() -->
//        ended else: main resumes and sees shutdown_requested(); not begun: ended
//
// All resumes go through the loop: an event method ends with resume() and control returns on the
// next turn; several resumes in one turn coalesce. A resume that comes while the machine runs
// counts for its next wait, so no event is lost. A stale wake-up cannot resume a later wait: the
// machine has one scheduled step, one timer (cancelled, never merely ignored), and takes itself off
// the events that it awaited. A resume after the end, after a failure or during an unwind does
// nothing. An exception that leaves a machine ends that machine: outcome() is Failed, failure()
// says why.
//
// A final class calls unwind() first in its destructor: derived members must outlive its stack
// (checked by the base's destructor, which ends the process).
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fsm/clock.h"
#include "fsm/coroutine.h"
#include "fsm/event.h"
#include "fsm/event_loop.h"
#include "fsm/task.h"

namespace masterd::fsm {

/// Why a suspension ended, in priority order: Event wins if both came in one turn, and a timeout
/// that lost is told by the next wait.
enum class Wake { Event, Timeout };
enum class Outcome { Pending, Finished, Failed };

class MealyCoroutine {
 public:
  /// `loop` must outlive the machine.
  MealyCoroutine(EventLoop& loop, std::string name);
  virtual ~MealyCoroutine();
  MealyCoroutine(const MealyCoroutine&) = delete;
  MealyCoroutine& operator=(const MealyCoroutine&) = delete;

  /// Schedules the first resume for the next turn; runs nothing inside the call. Idempotent.
  void start();
  /// Polite end, callable from anywhere, also from the machine's own stack; takes effect on the
  /// next turn. The first call is traced and acts; later ones only trace "already in progress".
  void shutdown(std::string_view reason);
  /// Hard end: unwinds now, never suspends; on_end() is not told. Not from the machine's own stack.
  void unwind();
  /// Schedules the loop's stop.
  void stop() { loop_.stop(); }

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool shutdown_requested() const { return shutdown_reason_.has_value(); }
  [[nodiscard]] const std::optional<std::string>& shutdown_reason() const {
    return shutdown_reason_;
  }
  [[nodiscard]] bool ended() const { return phase_ == Phase::Ended; }
  /// Pending until it has ended, and after a hard end.
  [[nodiscard]] Outcome outcome() const { return outcome_; }
  /// The text of the exception that ended the machine; empty otherwise.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// `fn` runs once, on a turn after the machine has ended, never on its stack: it may destroy it.
  /// Replaces an earlier one. May be given after the end.
  void on_end(std::function<void()> fn);

 protected:
  virtual void state_machine() = 0;
  virtual void shutdown_state_machine() {}
  /// Override with true to have shutdown_state_machine() swapped in.
  [[nodiscard]] virtual bool has_shutdown_state_machine() const { return false; }
  /// Every control transfer: "start", "resume: event", "yield", "shutdown: REASON", ... for a debug
  /// log.
  virtual void trace(std::string_view what) { (void)what; }

  // ---- on the machine's own stack only ----
  /// Control to the loop until any resume, or the armed timeout. May be called many times under
  /// one.
  Wake yield();
  /// Arms the one timeout, replacing an earlier one. It fires once and stays armed over several
  /// yields.
  void return_after_timeout(Duration d);
  void return_at(Deadline deadline);
  /// Disarms; a timeout already due this turn cannot resume the machine either.
  void clear_timeout();
  /// Suspends until the next turn: every other ready source gets one. An event, a shutdown or a
  /// timeout that comes meanwhile is left to the next wait, since this one returns no reason.
  void return_next_loop();
  /// yield() under a timeout of its own, cleared at return. Replaces an armed one.
  Wake wait_for(Duration d);
  Wake wait_until(Deadline deadline);
  /// wait_until() narrowed to latches: other resumes do not end it and are not told later, nor does
  /// a shutdown() without a shutdown_state_machine(): look at what they set when it returns. At
  /// once when one is set; then the deadline does not matter. nullopt: no limit.
  Wake await(Event& source, std::optional<Deadline> deadline = std::nullopt);
  Wake await_any(std::initializer_list<Event*> sources,
                 std::optional<Deadline> deadline = std::nullopt);

  // ---- from anywhere: the last line of an event method ----
  void resume();
  void resume_clearing_timeout();

  [[nodiscard]] EventLoop& loop() const { return loop_; }

 private:
  friend class Event;
  enum class Phase { Idle, Started, Main, Cleanup, Ended };
  class Step final : public Task {
   public:
    explicit Step(MealyCoroutine& machine) : machine_{machine} {}
    void run() override { machine_.step(); }

   private:
    MealyCoroutine& machine_;
  };
  /// What came since the last suspension ended.
  struct Inbox {
    bool event = false;
    bool timeout = false;
    bool clear_timeout = false;
    bool next_turn = false;
  };

  void schedule() { loop_.schedule(step_); }
  void step();
  void enter(Phase phase);
  void enter_cleanup();
  void conclude();
  void give_control(std::string_view what);
  Wake suspend(std::string_view what);

  EventLoop& loop_;
  const std::string name_;
  Step step_{*this};
  std::unique_ptr<Coroutine> stack_;
  std::optional<TimerId> timer_;
  std::optional<std::string> shutdown_reason_;
  std::function<void()> on_end_;
  std::string failure_;
  Phase phase_ = Phase::Idle;
  Outcome outcome_ = Outcome::Pending;
  Inbox inbox_;
};

}  // namespace masterd::fsm
