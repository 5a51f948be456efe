#include "fsm/mealy_coroutine.h"

#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <utility>

namespace masterd::fsm {
namespace {

std::string text_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "an exception that is no std::exception";
  }
}

}  // namespace

void Event::set() {
  set_ = true;
  if (waiter_ != nullptr) waiter_->resume();
}

MealyCoroutine::MealyCoroutine(EventLoop& loop, std::string name)
    : loop_{loop}, name_{std::move(name)} {}

MealyCoroutine::~MealyCoroutine() {
  if (stack_ && !stack_->done()) {
    std::fprintf(stderr, "masterd::fsm: machine '%s' was destroyed without unwind() first\n",
                 name_.c_str());
    std::abort();
  }
  if (timer_) loop_.cancel(*timer_);
}

void MealyCoroutine::start() {
  if (phase_ != Phase::Idle) return;
  phase_ = Phase::Started;
  schedule();
}

void MealyCoroutine::shutdown(std::string_view reason) {
  if (phase_ == Phase::Ended) return;
  if (shutdown_reason_) {
    trace("shutdown: already in progress");
    return;
  }
  shutdown_reason_ = reason;
  trace("shutdown: " + *shutdown_reason_);
  inbox_.event = true;
  schedule();
}

void MealyCoroutine::unwind() {
  if (phase_ == Phase::Ended && !stack_) return;
  phase_ = Phase::Ended;  // before the unwinding: what its destructors ask for is too late
  if (stack_) {
    stack_->unwind();
    stack_.reset();
  }
  clear_timeout();  // after it: a destructor may have armed one
  step_.unlink_if_scheduled();
}

void MealyCoroutine::on_end(std::function<void()> fn) {
  on_end_ = std::move(fn);
  if (phase_ == Phase::Ended && outcome_ != Outcome::Pending) schedule();
}

void MealyCoroutine::resume() {
  if (phase_ == Phase::Idle || phase_ == Phase::Ended) return;
  inbox_.event = true;
  schedule();
}

void MealyCoroutine::resume_clearing_timeout() {
  inbox_.clear_timeout = true;
  resume();
}

// Runs on the loop's stack. Whatever scheduled it, the order of decisions is: the end was told, a
// shutdown swaps, a machine begins, a wait ends.
void MealyCoroutine::step() {
  if (phase_ == Phase::Ended) {
    if (const auto fn = std::exchange(on_end_, nullptr)) fn();  // may destroy *this
    return;
  }
  if (std::exchange(inbox_.clear_timeout, false)) clear_timeout();
  if (shutdown_reason_ && has_shutdown_state_machine() && phase_ != Phase::Cleanup) {
    enter_cleanup();
  } else if (phase_ == Phase::Main || phase_ == Phase::Cleanup) {
    if (!inbox_.event && !inbox_.timeout && !inbox_.next_turn) return;
    trace(inbox_.next_turn ? "resume: next turn"
          : inbox_.event   ? "resume: event"
                           : "resume: timeout");
    stack_->resume();
  } else if (shutdown_reason_) {
    trace("ended before it began");
    conclude();
    return;
  } else {
    trace("start");
    enter(Phase::Main);
  }
  if (stack_->done() || outcome_ == Outcome::Failed) conclude();
}

void MealyCoroutine::enter(Phase phase) {
  phase_ = phase;
  inbox_ = {};
  stack_ = std::make_unique<Coroutine>([this, phase] {
    if (phase == Phase::Main) {
      state_machine();
    } else {
      shutdown_state_machine();
    }
  });
  try {
    stack_->resume();
  } catch (const std::bad_alloc&) {  // what the body throws never comes out here
    outcome_ = Outcome::Failed;
    failure_ = "no memory for its stack";
  }
}

void MealyCoroutine::enter_cleanup() {
  phase_ = Phase::Cleanup;  // before the unwinding: what its destructors ask for is too late
  if (stack_ && !stack_->done()) {
    trace("unwind");
    stack_->unwind();
    if (const auto failure = stack_->failure()) trace("unwind failed: " + text_of(failure));
  }
  clear_timeout();  // after it: a destructor may have armed one
  trace("shutdown state machine");
  enter(Phase::Cleanup);
}

void MealyCoroutine::conclude() {
  clear_timeout();
  if (stack_ && stack_->failure()) {
    failure_ = text_of(stack_->failure());
    outcome_ = Outcome::Failed;
  }
  if (outcome_ == Outcome::Failed) {
    trace("failed: " + failure_);
  } else if (shutdown_reason_ && has_shutdown_state_machine() && phase_ == Phase::Main) {
    // shutdown() from inside, and the main machine returned before it could be unwound.
    schedule();
    return;
  } else {
    outcome_ = Outcome::Finished;
    trace("end");
  }
  phase_ = Phase::Ended;
  stack_.reset();
  if (on_end_) schedule();
}

void MealyCoroutine::give_control(std::string_view what) {
  assert(stack_ && stack_->running() && "a wait belongs on the machine's own stack");
  trace(what);
  stack_->suspend();
}

Wake MealyCoroutine::suspend(std::string_view what) {
  if (inbox_.event || inbox_.timeout) schedule();  // came while the machine ran
  give_control(what);
  if (std::exchange(inbox_.event, false)) return Wake::Event;
  inbox_.timeout = false;
  return Wake::Timeout;
}

Wake MealyCoroutine::yield() { return suspend("yield"); }

void MealyCoroutine::return_after_timeout(Duration d) { return_at(deadline_after(loop_.now(), d)); }

void MealyCoroutine::return_at(Deadline deadline) {
  clear_timeout();
  timer_ = loop_.arm(deadline, [this] {
    timer_.reset();
    inbox_.timeout = true;
    schedule();
  });
}

void MealyCoroutine::clear_timeout() {
  inbox_.timeout = false;
  if (timer_) loop_.cancel(*std::exchange(timer_, std::nullopt));
}

void MealyCoroutine::return_next_loop() {
  inbox_.next_turn = true;
  schedule();
  give_control("yield for one turn");
  inbox_.next_turn = false;
}

Wake MealyCoroutine::wait_for(Duration d) { return wait_until(deadline_after(loop_.now(), d)); }

Wake MealyCoroutine::wait_until(Deadline deadline) {
  return_at(deadline);
  const Wake wake = yield();
  clear_timeout();
  return wake;
}

Wake MealyCoroutine::await(Event& source, std::optional<Deadline> deadline) {
  return await_any({&source}, deadline);
}

Wake MealyCoroutine::await_any(std::initializer_list<Event*> sources,
                               std::optional<Deadline> deadline) {
  const auto any_set = [&sources] {
    for (const Event* source : sources) {
      if (source->is_set()) return true;
    }
    return false;
  };
  clear_timeout();  // first: whether an armed one is replaced must not depend on what came first
  if (any_set()) return Wake::Event;
  struct Waiting {  // also when this wait is unwound
    std::initializer_list<Event*> sources;
    Waiting(MealyCoroutine* machine, std::initializer_list<Event*> s) : sources(s) {
      for (Event* source : sources) {
        assert(source->waiter_ == nullptr && "one machine awaits an event");
        source->waiter_ = machine;
      }
    }
    ~Waiting() {
      for (Event* source : sources) source->waiter_ = nullptr;
    }
  } const waiting{this, sources};
  if (deadline) return_at(*deadline);
  for (;;) {
    const Wake wake = suspend("await");
    if (any_set()) {
      clear_timeout();
      return Wake::Event;
    }
    if (wake == Wake::Timeout) return Wake::Timeout;
  }
}

}  // namespace masterd::fsm
