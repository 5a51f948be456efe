// The queue against the obvious model, a multimap (which keeps equal keys in order of insertion).
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

#include "fsm/timer_queue.h"

namespace masterd::fsm {
namespace {

class Model {
 public:
  explicit Model(std::uint32_t seed) : random_{seed} {}

  void step() {
    switch (pick(10)) {
      case 0:
      case 1:
        now_ += Duration{pick(50)};
        fire();
        break;
      case 2:
      case 3:
      case 4:
        cancel_some();
        break;
      default:
        arm();
    }
    ASSERT_EQ(queue_.size(), expected_.size());
    ASSERT_EQ(queue_.next(),
              expected_.empty() ? std::nullopt : std::optional{expected_.begin()->first});
  }

  [[nodiscard]] std::size_t fired() const { return fired_; }
  [[nodiscard]] std::size_t cancelled() const { return cancelled_; }

 private:
  using Expected = std::multimap<TimePoint, std::size_t>;

  int pick(int below) { return std::uniform_int_distribution{0, below - 1}(random_); }

  void arm() {
    const std::size_t tag = ids_.size();
    const TimePoint deadline = now_ + Duration{pick(200) - 20};  // some are due already
    ids_.push_back(queue_.arm(deadline, [this, tag] { on_fire(tag); }));
    (firing_ ? staged_ : expected_).emplace(deadline, tag);
  }

  // Any id ever given: armed, staged, fired or cancelled before.
  void cancel_some() {
    if (ids_.empty()) return;
    // Mostly a young one, or nearly all would be dead.
    const int span = static_cast<int>(pick(4) == 0 ? ids_.size() : std::min(ids_.size(), 20UL));
    const std::size_t tag = ids_.size() - 1 - static_cast<std::size_t>(pick(span));
    queue_.cancel(ids_[tag]);
    cancelled_ += erase(expected_, tag) + erase(staged_, tag);
  }

  static std::size_t erase(Expected& from, std::size_t tag) {
    return std::erase_if(from, [tag](const auto& entry) { return entry.second == tag; });
  }

  void fire() {
    firing_ = true;
    queue_.fire(now_);
    firing_ = false;
    ASSERT_TRUE(expected_.empty() || expected_.begin()->first > now_) << "a due timer did not fire";
    expected_.merge(staged_);
  }

  void on_fire(std::size_t tag) {
    ++fired_;
    ASSERT_FALSE(expected_.empty());
    ASSERT_LE(expected_.begin()->first, now_);
    ASSERT_EQ(expected_.begin()->second, tag);
    expected_.erase(expected_.begin());
    if (pick(3) == 0) arm();
    if (pick(3) == 0) cancel_some();
  }

  std::mt19937 random_;
  TimerQueue queue_;
  TimePoint now_{std::chrono::seconds{1}};
  std::vector<TimerId> ids_;  // by tag
  Expected expected_;
  Expected staged_;
  std::size_t fired_ = 0;
  std::size_t cancelled_ = 0;
  bool firing_ = false;
};

class TimerQueueModelTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(TimerQueueModelTest, BehavesAsAMultimapThrough20000Steps) {
  Model model{GetParam()};
  for (int step = 0; step < 20'000; ++step) {
    model.step();
    ASSERT_FALSE(HasFailure()) << "step " << step;
  }
  EXPECT_GT(model.fired(), 1'500U);  // the walk went where it should
  EXPECT_GT(model.cancelled(), 1'500U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimerQueueModelTest, ::testing::Values(1U, 2U, 3U));

}  // namespace
}  // namespace masterd::fsm
