#include "fsm/coroutine.h"

#include <cxxabi.h>

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "fsm/asan.h"
#ifdef MASTERD_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

namespace masterd::fsm {
namespace {

namespace context = boost::context;

constexpr std::size_t kStackSize = 128 * 1024;

/// Not derived from anything, so that catch (const std::exception&) lets it pass.
struct Unwind {};

/// The Itanium C++ ABI's per-thread exception state (section 2.2.2): what is caught and how many
/// are in flight. It belongs to a stack, not to a thread, once a thread has several stacks.
struct ExceptionState {
  void* caught = nullptr;
  unsigned int in_flight = 0;

  static ExceptionState& of_thread() {
    return *reinterpret_cast<ExceptionState*>(abi::__cxa_get_globals());
  }
};

/// Where a stack lies, as ASan wants to be told.
struct StackBounds {
  const void* bottom = nullptr;
  std::size_t size = 0;
};

/// Boost's guarded stack; tells the bounds of what it allocates.
class GuardedStack {
 public:
  explicit GuardedStack(StackBounds& bounds) : bounds_{&bounds} {}
  context::stack_context allocate() {
    const context::stack_context stack = allocator_.allocate();
    *bounds_ = {static_cast<const char*>(stack.sp) - stack.size, stack.size};
    return stack;
  }
  void deallocate(context::stack_context& stack) noexcept { allocator_.deallocate(stack); }

 private:
  context::protected_fixedsize_stack allocator_{kStackSize};
  StackBounds* bounds_;
};

// google/sanitizers: include/sanitizer/common_interface_defs.h. `fake_stack` may be null where the
// stack that is left will never run again, and its fake stack is freed. Never done here: Boost's
// fiber_entry() still has its frame there when run() is over, under detect_stack_use_after_return.
void announce_switch([[maybe_unused]] void** fake_stack, [[maybe_unused]] const StackBounds& to) {
#ifdef MASTERD_ASAN
  __sanitizer_start_switch_fiber(fake_stack, to.bottom, to.size);
#endif
}
void confirm_switch([[maybe_unused]] void* fake_stack, [[maybe_unused]] StackBounds* from) {
#ifdef MASTERD_ASAN
  __sanitizer_finish_switch_fiber(fake_stack, &from->bottom, &from->size);
#endif
}

[[noreturn]] void misuse(const char* what) {
  std::fprintf(stderr, "masterd::fsm::Coroutine: %s\n", what);
  std::abort();
}

}  // namespace

class Coroutine::Impl {
 public:
  explicit Impl(std::function<void()> body) : body_{std::move(body)} {}

  void resume() {
    assert(state_ == State::Fresh || state_ == State::Suspended);
    if (state_ == State::Fresh) {
      fiber_ = context::fiber{std::allocator_arg, GuardedStack{own_},
                              [this](context::fiber&& caller) { return run(std::move(caller)); }};
    }
    state_ = State::Running;
    const ExceptionState resumer = std::exchange(ExceptionState::of_thread(), exceptions_);
    void* fake_stack = nullptr;
    announce_switch(&fake_stack, own_);
    fiber_ = std::move(fiber_).resume();
    StackBounds ignored;
    confirm_switch(fake_stack, &ignored);
    exceptions_ = std::exchange(ExceptionState::of_thread(), resumer);
  }

  void suspend() {
    assert(state_ == State::Running);
    if (unwinding_) {
      misuse(
          "suspended while being unwound (a destructor that waits, or a catch (...) without "
          "throw)");
    }
    state_ = State::Suspended;
    void* fake_stack = nullptr;
    announce_switch(&fake_stack, resumer_);
    caller_ = std::move(caller_).resume();
    confirm_switch(fake_stack, &resumer_);
    if (unwinding_) throw Unwind{};
  }

  void unwind() {
    if (state_ == State::Running) misuse("unwound from its own stack");
    if (state_ == State::Suspended) {
      unwinding_ = true;
      resume();
    }
    state_ = State::Done;
  }

  [[nodiscard]] bool done() const { return state_ == State::Done; }
  [[nodiscard]] bool running() const { return state_ == State::Running; }
  [[nodiscard]] std::exception_ptr failure() const { return failure_; }

 private:
  enum class State { Fresh, Running, Suspended, Done };

  context::fiber run(context::fiber&& caller) {
    confirm_switch(nullptr, &resumer_);
    caller_ = std::move(caller);
    try {
      body_();
    } catch (const Unwind&) {
    } catch (...) {  // an exception that left a fiber's entry would end the process
      failure_ = std::current_exception();
    }
    state_ = State::Done;
    void* fake_stack = nullptr;
    announce_switch(&fake_stack, resumer_);
    return std::move(caller_);
  }

  std::function<void()> body_;
  context::fiber fiber_;   // this stack, while control is elsewhere
  context::fiber caller_;  // who resumed, while control is here
  StackBounds own_;
  StackBounds resumer_;
  ExceptionState exceptions_;
  std::exception_ptr failure_;
  State state_ = State::Fresh;
  bool unwinding_ = false;
};

Coroutine::Coroutine(std::function<void()> body) : impl_{std::make_unique<Impl>(std::move(body))} {}
Coroutine::~Coroutine() { unwind(); }

void Coroutine::resume() { impl_->resume(); }
void Coroutine::suspend() { impl_->suspend(); }
void Coroutine::unwind() { impl_->unwind(); }
bool Coroutine::done() const { return impl_->done(); }
bool Coroutine::running() const { return impl_->running(); }
std::exception_ptr Coroutine::failure() const { return impl_->failure(); }

}  // namespace masterd::fsm
