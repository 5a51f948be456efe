// What a type may do is part of its contract.
#include <gtest/gtest.h>

#include <type_traits>

#include "fsm/event_loop.h"
#include "fsm/mealy_coroutine.h"
#include "fsm/signal_source.h"

namespace masterd::fsm {
namespace {

template <typename T>
constexpr bool kPinned = !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> &&
                         !std::is_move_constructible_v<T> && !std::is_move_assignable_v<T>;

// Others hold their address: a queue, an awaited event, a stack.
static_assert(kPinned<EventLoop>);
static_assert(kPinned<Coroutine>);
static_assert(kPinned<MealyCoroutine>);
static_assert(kPinned<Event>);
static_assert(kPinned<Task>);
static_assert(kPinned<SignalSource>);

static_assert(!std::is_copy_constructible_v<Watch> && !std::is_copy_assignable_v<Watch>);
static_assert(std::is_nothrow_move_constructible_v<Watch>);
static_assert(std::is_nothrow_move_assignable_v<Watch>);
static_assert(std::is_nothrow_default_constructible_v<Watch>);
static_assert(std::is_nothrow_destructible_v<Watch>);

static_assert(std::is_abstract_v<MealyCoroutine> && std::has_virtual_destructor_v<MealyCoroutine>);
static_assert(std::is_abstract_v<Clock> && std::has_virtual_destructor_v<Clock>);
static_assert(!std::is_convertible_v<std::uint64_t, TimerId>);
static_assert(!std::is_convertible_v<Watch, bool>);

TEST(WatchTest, AnEmptyWatchEndsNothing) {
  Watch watch;
  watch.reset();
  Watch moved = std::move(watch);
  EXPECT_FALSE(moved);
}

TEST(WatchTest, EndsItsWatchOnceHoweverOftenItIsMovedAndReset) {
  class Owner final : public WatchOwner {
   public:
    void end_watch(std::uint64_t id) override { ended.push_back(id); }
    std::vector<std::uint64_t> ended;
  } owner;
  {
    Watch watch{owner, 7};
    Watch moved{std::move(watch)};
    Watch& same = moved;
    moved = std::move(same);
    EXPECT_TRUE(owner.ended.empty());
    moved.reset();
    moved.reset();
  }
  EXPECT_EQ(owner.ended, std::vector<std::uint64_t>{7});
}

}  // namespace
}  // namespace masterd::fsm
